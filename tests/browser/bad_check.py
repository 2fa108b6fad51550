"""A small quest whose third stage has a bug in a check: who does well fails it.

The simulated learners' histories are those that the buggy version judged; their files are right,
so the repaired check passes them.
"""

from pathlib import Path
from typing import Final

from tests.simulator.toy_quest import MESSAGES, QUEST, write_toy

STAGES: Final = ("features", "model", "report")
STAGE: Final = """\
  - slug: report
    kind: code
    title: {en: Report, ru: Отчёт}
    summary: {en: One report, ru: Один отчёт}
    files: ["app/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
    requires: [model]
"""
CHECKS: Final = '''\
"""Checks of a small quest."""

from graders import Workspace, check, fail


@check(group="production", points=20, severity="blocker", kind="contract")
def is_there(work: Workspace) -> None:
    """The file is there"""
    work.text("app/model.py")


@check(group="metrics", points=20)
def is_right(work: Workspace) -> None:
    """It adds"""
    answer = work.call("app.model:add", 2, 3)
    if answer != 5:
        fail("differs", found=answer)


@check(group="tests", points=20)
def is_tested(work: Workspace) -> None:
    """It is tested"""
    work.text("app/model.py")


@check(group="business", points=20, severity="minor")
def pays(work: Workspace) -> None:
    """It pays"""
    answer = work.call("app.model:add", 2, 2)
    if answer != BUG:
        fail("short", found=answer)
'''
REASON: Final = """\
pays:
  title: {en: It pays, ru: Окупается}
  brief: {en: It pays, ru: Окупается}
  reasons:
    short:
      params: {found: int}
      what: {en: "`add(2, 2)` returned {found}.", ru: "`add(2, 2)` вернула {found}."}
is_tested:"""


def write_bad_quest(root: Path) -> Path:
    """Write it; gives the file with the bug."""
    folder = write_toy(root)
    (folder / "quest.yaml").write_text(QUEST + STAGE)
    messages = MESSAGES.split("pays:")[0] + REASON + MESSAGES.split("is_tested:")[1]
    for number, slug in enumerate(STAGES, start=1):
        place = folder / "stages" / f"{number:02d}_{slug}"
        place.mkdir(exist_ok=True)
        (place / "checks.py").write_text(CHECKS.replace("BUG", "4" if number < 3 else "5"))
        (place / "messages.yaml").write_text(messages)
        for language in ("en", "ru"):
            (place / f"brief.{language}.md").write_text("# Task\n\nAdd.\n")
    reference = folder / "reference" / "app"
    reference.mkdir(parents=True)
    (reference / "__init__.py").touch()
    (reference / "model.py").write_text("def add(a, b):\n    return a + b\n")
    (folder / "data.py").write_text(DATA)
    return folder / "stages" / "03_report" / "checks.py"


def repair(checks: Path) -> None:
    """What the author does once the bug is found."""
    checks.write_text(checks.read_text().replace(BUGGY, REPAIRED))


BUGGY: Final = 'if answer != 5:\n        fail("short"'
REPAIRED: Final = BUGGY.replace("5", "4")
DATA: Final = '''\
"""No tables."""

from graders.data import Hidden

PUBLIC_SEED = 1


def generate(seed, scale):
    """Nothing."""
    return {}


def hidden(key, scale):
    """Nothing, either."""
    return Hidden(datasets={}, truth={})
'''
