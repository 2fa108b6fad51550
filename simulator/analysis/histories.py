"""Many verdicts as arrays: who handed in what when, and how each check ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graders.results import Outcome
from simulator.attempts.marking import read_marks
from simulator.attempts.models import Verdict

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ABSENT: Final = -1  # not judged: skipped, broken, or not there then
PASSED: Final = 1
NOT_JUDGED: Final = (Outcome.SKIPPED, Outcome.BROKEN)


@dataclass(frozen=True, kw_only=True)
class History:
    """Every counting verdict on a stage: a row an attempt, a column a check.

    Rows of one learner stand together, in the order of their attempts.
    """

    checks: tuple[str, ...]
    reasons: tuple[str, ...]
    learners: Ints  # the enrolment of each group of rows
    starts: Ints  # where each group begins
    outcomes: Ints  # PASSED, 0 for any other judged outcome, ABSENT
    points: Floats
    most: Floats
    reason: Ints  # an index into `reasons`; -1 for none

    @property
    def rows(self) -> int:
        return len(self.outcomes)

    @property
    def ends(self) -> Ints:
        return np.append(self.starts[1:], self.rows)


def histories(enrolment_ids: Iterable[int]) -> dict[str, History]:
    """The histories of enrolments, by stage, in one query."""
    rows = Verdict.objects.filter(
        grading__attempt__enrolment__in=[*enrolment_ids], counts=True
    ).values_list(
        "grading__attempt__stage", "grading__attempt__enrolment", "grading__attempt__number",
        "marks",
    )  # fmt: skip
    by_stage: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for stage, enrolment, number, marks in rows:
        by_stage[stage].append((enrolment, number, marks))
    return {stage: _history(sorted(found)) for stage, found in by_stage.items()}


def _history(rows: Sequence[tuple[int, int, str]]) -> History:
    vocabulary: dict[str, int] = defaultdict(count().__next__)
    words = [line.split() for _, _, line in rows]
    tokens = np.fromiter((vocabulary[word] for line in words for word in line), dtype=np.int64)
    row = np.repeat(np.arange(len(rows)), [len(line) for line in words])
    facts = _facts(vocabulary)
    shape = (len(rows), len(facts.checks))
    column = facts.column[tokens]
    learners = np.array([enrolment for enrolment, _, _ in rows], dtype=np.int64)
    starts = np.flatnonzero(np.append(True, learners[1:] != learners[:-1]))
    return History(
        checks=facts.checks,
        reasons=facts.reasons,
        learners=learners[starts],
        starts=starts,
        outcomes=_filled(shape, ABSENT, (row, column), facts.outcome[tokens]),
        reason=_filled(shape, -1, (row, column), facts.reason[tokens]),
        points=_filled_floats(shape, (row, column), facts.points[tokens]),
        most=_filled_floats(shape, (row, column), facts.most[tokens]),
    )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What each distinct word of the lines means."""

    checks: tuple[str, ...]
    reasons: tuple[str, ...]
    column: Ints
    outcome: Ints
    reason: Ints
    points: Floats
    most: Floats


def _facts(vocabulary: Mapping[str, int]) -> _Facts:
    checks: dict[str, int] = defaultdict(count().__next__)
    reasons: dict[str, int] = defaultdict(count().__next__)
    marks = [mark for word in vocabulary for mark in read_marks(word)]
    judged = [mark.outcome not in NOT_JUDGED for mark in marks]
    return _Facts(
        column=np.array([checks[mark.check] for mark in marks], dtype=np.int64),
        outcome=np.array(
            [
                (PASSED if mark.outcome == Outcome.PASSED else 0) if ran else ABSENT
                for mark, ran in zip(marks, judged, strict=True)
            ],
            dtype=np.int64,
        ),
        reason=np.array(
            [
                reasons[mark.reason or mark.outcome]
                if ran and mark.outcome != Outcome.PASSED
                else -1
                for mark, ran in zip(marks, judged, strict=True)
            ],
            dtype=np.int64,
        ),
        points=np.array([mark.points for mark in marks]),
        most=np.array(
            [mark.max_points if ran else 0.0 for mark, ran in zip(marks, judged, strict=True)]
        ),
        checks=tuple(checks),
        reasons=tuple(reasons),
    )


def _filled(shape: tuple[int, int], value: int, where: tuple[Ints, Ints], what: Ints) -> Ints:
    found = np.full(shape, value, dtype=np.int64)
    found[where] = what
    return found


def _filled_floats(shape: tuple[int, int], where: tuple[Ints, Ints], what: Floats) -> Floats:
    found = np.zeros(shape)
    found[where] = what
    return found
