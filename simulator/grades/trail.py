"""How a grade came about: a list of events, each with who and why."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.accounts.models import User
from simulator.attempts import events
from simulator.attempts.models import Verdict
from simulator.grades.models import Override
from simulator.grades.overriding import REGRADED


class Kind(enum.StrEnum):
    """What happened."""

    GRADED = "graded"
    REGRADED = "regraded"
    OVERRIDE = "override"
    UNDONE = "undone"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the trail."""

    at: datetime
    kind: Kind
    number: int  # of the attempt
    value: float
    author: User | None = None
    reason: str = ""
    scope: str = ""
    check: str = ""
    until_regrade: bool = False
    counts: bool = True
    override: Override | None = None  # that still stands, and may be undone

    @property
    def by_regrade(self) -> bool:
        """Whether a regrade ended it: nobody typed that reason."""
        return self.reason == REGRADED


def trail(enrolment_id: int, stage: str) -> list[Event]:
    """The events of a learner's stage, and those of the whole quest, the oldest first."""
    return sorted(
        [*_graded(enrolment_id, stage), *_overridden(enrolment_id, stage)],
        key=lambda event: event.at,
    )


def _graded(enrolment_id: int, stage: str) -> list[Event]:
    rows = Verdict.objects.filter(
        grading__attempt__enrolment=enrolment_id, grading__attempt__stage=stage
    ).select_related("grading__attempt")
    found: list[Event] = []
    seen: set[int] = set()
    for verdict in rows.order_by("grading_id"):
        attempt = verdict.grading.attempt
        found.append(
            Event(
                at=verdict.created_at,
                kind=Kind.REGRADED if attempt.pk in seen else Kind.GRADED,
                number=attempt.number,
                value=events.read_verdict(verdict.body).score,
                counts=verdict.counts,
            )
        )
        seen.add(attempt.pk)
    return found


def _overridden(enrolment_id: int, stage: str) -> list[Event]:
    made = Override.objects.filter(enrolment=enrolment_id).select_related(
        "attempt", "author", "undone_by"
    )
    found: list[Event] = []
    for one in made:
        if one.attempt.stage == stage or one.scope == Override.Scope.QUEST:
            found += _events_of(one)
    return found


def _events_of(one: Override) -> Sequence[Event]:
    given = Event(
        at=one.created_at,
        kind=Kind.OVERRIDE,
        number=one.attempt.number,
        value=one.value,
        author=one.author,
        reason=one.reason,
        scope=one.scope,
        check=one.check_name,
        until_regrade=one.until_regrade,
        counts=one.undone_at is None,
        override=one if one.undone_at is None else None,
    )
    if one.undone_at is None:
        return [given]
    undone = Event(
        at=one.undone_at,
        kind=Kind.UNDONE,
        number=one.attempt.number,
        value=one.value,
        author=one.undone_by,
        reason=one.undone_for,
        scope=one.scope,
        check=one.check_name,
    )
    return [given, undone]
