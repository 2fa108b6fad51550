"""A cohort at a glance: learner by stage, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final
from uuid import UUID

from graders.quest import Quest, Stage
from simulator.accounts.models import User
from simulator.attempts.models import Verdict
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort, Deadline
from simulator.progress.stages import StageState, State, Tallies, map_from, tallies

STUCK_AFTER: Final = 4  # verdicts in a row with the same finding in focus


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A learner at a stage."""

    state: StageState
    same_finding: int = 0  # how many verdicts in a row had the same finding in focus
    latest: UUID | None = None  # the newest graded attempt
    development_only: bool = False  # the best score has no firmer ground

    @property
    def stuck(self) -> bool:
        """May need help; never a grade."""
        return self.same_finding >= STUCK_AFTER


@dataclass(frozen=True, kw_only=True)
class Row:
    """A learner's line."""

    learner: User
    enrolled: bool
    cells: tuple[Cell, ...]

    @property
    def stuck(self) -> bool:
        """Whether they may need help anywhere."""
        return any(cell.stuck for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A stage's foot."""

    stage: Stage
    passed: int
    learners: int
    median_attempts: float | None  # of those who tried
    deadline: Deadline | None = None


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """A cohort in one quest."""

    cohort: Cohort
    quest: Quest
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def development_only(self) -> int:
        """How many results are no ground for a grade."""
        return sum(cell.development_only for row in self.rows for cell in row.cells)

    @property
    def need_help(self) -> tuple[Row, ...]:
        """The learners who may be stuck."""
        return tuple(row for row in self.rows if row.stuck)


@dataclass(kw_only=True)
class _Streak:
    """The newest verdicts of a learner at a stage, as far as they name the same finding."""

    finding: tuple[str, str] | None = None
    length: int = 0
    latest: UUID | None = None
    best: tuple[float, bool] = (-1.0, False)  # the best score, and whether its ground is firm

    def add(self, finding: tuple[str, str], attempt: UUID, *, passed: bool) -> None:
        """One more verdict, newer than those before."""
        self.latest = attempt
        self.length = 0 if passed else self.length + 1 if finding == self.finding else 1
        self.finding = finding

    def score(self, score: float, *, firm: bool) -> None:
        """The score of one more verdict; of two equal ones, that on firm ground counts."""
        self.best = max(self.best, (score, firm))

    @property
    def development_only(self) -> bool:
        """Whether the best score comes from rooms without a control group."""
        return self.latest is not None and not self.best[1]


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the rows are made of."""

    enrolments: Mapping[int, Enrolment]
    tallies: Tallies
    streaks: Mapping[tuple[int, str], _Streak] = field(default_factory=dict)


def heatmap(cohort: Cohort, quest: Quest) -> Heatmap:
    """Where every learner of the cohort stands in the quest, those who have not begun too."""
    learners = [*User.objects.filter(memberships__cohort=cohort).order_by("username")]
    enrolments = {
        enrolment.learner_id: enrolment
        for enrolment in Enrolment.objects.filter(learner__in=learners, quest=quest.slug)
    }
    ids = [enrolment.pk for enrolment in enrolments.values()]
    facts = _Facts(enrolments=enrolments, tallies=tallies(ids), streaks=_streaks(ids))
    rows = tuple(_row(learner, quest, facts) for learner in learners)
    deadlines = {
        deadline.stage: deadline
        for deadline in Deadline.objects.filter(
            cohort_quest__cohort=cohort, cohort_quest__quest=quest.slug
        )
    }
    return Heatmap(
        cohort=cohort,
        quest=quest,
        columns=tuple(
            _column(stage, [row.cells[number] for row in rows], deadlines.get(stage.slug))
            for number, stage in enumerate(quest.stages)
        ),
        rows=rows,
    )


def _row(learner: User, quest: Quest, facts: _Facts) -> Row:
    enrolment = facts.enrolments.get(learner.pk)
    key = enrolment.pk if enrolment else 0
    states = map_from(quest, key, facts.tallies, open_all=learner.skips_ahead)
    cells: list[Cell] = []
    for state in states:
        streak = facts.streaks.get((key, state.stage.slug), _Streak())
        cells.append(
            Cell(
                state=state,
                same_finding=streak.length,
                latest=streak.latest,
                development_only=streak.development_only,
            )
        )
    return Row(learner=learner, enrolled=enrolment is not None, cells=tuple(cells))


def _column(stage: Stage, cells: Sequence[Cell], deadline: Deadline | None) -> Column:
    tried = [cell.state.attempts for cell in cells if cell.state.attempts]
    return Column(
        stage=stage,
        passed=sum(cell.state.state in {State.PASSED, State.DEBT} for cell in cells),
        learners=len(cells),
        median_attempts=median(tried) if tried else None,
        deadline=deadline,
    )


def _streaks(enrolment_ids: Sequence[int]) -> dict[tuple[int, str], _Streak]:
    streaks: dict[tuple[int, str], _Streak] = defaultdict(_Streak)
    verdicts = (
        Verdict.objects.filter(grading__attempt__enrolment__in=enrolment_ids)
        .order_by("grading_id")
        .values_list(
            "grading__attempt__enrolment",
            "grading__attempt__stage",
            "grading__attempt__public_id",
            "focus_check",
            "focus_reason",
            "passed",
            "score",
            "development_only",
        )
    )
    for enrolment_id, stage, attempt, check, reason, passed, score, watched in verdicts:
        streaks[enrolment_id, stage].add((check, reason), attempt, passed=passed)
        streaks[enrolment_id, stage].score(score, firm=not watched)
    return streaks
