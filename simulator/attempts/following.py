"""What is new about a grading since one last looked: read from the database, never from a message.

A message on Redis says only that there is something to read. So nothing is lost between the
replay of what is stored and what comes live, nothing comes twice, and without Redis the news
comes a little later instead of not at all.
"""

import enum
import re
from dataclasses import dataclass, replace
from typing import Final, Self

from graders.intake import Problem
from graders.results import CheckResult, PhaseStarted
from graders.results import Verdict as Judged
from simulator.attempts import events
from simulator.attempts.models import Grading, Result, Verdict

_ID: Final = re.compile(r"(?P<fence>\d{1,9})\.(?P<position>-?\d{1,9})(?P<end>\.end)?", re.ASCII)

ENDED: Final = frozenset(
    {
        Grading.State.DONE,
        Grading.State.CANCELLED,
        Grading.State.QUARANTINED,
        Grading.State.REFUSED,
    }
)


class Kind(enum.StrEnum):
    """What an entry tells."""

    STATE = "state"
    RESTART = "restart"
    PHASE = "phase"
    RESULT = "result"
    VERDICT = "verdict"  # the last word, also when there is no verdict


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far someone has followed; its text is the event's id, which a browser sends back."""

    fence: int = 0
    position: int = -1
    state: str = ""
    ended: bool = False

    def __str__(self) -> str:
        return f"{self.fence}.{self.position}{'.end' if self.ended else ''}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The place that an id names; the beginning for an id that is none of ours."""
        match = _ID.fullmatch(text)
        if match is None:
            return cls()
        return cls(
            fence=int(match["fence"]), position=int(match["position"]), ended=bool(match["end"])
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One piece of news; `place` is where its reader stands after it."""

    kind: Kind
    place: Place
    state: str = ""
    ahead: int = 0  # how many gradings of the lane were queued before this one
    problem: Problem | None = None
    phase: PhaseStarted | None = None
    result: CheckResult | None = None
    verdict: Judged | None = None


def news_of(grading_id: int, since: Place) -> list[Entry]:
    """Everything after `since`, in order. A grading that was deleted has none."""
    # The state first: results that come in between belong to the next look.
    grading = Grading.objects.filter(pk=grading_id).first()
    if grading is None:
        return []
    place = since
    entries: list[Entry] = []
    if place.fence != grading.fence and place.position >= 0:
        # We failed and began anew: what was shown of the earlier claim is void.
        place = Place(fence=grading.fence, state=place.state)
        entries.append(Entry(kind=Kind.RESTART, place=place))
    place = replace(place, fence=grading.fence)
    ended = grading.state in ENDED
    if grading.state != place.state and not ended:
        place = replace(place, state=grading.state)
        entries.append(_state(grading, place))
    for row in _rows(grading, after=place.position):
        place = replace(place, position=row.position)
        entries.append(_entry(row, place))
    if ended:
        entries.append(_last_word(grading, replace(place, state=grading.state, ended=True)))
    return entries


def _state(grading: Grading, place: Place) -> Entry:
    ahead = 0
    if grading.state == Grading.State.QUEUED:
        ahead = Grading.objects.filter(
            state=Grading.State.QUEUED, lane=grading.lane, pk__lt=grading.pk
        ).count()
    return Entry(kind=Kind.STATE, place=place, state=grading.state, ahead=ahead)


def _last_word(grading: Grading, place: Place) -> Entry:
    body = Verdict.objects.filter(pk=grading.pk).values_list("body", flat=True).first()
    problem = events.read_problem(grading.refused_for) if grading.refused_for else None
    return Entry(
        kind=Kind.VERDICT,
        place=place,
        state=grading.state,
        problem=problem,
        verdict=events.read_verdict(body) if body else None,
    )


def _rows(grading: Grading, *, after: int) -> list[Result]:
    rows = Result.objects.filter(grading=grading, fence=grading.fence, position__gt=after)
    return [*rows.order_by("position")]


def _entry(row: Result, place: Place) -> Entry:
    if row.event == Result.Event.PHASE:
        return Entry(kind=Kind.PHASE, place=place, phase=events.read_phase(row.body))
    return Entry(kind=Kind.RESULT, place=place, result=events.read_result(row.body))
