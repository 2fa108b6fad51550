"""A small quest on disk, for tests of the judge."""

from pathlib import Path
from textwrap import dedent

import pandas as pd

from graders.datasets import Datasets

QUEST_YAML = """\
uuid: 3f0b4a9e-6a43-4b5d-9a0f-0d3f6e3a9c11
slug: small
version: 1.0.0
status: wip
title: {en: Small, ru: Малый}
blurb: {en: A quest for tests, ru: Квест для тестов}
company: {en: Tests, ru: Тесты}
domain: {en: testing, ru: тестирование}
difficulty: easy
package: app
runtime: python-ml
database: small
concepts: [testing]
prerequisites: []
scales: {tiny: {rows: 10}}
grading_scale: tiny
tables: {}
stages:
  - slug: model
    kind: code
    title: {en: Model, ru: Модель}
    summary: {en: One model, ru: Одна модель}
    files: ["app/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
gates:
  - {check: is_right, metric: roc_auc, pass: 0.7, merit: 0.8}
"""

CHECKS = '''\
"""Public checks of the small quest."""

from graders import Workspace, check, fail


@check(group="production", points=10, severity="blocker", kind="contract")
def is_there(work: Workspace) -> None:
    """The model's file is there"""
    work.text("app/model.py")


@check(group="metrics", points=30, needs=[is_there])
def is_right(work: Workspace) -> float | None:
    """It adds"""
    answer = work.call("app.model:add", 2, 3)
    if answer != 5:
        fail("differs", found=answer, at="app/model.py:2")
    return None
'''

HIDDEN_CHECKS = '''\
"""Hidden checks of the small quest."""

from graders import Workspace, check, fail


@check(group="business", points=60, severity="major", needs=["is_right"])
def holds_for_hidden(work: Workspace) -> float:
    """Half right is half the points"""
    good = [work.call("app.model:add", row.a, row.b, data="later") == row.total
            for row in work.truth("sums").itertuples()]
    if not any(good):
        fail("none_right", share=0.0)
    return sum(good) / len(good)
'''

MESSAGES = """\
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
holds_for_hidden:
  title: {en: Holds later, ru: Держится потом}
  brief: {en: "On sums nobody saw", ru: "На суммах, которых никто не видел"}
  reasons:
    none_right:
      what: {en: "No sum is right.", ru: "Ни одна сумма не верна."}
"""


def write_quest(root: Path, **changed: str) -> Path:
    """A quest folder; keywords replace a file's text (checks, hidden, messages, quest)."""
    folder = root / "small"
    stage = folder / "stages" / "01_model"
    stage.mkdir(parents=True)
    (folder / "quest.yaml").write_text(changed.get("quest", QUEST_YAML))
    (stage / "checks.py").write_text(dedent(changed.get("checks", CHECKS)))
    (stage / "hidden_checks.py").write_text(dedent(changed.get("hidden", HIDDEN_CHECKS)))
    (stage / "messages.yaml").write_text(dedent(changed.get("messages", MESSAGES)))
    return folder


def small_datasets(home: Path) -> Datasets:
    """A public table, a hidden one with features and the truth about it."""
    for name in ("warehouse/small-public", "warehouse/small-later", "truth/small"):
        (home / name).mkdir(parents=True)
    sums = pd.DataFrame({"a": [1, 2], "b": [3, 4], "total": [4, 6]})
    sums.to_parquet(home / "truth/small/sums.parquet")
    sums[["a", "b"]].to_parquet(home / "warehouse/small-later/pairs.parquet")
    sums.to_parquet(home / "warehouse/small-public/sums.parquet")
    return Datasets(
        public="small-public",
        public_folder=home / "warehouse" / "small-public",
        truth=home / "truth" / "small",
        hidden={"later": "small-later"},
    )
