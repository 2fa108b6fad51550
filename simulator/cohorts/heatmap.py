"""A cohort at a glance: learner by stage, in a constant number of queries."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from django.utils import timezone

from graders.quest import Quest, Stage
from simulator.accounts.models import User
from simulator.attempts.standing import Place, Stood, standings
from simulator.catalog.models import Enrolment
from simulator.cohorts.dates import Calendar
from simulator.cohorts.helping import Clues, Flag, flags_of
from simulator.cohorts.models import Cohort, Membership
from simulator.progress.stages import State

NOBODY: Final = Stood(places={}, struggles={}, days=())


class Order(enum.StrEnum):
    """By what the rows are sorted."""

    NAME = "name"
    RISK = "risk"
    PROGRESS = "progress"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A learner's line: a state and, where something was graded, a place for every stage."""

    member: Membership
    number: int  # the pseudonym
    enrolled: bool
    states: tuple[State, ...]
    places: tuple[Place | None, ...]
    flags: Mapping[str, Flag]  # by stage

    @property
    def learner(self) -> User:
        return self.member.learner

    @property
    def stuck(self) -> bool:
        """Whether they may need help anywhere."""
        return bool(self.flags)

    @property
    def passed(self) -> int:
        return sum(state in {State.PASSED, State.DEBT} for state in self.states)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A stage's foot."""

    stage: Stage
    passed: int
    started: int
    median_attempts: float | None  # of those who tried
    median_minutes: float | None
    due: datetime | None


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """A cohort in one quest."""

    quest: Quest
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def development_only(self) -> int:
        """How many results are no ground for a grade."""
        return sum(not place.firm for row in self.rows for place in row.places if place)

    @property
    def flags(self) -> list[tuple[Row, Flag]]:
        """Who may need help, the most urgent first."""
        found = [(row, flag) for row in self.rows for flag in row.flags.values()]
        return sorted(found, key=lambda pair: pair[1].urgency, reverse=True)


def heatmap(cohort: Cohort, quest: Quest, *, calendar: Calendar | None = None) -> Heatmap:
    """Where every learner of the cohort stands in the quest, those who have not begun too."""
    now = timezone.now()
    members = [*Membership.objects.filter(cohort=cohort).select_related("learner")]
    members.sort(key=lambda one: one.learner.username)
    enrolments = dict(
        Enrolment.objects.filter(
            learner__memberships__cohort=cohort, quest=quest.slug
        ).values_list("learner", "pk")
    )
    stood = standings(enrolments.values())
    clues = Clues.of(cohort, [*enrolments.values()], now=now)
    numbers = {member.pk: n for n, member in enumerate(sorted(members, key=_joined), start=1)}
    rows = []
    for member in members:
        enrolment_id = enrolments.get(member.learner_id, 0)
        here = stood.get(enrolment_id, NOBODY)
        flags = flags_of(
            member.learner_id, enrolment_id, quest, here, clues=clues, now=now
        ) if enrolment_id else ()  # fmt: skip
        rows.append(
            Row(
                member=member,
                number=numbers[member.pk],
                enrolled=enrolment_id != 0,
                states=tuple(states_of(quest, here, open_all=member.learner.skips_ahead)),
                places=tuple(here.places.get(stage.slug) for stage in quest.stages),
                flags={flag.stage: flag for flag in flags},
            )
        )
    calendar = calendar or Calendar.of(cohort)
    return Heatmap(quest=quest, columns=_columns(quest, rows, calendar), rows=tuple(rows))


def states_of(quest: Quest, stood: Stood, *, open_all: bool) -> list[State]:
    """The state of every stage for one learner, as their own map shows it."""
    places = stood.places
    passed = {slug for slug, place in places.items() if place.passed}
    found: list[State] = []
    for stage in quest.stages:
        place = places.get(stage.slug)
        if place is not None and place.passed:
            found.append(State.PASSED if place.production else State.DEBT)
        elif not open_all and not passed.issuperset(stage.requires):
            found.append(State.LOCKED)
        else:
            found.append(State.OPEN if State.HERE in found else State.HERE)
    return found


def ordered(rows: Sequence[Row], order: Order) -> list[Row]:
    """The rows in an order; those who may need help first, or who came farthest first."""
    match order:
        case Order.RISK:
            return sorted(rows, key=_risk, reverse=True)
        case Order.PROGRESS:
            return sorted(rows, key=lambda row: (row.passed, _points(row)), reverse=True)
        case Order.NAME:
            return [*rows]


def _columns(quest: Quest, rows: Sequence[Row], calendar: Calendar) -> tuple[Column, ...]:
    nobody = Membership()
    columns = []
    for number, stage in enumerate(quest.stages):
        places = [place for row in rows if (place := row.places[number]) is not None]
        columns.append(
            Column(
                stage=stage,
                passed=sum(place.passed for place in places),
                started=len(places),
                median_attempts=median(one.attempts for one in places) if places else None,
                median_minutes=median(one.minutes for one in places) if places else None,
                due=calendar.of_learner(nobody, quest.slug, stage.slug).due,
            )
        )
    return tuple(columns)


def _joined(member: Membership) -> tuple[datetime, int]:
    return member.joined_at, member.pk


def _risk(row: Row) -> tuple[int, int]:
    return max((flag.urgency for flag in row.flags.values()), default=(0, 0))


def _points(row: Row) -> float:
    return sum(place.best for place in row.places if place is not None)
