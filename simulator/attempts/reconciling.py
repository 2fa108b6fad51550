"""Put right what was left lying: unsent messages, forgotten bells, claims that ran out.

Idempotent, and several may run: each step is a conditional update, or a message that may come
twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Now

from simulator.attempts import claiming, ringing, turns
from simulator.attempts.models import Grading, Outbox

BELL_IS_OLD_AFTER: Final = timedelta(seconds=20)
BATCH: Final = 500
NOT_HEARD_OF: Final = "its worker was not heard of for the length of a lease"
TOO_LONG: Final = "it ran longer than a grading may"


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What a round did."""

    sent: int = 0
    requeued: int = 0
    quarantined: int = 0
    rung_again: int = 0

    @property
    def anything(self) -> bool:
        """Whether there was anything to put right."""
        return bool(self.sent or self.requeued or self.quarantined or self.rung_again)


def reconcile() -> Reconciled:
    """One round."""
    quarantined = sum(map(_give_up, _some(turns.hopeless())))
    requeued = sum(
        claiming.lose(_one(pk, _expired()), trouble=NOT_HEARD_OF) for pk in _some(_expired())
    )
    requeued += sum(map(_take_away, _some(_endless())))
    rung_again = _ring_again()
    return Reconciled(
        sent=_send_unsent(), requeued=requeued, quarantined=quarantined, rung_again=rung_again
    )


def seconds_to_next() -> float | None:
    """How long until a grading that waits for its time may be rung for; None when none does."""
    waits = ExpressionWrapper(Min("not_before") - Now(), DurationField())
    wait = Grading.objects.filter(state=Grading.State.QUEUED, not_before__isnull=False).aggregate(
        wait=waits
    )["wait"]
    return None if wait is None else max(0.0, wait.total_seconds())


def _some(gradings: QuerySet[Grading]) -> list[int]:
    return [*gradings.order_by("pk").values_list("pk", flat=True)[:BATCH]]


def _one(pk: int, gradings: QuerySet[Grading]) -> QuerySet[Grading]:
    """One of them, if it still is one when it is written."""
    return gradings.filter(pk=pk)


def _expired() -> QuerySet[Grading]:
    return Grading.objects.filter(state=Grading.State.RUNNING, lease_until__lt=Now())


def _endless() -> QuerySet[Grading]:
    """Gradings whose worker lives and beats, and comes to no end."""
    return Grading.objects.filter(state=Grading.State.RUNNING, run_until__lt=Now())


def _give_up(pk: int) -> int:
    """One that failed too often on our side: a person will look, nobody is charged."""
    with transaction.atomic():
        rows = claiming.quarantine(_one(pk, turns.hopeless()))
        if rows:
            claiming.tell_and_go_on(pk)
    return rows


def _take_away(pk: int) -> int:
    """Take an endless one from its worker, whose next beat tells it; that was one of its tries."""
    with transaction.atomic():
        rows = _one(pk, _endless()).update(
            state=Grading.State.QUEUED, lease_until=None, run_until=None, trouble=TOO_LONG
        )
        if rows:
            ringing.ring(pk)
            claiming.tell_and_go_on(pk)
    return rows


def _ring_again() -> int:
    """Ring for queued gradings whose last bell is old, where bells are missing.

    They may have been lost with the broker. A bell that is still in the queue is not lost: a
    long queue is not made longer.
    """
    return sum(map(_ring_lane, Grading.Lane.values))


def _ring_lane(lane: str) -> int:
    recent = Outbox.objects.filter(
        grading=OuterRef("pk"),
        kind=Outbox.Kind.GRADE,
        created_at__gt=Now() - Value(BELL_IS_OLD_AFTER),
    )
    # One whose time came while no bell was due is rung for at once.
    waited = Q(not_before__lte=Now())
    silent = (
        turns.claimable()  # whose learner has no room is rung for when there is
        .filter(state=Grading.State.QUEUED, lane=lane)
        .filter(waited | ~Exists(recent))
    )
    waiting = _some(silent)
    missing = max(0, len(waiting) - ringing.bells_in_queue(lane)) if waiting else 0
    for pk in waiting[:missing]:
        with transaction.atomic():
            Grading.objects.filter(pk=pk, state=Grading.State.QUEUED).update(not_before=None)
            ringing.ring(pk)
    return missing


def _send_unsent() -> int:
    """Send what is still unsent, oldest first; stop at the first that nobody takes."""
    sent = 0
    for message in Outbox.objects.filter(published_at=None).order_by("created_at")[:BATCH]:
        if not ringing.publish(message):
            break
        sent += 1
    return sent
