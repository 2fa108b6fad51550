"""A small quest on disk, for tests of the site: two stages, the second needs the first."""

from pathlib import Path
from typing import Final

QUEST: Final = """\
uuid: 5e0b4a9e-6a43-4b5d-9a0f-0d3f6e3a9c22
slug: toy
version: 1.2.0
status: active
title: {en: Toy, ru: Игрушка}
blurb: {en: A quest for tests, ru: Квест для тестов}
company: {en: Tests, ru: Тесты}
domain: {en: testing, ru: тестирование}
difficulty: easy
package: app
runtime: python-ml
database: toy
concepts: [testing]
prerequisites: []
scales: {tiny: {rows: 10}}
grading_scale: tiny
tables: {}
stages:
  - slug: features
    kind: sql
    title: {en: Features, ru: Признаки}
    summary: {en: One query, ru: Один запрос}
    files: ["sql/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
  - slug: model
    kind: code
    title: {en: Model, ru: Модель}
    summary: {en: One model, ru: Одна модель}
    files: ["app/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
    requires: [features]
"""

CHECKS: Final = '''\
"""Public checks of the toy quest."""

from graders import Workspace, check, fail


@check(group="production", points=10, severity="blocker", kind="contract")
def is_there(work: Workspace) -> None:
    """The file is there"""
    work.text("app/model.py")


@check(group="metrics", points=30, needs=["is_there"])
def is_right(work: Workspace) -> None:
    """It adds"""
    answer = work.call("app.model:add", 2, 3)
    if answer != 5:
        fail("differs", found=answer)


@check(group="business", points=20, severity="minor", needs=["is_right"])
def pays(work: Workspace) -> None:
    """It pays"""


@check(group="tests", points=10, severity="major")
def is_tested(work: Workspace) -> None:
    """It is tested"""
    work.text("tests/test_model.py")
'''

MESSAGES: Final = """\
is_there:
  title: {en: The file is there, ru: Файл на месте}
  brief: {en: "`app/model.py` exists", ru: "`app/model.py` существует"}
is_right:
  title: {en: It adds, ru: Складывает}
  brief: {en: "`add` adds", ru: "`add` складывает"}
  passed: {en: "Two and three make five.", ru: "Два плюс три — пять."}
  reasons:
    differs:
      params: {found: int}
      what: {en: "`add(2, 3)` returned {found}.", ru: "`add(2, 3)` вернула {found}."}
      why: {en: "Sums go to the invoice.", ru: "Суммы попадают в счёт."}
      reproduce: python -c "from app.model import add; print(add(2, 3))"
      learn: {title: {en: Add, ru: Сложить}, lesson: adding, minutes: 3}
    well_done:
      params: {found: int}
      what: {en: "{found} cases hold.", ru: "Случаев верно: {found}."}
pays:
  title: {en: It pays, ru: Окупается}
  brief: {en: It pays, ru: Окупается}
is_tested:
  title: {en: It is tested, ru: Проверено тестами}
  brief: {en: It is tested, ru: Проверено тестами}
"""

DATA: Final = '''\
"""The toy quest has no tables."""

from graders.data import Hidden

PUBLIC_SEED = 1


def generate(seed, scale):
    return {}


def hidden(key, scale):
    return Hidden(datasets={}, truth={})
'''

STARTER: Final = {
    "app/__init__.py": b"",
    "app/model.py": b"def add(a, b):\n    return a\n",
    "sql/features.sql": b"SELECT 1\n",
}


def write_toy(root: Path) -> Path:
    """Write the quest's folder."""
    folder = root / "toy"
    for number, stage in enumerate(("features", "model"), start=1):
        place = folder / "stages" / f"{number:02d}_{stage}"
        place.mkdir(parents=True)
        (place / "checks.py").write_text(CHECKS)
        (place / "messages.yaml").write_text(MESSAGES)
        for language in ("en", "ru"):
            (place / f"brief.{language}.md").write_text(
                "# Task\n\nReach {{ rows }} rows and {{ share|percent }}.\n\n<script>x</script>\n"
            )
    (folder / "quest.yaml").write_text(QUEST)
    (folder / "exact.json").write_text('{"rows": 12345, "share": {"value": 0.125}}')
    (folder / "data.py").write_text(DATA)
    (folder / "__init__.py").touch()
    (folder / "lessons").mkdir()
    for language in ("en", "ru"):
        (folder / f"story.{language}.md").write_text("Once *upon* a time.\n")
        (folder / "lessons" / f"adding.{language}.md").write_text("# Adding\n\nAdd.\n")
    (folder / "stages/01_features/hints.en.md").write_text("## H1\nLook.\n\n## H2\nRead.\n")
    for path, content in STARTER.items():
        target = folder / "starter" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder
