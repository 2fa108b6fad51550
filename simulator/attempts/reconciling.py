"""Put right what was left lying: unsent messages, forgotten bells, leases that ran out.

Idempotent, and several may run: each step is a conditional update, or a message that may come
twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, Min, OuterRef, Q, Value
from django.db.models.functions import Now

from simulator.attempts import ringing
from simulator.attempts.claiming import MOST_TRIES, quarantine
from simulator.attempts.models import Grading, Outbox

BELL_IS_OLD_AFTER: Final = timedelta(seconds=60)
SENT_IS_KEPT_FOR: Final = timedelta(days=1)
BATCH: Final = 500


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
    quarantined = _give_up()
    requeued = _requeue_expired()
    rung_again = _ring_again()
    _forget()
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


def _give_up() -> int:
    """Gradings that failed too often on our side: a person will look, nobody is charged."""
    hopeless = Grading.objects.filter(
        Q(state=Grading.State.QUEUED) | Q(state=Grading.State.RUNNING, lease_until__lt=Now()),
        infra_attempts__gte=MOST_TRIES,
    )
    return sum(_give_up_one(pk) for pk in hopeless.values_list("pk", flat=True)[:BATCH])


def _give_up_one(pk: int) -> int:
    with transaction.atomic():
        rows = quarantine(
            Grading.objects.filter(
                Q(state=Grading.State.QUEUED)
                | Q(state=Grading.State.RUNNING, lease_until__lt=Now()),
                pk=pk,
                infra_attempts__gte=MOST_TRIES,
            )
        )
        if rows:
            ringing.tell(pk)
    return rows


def _requeue_expired() -> int:
    expired = Grading.objects.filter(state=Grading.State.RUNNING, lease_until__lt=Now())
    return sum(_requeue(pk) for pk in expired.values_list("pk", flat=True)[:BATCH])


def _requeue(pk: int) -> int:
    with transaction.atomic():
        rows = Grading.objects.filter(
            pk=pk, state=Grading.State.RUNNING, lease_until__lt=Now()
        ).update(state=Grading.State.QUEUED, lease_until=None)
        if rows:
            ringing.ring(pk)
            ringing.tell(pk)
    return rows


def _ring_again() -> int:
    """Queued gradings whose last bell is old: it may have been lost with the broker."""
    recent = Outbox.objects.filter(
        grading=OuterRef("pk"),
        kind=Outbox.Kind.GRADE,
        created_at__gt=Now() - Value(BELL_IS_OLD_AFTER),
    )
    # One whose time came while no bell was due is rung for at once.
    waited = Q(not_before__lte=Now())
    silent = (
        Grading.objects.filter(state=Grading.State.QUEUED)
        .filter(Q(not_before=None) | waited)
        .filter(waited | ~Exists(recent))
        .order_by("pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    rung = [*silent]
    for pk in rung:
        with transaction.atomic():
            Grading.objects.filter(pk=pk, state=Grading.State.QUEUED).update(not_before=None)
            ringing.ring(pk)
    return len(rung)


def _send_unsent() -> int:
    """Send what is still unsent, oldest first; stop at the first that nobody takes."""
    sent = 0
    for message in Outbox.objects.filter(published_at=None).order_by("created_at")[:BATCH]:
        if not ringing.publish(message):
            break
        sent += 1
    return sent


def _forget() -> None:
    """Messages that were sent long ago tell nobody anything."""
    Outbox.objects.filter(
        published_at__isnull=False, created_at__lt=Now() - Value(SENT_IS_KEPT_FOR)
    ).delete()
