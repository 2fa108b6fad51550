"""When old results are still good, and what they come to under new points and marks.

A version that changes only words, points, severities and pass marks judges the same: its verdict
follows from the results that were kept. Whatever else differs may judge otherwise, and is run.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from graders.loading import load_checks
from graders.quest import Quest, Stage
from graders.results import CheckResult, Outcome, Verdict
from graders.verdicts import conclude

# Folders and files that nobody is judged by.
WORDS: Final = ("lessons", "mistakes", "cheats", "starter", "stages")
SCORED: Final = frozenset({"points", "severity", "group"})
STAGE_FACTS: Final = frozenset({"kind", "files", "runtime", "limits"})
QUEST_WORDS: Final = frozenset(
    {
        *("uuid", "version", "status", "title", "blurb", "company", "domain", "difficulty"),
        *("concepts", "prerequisites", "people", "stakes", "outcomes", "stages", "folder"),
        "digest",
    }
)


def judges_the_same(before: Quest, after: Quest, slug: str) -> bool:
    """Whether two versions judge a stage by the same code on the same data."""
    try:
        old, new = before.stage(slug), after.stage(slug)
    except LookupError:
        return False
    return (
        _facts(before, old) == _facts(after, new)
        and _shared(before.folder) == _shared(after.folder)
        and _judging(before, old) == _judging(after, new)
    )


def rescore(judged: Verdict, quest: Quest, stage: Stage) -> Verdict:
    """The verdict that the same results come to in another version."""
    checks = {check.name: check for check in load_checks(quest, stage)}
    results = []
    for one in judged.results:
        check = checks[one.check]
        results.append(
            replace(
                one,
                points=_points(one, check.points),
                max_points=check.points,
                severity=check.severity,
                group=check.group,
            )
        )
    return replace(
        conclude(
            results,
            pass_=stage.pass_,
            merit=stage.merit,
            clocks=judged.clocks,
            peak_memory_mb=judged.peak_memory_mb,
        ),
        phases=judged.phases,
        basis=judged.basis,
    )


def _points(result: CheckResult, most: float) -> float:
    if result.max_points > 0:
        return round(most * result.points / result.max_points, 2)
    return most if result.outcome is Outcome.PASSED else 0.0


def _facts(quest: Quest, stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        quest.model_dump(exclude=set(QUEST_WORDS)),
        stage.model_dump(include=set(STAGE_FACTS)),
    )


def _shared(folder: Path) -> dict[str, bytes]:
    """The files of a quest that any stage may be judged by."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _is_judging(path.relative_to(folder))
    }


def _is_judging(path: Path) -> bool:
    if any(part.startswith((".", "__pycache__")) for part in path.parts):
        return False
    return path.parts[0] not in WORDS and path.name != "quest.yaml" and path.suffix != ".md"


def _judging(quest: Quest, stage: Stage) -> dict[str, str]:
    """The code of a stage's checks, without what only scores."""
    folder = quest.stage_folder(stage)
    return {path.name: _without_scores(path) for path in sorted(folder.rglob("*.py"))}


def _without_scores(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in _marking_calls(tree):
        call.keywords = [one for one in call.keywords if one.arg not in SCORED]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _marking_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls that declare checks: decorators, and assignments of library checks."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from (one for one in node.decorator_list if isinstance(one, ast.Call))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield node.value
