"""The stage map: how far a learner has come in a quest, from the attempts alone."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, Max, Min, Q

from graders.quest import Quest, Stage
from graders.results import Readiness
from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Verdict
from simulator.catalog import quests
from simulator.catalog.models import Enrolment

LEAST_A_DAY: Final = 10.0  # minutes: one hand-in took something, too


class State(enum.StrEnum):
    """Where a stage stands for a learner."""

    LOCKED = "locked"  # a stage before it is not passed
    OPEN = "open"
    HERE = "here"  # the first open one that is not passed: go on from here
    PASSED = "passed"
    DEBT = "debt"  # passed, with checks left open that production would ask for


@dataclass(frozen=True, kw_only=True)
class StageState:
    """One stage of a learner's map."""

    stage: Stage
    state: State
    best: float | None = None  # the best score of a finished grading
    attempts: int = 0  # those that were charged
    merit: bool = False
    locked_by: tuple[Stage, ...] = ()  # what to pass first


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the attempts at one stage came to."""

    best: float | None = None
    attempts: int = 0
    passed: bool = False
    merit: bool = False
    production: bool = False  # some passing attempt was ready for production


@dataclass(kw_only=True)
class Tallies:
    """The tallies of some enrolments, in two queries however many they are."""

    by_stage: Mapping[tuple[int, str], Tally] = field(default_factory=dict)

    def of(self, enrolment_id: int, stage: str) -> Tally:
        """What a learner's attempts at a stage came to."""
        return self.by_stage.get((enrolment_id, stage), Tally())


def stage_map(enrolment: Enrolment) -> list[StageState]:
    """Every stage of the enrolment's quest, in order."""
    quest = quests.get_quest(enrolment.quest)
    return map_from(quest, enrolment.pk, tallies([enrolment.pk]), open_all=_sees_all(enrolment))


def minutes_to_the_end(enrolment: Enrolment, way: Iterable[StageState]) -> float | None:
    """Minutes on days with hand-ins, until every stage was passed; None before that."""
    if not all(state.state in {State.PASSED, State.DEBT} for state in way):
        return None
    rows = Attempt.objects.filter(enrolment=enrolment).order_by()
    days = rows.values("created_at__date").annotate(
        first=Min("created_at"), last=Max("created_at")
    )
    spans = ((day["last"] - day["first"]).total_seconds() / 60 for day in days)
    return float(sum(max(span, LEAST_A_DAY) for span in spans))


def maps_of(user: User) -> dict[str, list[StageState]]:
    """A learner's maps by quest, in a constant number of queries."""
    enrolments = [*Enrolment.objects.filter(learner=user).select_related("learner")]
    counted = tallies(enrolment.pk for enrolment in enrolments)
    here = {quest.slug: quest for quest in quests.all_quests()}
    return {
        enrolment.quest: map_from(
            here[enrolment.quest], enrolment.pk, counted, open_all=_sees_all(enrolment)
        )
        for enrolment in enrolments
        if enrolment.quest in here
    }


def unwalked(quest: Quest) -> list[StageState]:
    """The map for someone who has not begun."""
    return map_from(quest, 0, Tallies(), open_all=False)


def map_from(
    quest: Quest, enrolment_id: int, counted: Tallies, *, open_all: bool
) -> list[StageState]:
    """A map from tallies that are already counted."""
    passed = {stage.slug for stage in quest.stages if counted.of(enrolment_id, stage.slug).passed}
    found: list[StageState] = []
    for stage in quest.stages:
        tally = counted.of(enrolment_id, stage.slug)
        missing = (
            ()
            if open_all
            else tuple(quest.stage(slug) for slug in stage.requires if slug not in passed)
        )
        state = _state(tally, locked=bool(missing))
        if state is State.OPEN and State.HERE not in {other.state for other in found}:
            state = State.HERE
        found.append(
            StageState(
                stage=stage,
                state=state,
                best=tally.best,
                attempts=tally.attempts,
                merit=tally.merit,
                locked_by=missing,
            )
        )
    return found


def tallies(enrolment_ids: Iterable[int]) -> Tallies:
    """Count the attempts of enrolments, by stage."""
    ids = [*enrolment_ids]
    charged = (
        Attempt.objects.filter(enrolment__in=ids, charged=True)
        .order_by()
        .values_list("enrolment", "stage")
        .annotate(count=Count("pk"))
    )
    attempts = {(enrolment_id, stage): count for enrolment_id, stage, count in charged}
    ready = Q(passed=True, readiness=Readiness.PRODUCTION)
    graded = (
        Verdict.objects.filter(grading__attempt__enrolment__in=ids)
        .order_by()
        .values_list("grading__attempt__enrolment", "grading__attempt__stage")
        .annotate(
            best=Max("score"),
            passes=Count("pk", filter=Q(passed=True)),
            merits=Count("pk", filter=Q(merit=True)),
            productions=Count("pk", filter=ready),
        )
    )
    by_stage = {key: Tally(attempts=count) for key, count in attempts.items()}
    for enrolment_id, stage, best, passes, merits, productions in graded:
        by_stage[enrolment_id, stage] = Tally(
            best=best,
            attempts=attempts.get((enrolment_id, stage), 0),
            passed=passes > 0,
            merit=merits > 0,
            production=productions > 0,
        )
    return Tallies(by_stage=by_stage)


def _state(tally: Tally, *, locked: bool) -> State:
    if tally.passed:
        return State.PASSED if tally.production else State.DEBT
    return State.LOCKED if locked else State.OPEN


def _sees_all(enrolment: Enrolment) -> bool:
    return enrolment.learner.skips_ahead
