"""Doubt a proof: make each check return nothing at once, and see whether that would be noticed.

A verification that stays green while a check does nothing proves nothing of that check. So every
check of the quest's own files is emptied in turn, in a copy of the quest, and the works that it
must stop are judged before it once more. Checks of the libraries are doubted in their own tests.
"""

import ast
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graders.loading import load_checks, load_quest
from graders.quest import Quest, Stage
from graders.works import Work, overlays, starter
from graders.workshop.matrix import Row, problems
from graders.workshop.workbench import Bench

_FILES: Final = ("checks.py", "hidden_checks.py")


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """An emptied check, and what of its works was noticed."""

    stage: str
    check: str
    works: tuple[str, ...]  # that were judged before it
    noticed: tuple[str, ...]  # what a verification says then


def doubt(bench: Bench, stage: Stage, wanted: Callable[[str], bool]) -> Iterator[Doubted]:
    """Empty each wanted check of a stage's own files in turn. Raises SandboxError, QuestError."""
    own = {name for file in _FILES for name in _functions(_text(bench.quest, stage, file))}
    for check in load_checks(bench.quest, stage):
        if check.name in own and wanted(check.name):
            yield _doubted(bench, stage, check.name)


def emptied(text: str, name: str) -> str:
    """A file of checks with one that returns nothing at once, yet cannot be seen to."""
    function = _functions(text)[name]
    work = function.args.args[0].arg if function.args.args else "work"
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    after = (first.end_lineno or first.lineno) if documented else first.lineno - 1
    lines = text.splitlines()
    indent = " " * first.col_offset
    early = [f"{indent}if {work}.files:", f"{indent}    return None"]
    return "\n".join([*lines[:after], *early, *lines[after:]]) + "\n"


def _doubted(bench: Bench, stage: Stage, check: str) -> Doubted:
    with tempfile.TemporaryDirectory(prefix="doubt-") as folder:
        copy = _copy(bench.quest, stage, check, Path(folder))
        works = _works(copy, copy.stage(stage.slug), check)
        mine = Bench(quest=copy, datasets=bench.datasets, sandbox=bench.sandbox, seed=bench.seed)
        noticed = []
        for work in works:
            noticed += _said(mine.grade(work), check)
            if noticed:
                break
    names = tuple(work.name for work in works)
    return Doubted(stage=stage.slug, check=check, works=names, noticed=tuple(noticed))


def _said(row: Row, check: str) -> list[str]:
    """What the matrix says of a row; of a starter, that this check does not stop it any more."""
    found = problems([row])
    if row.work.kind == "starter" and row.outcome(check) == "passed":
        found.append(f"{row.work.stage.slug} starter: nothing tests {check}")
    return found


def _works(quest: Quest, stage: Stage, check: str) -> list[Work]:
    """What the check must stop: its mistakes; the starter, where it has none."""
    own = [work for work in overlays(quest, stage) if work.stopped_by == check]
    return own or [starter(quest, stage)]


def _copy(quest: Quest, stage: Stage, check: str, folder: Path) -> Quest:
    place = folder / quest.folder.name
    shutil.copytree(quest.folder, place, ignore=shutil.ignore_patterns("__pycache__", "*_cache"))
    for file in _FILES:
        path = place / quest.stage_folder(stage).relative_to(quest.folder) / file
        if path.is_file() and check in _functions(path.read_text(encoding="utf-8")):
            path.write_text(emptied(path.read_text(encoding="utf-8"), check), encoding="utf-8")
    return load_quest(place)


def _functions(text: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def _text(quest: Quest, stage: Stage, file: str) -> str:
    path = quest.stage_folder(stage) / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""
