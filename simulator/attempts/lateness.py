"""What is late, and why: every state has a deadline, and past it there is a reason to say.

The endless "running" is what people suffer from most in such systems. Here nothing is late
without a sentence that says what it waits for, and when that ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from simulator.attempts import health, runner_state, turns
from simulator.attempts.models import Capacity, Grading, Outbox

MOST_SHOWN: Final = 200
DEADLINES: Final = {
    (Grading.State.QUEUED, Grading.Lane.INTERACTIVE): timedelta(minutes=2),
    (Grading.State.QUEUED, Grading.Lane.BATCH): timedelta(hours=2),
    # A grading that waits for a person waits for a working day.
    (Grading.State.QUARANTINED, Grading.Lane.INTERACTIVE): timedelta(hours=24),
    (Grading.State.QUARANTINED, Grading.Lane.BATCH): timedelta(hours=24),
}
MESSAGE_DEADLINE: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Late:
    """A grading past the deadline of its state."""

    grading: Grading
    since: datetime
    deadline: datetime
    why: str | Promise
    ends: str | Promise  # what ends it, and when

    @property
    def by(self) -> timedelta:
        """How late it is."""
        return max(timedelta(), timezone.now() - self.deadline)


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Everything that the page of operations shows."""

    late: tuple[Late, ...]
    counts: tuple[tuple[str, str, int, datetime | None], ...]  # lane, state, how many, the oldest
    unsent: int  # messages past their deadline
    reconciler: str
    parts: tuple[health.Part, ...]


def look() -> Operations:
    """Ask the database and every part."""
    found = health.look()
    return Operations(
        late=tuple(late()),
        counts=tuple(_counts()),
        unsent=unsent().count(),
        reconciler=health.reconciler(),
        parts=found.parts,
    )


def late() -> Iterator[Late]:
    """Every grading past the deadline of its state, the longest first."""
    now = timezone.now()
    opens = runner_state.opens_rooms()
    for grading in _candidates()[:MOST_SHOWN]:
        since, deadline = _deadline(grading)
        if deadline <= now:
            why, ends = _reason(grading, opens=opens)
            yield Late(grading=grading, since=since, deadline=deadline, why=why, ends=ends)


def unsent() -> QuerySet[Outbox]:
    """Messages that nobody took within their deadline."""
    return Outbox.objects.filter(
        published_at=None, created_at__lt=timezone.now() - MESSAGE_DEADLINE
    )


def _candidates() -> QuerySet[Grading]:
    bell = Outbox.objects.filter(
        grading=OuterRef("pk"),
        kind=Outbox.Kind.GRADE,
        created_at__gt=timezone.now() - timedelta(seconds=90),
    )
    return (
        Grading.objects.filter(
            state__in=(Grading.State.QUEUED, Grading.State.RUNNING, Grading.State.QUARANTINED)
        )
        .alias(over=Q(state=Grading.State.RUNNING, lease_until__gt=Now(), run_until__gt=Now()))
        .exclude(over=True)
        .annotate(rung=Exists(bell))
        .select_related("attempt__enrolment", "learner")
        .order_by("created_at")
    )


def _deadline(grading: Grading) -> tuple[datetime, datetime]:
    """Since when a grading is in its state, and until when it should have left it."""
    if grading.state == Grading.State.RUNNING:
        since = grading.claimed_at or grading.created_at
        ends = [moment for moment in (grading.lease_until, grading.run_until) if moment]
        return since, min(ends, default=since)
    since = grading.created_at
    if grading.state == Grading.State.QUARANTINED:
        since = grading.finished_at or since
    lane = Grading.Lane(grading.lane)
    return since, since + DEADLINES[Grading.State(grading.state), lane]


def _reason(grading: Grading, *, opens: bool) -> tuple[str | Promise, str | Promise]:
    if grading.state == Grading.State.QUARANTINED:
        return (
            _("It failed on our side as often as we try; last: %(trouble)s.")
            % {"trouble": grading.trouble or "?"},
            _("A person looks at its log and queues it again, or cancels it."),
        )
    if grading.state == Grading.State.RUNNING:
        return (
            _("Its worker was not heard of in time."),
            _("The reconciler queues it again in its next round, within 10 s."),
        )
    return _why_it_waits(grading, opens=opens)


def _why_it_waits(grading: Grading, *, opens: bool) -> tuple[str | Promise, str | Promise]:
    if grading.not_before and grading.not_before > timezone.now():
        return (
            _("It failed on our side (%(trouble)s) and waits for its next try.")
            % {"trouble": grading.trouble or "?"},
            _("It is tried again by itself, in seconds."),
        )
    if not opens:
        return (
            _("No room is opened on this host."),
            _("The page of health says what is missing; nothing is lost meanwhile."),
        )
    busy = turns.running().filter(learner=grading.learner_id).count()
    if busy >= turns.MOST_RUNNING:
        return (
            _("Its learner has %(count)d gradings running, and more wait in turn.")
            % {"count": busy},
            _("It begins when one of them ends."),
        )
    return _why_no_worker_takes_it(grading)


def _why_no_worker_takes_it(grading: Grading) -> tuple[str | Promise, str | Promise]:
    bounded = Capacity.objects.filter(lane=grading.lane).first()
    if bounded and turns.running().filter(lane=grading.lane).count() >= bounded.most_running:
        return (
            _("Its lane runs %(count)d at a time, so that the others have room.")
            % {"count": bounded.most_running},
            _("It begins when one of them ends; the lane's capacity is set in the admin."),
        )
    if not getattr(grading, "rung", True):
        return (
            _("Its bell was lost with the broker."),
            _("The reconciler rings again within a minute; look whether it runs."),
        )
    return (
        _("Every worker is busy: %(count)d gradings run.") % {"count": turns.running().count()},
        _("It begins when a worker is free; more workers make that sooner."),
    )


def _counts() -> Iterator[tuple[str, str, int, datetime | None]]:
    rows = (
        Grading.objects.filter(
            state__in=(Grading.State.QUEUED, Grading.State.RUNNING, Grading.State.QUARANTINED)
        )
        .order_by()
        .values("lane", "state")
        .annotate(count=Count("pk"), oldest=Min(F("created_at")))
        .order_by("lane", "state")
    )
    for row in rows:
        yield row["lane"], row["state"], row["count"], row["oldest"]
