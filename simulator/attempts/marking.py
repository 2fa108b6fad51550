"""A verdict's results in one line of text: what analyses of many verdicts read.

A check is `name:outcome:reason:points/most`; checks are apart by a space. None of these words can
hold a space or a colon, because authors name them as Python and YAML name things.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graders.results import CheckResult


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One check of the line."""

    check: str
    outcome: str
    reason: str
    points: float
    max_points: float


def marks_of(results: Iterable[CheckResult]) -> str:
    """The line of a verdict's results."""
    return " ".join(
        f"{one.check}:{one.outcome}:{one.reason or ''}:{one.points:g}/{one.max_points:g}"
        for one in results
    )


def read_marks(line: str) -> Iterator[Mark]:
    """The checks of a line."""
    for word in line.split():
        check, outcome, reason, points = word.split(":")
        got, _, most = points.partition("/")
        yield Mark(
            check=check, outcome=outcome, reason=reason, points=float(got), max_points=float(most)
        )
