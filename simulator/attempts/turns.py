"""Whose turn it is: who may be claimed now, and who of those was served longest ago."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from simulator.attempts.models import Capacity, Grading

MOST_TRIES: Final = 3  # claims that ended badly on our side, while everything around them stood
MOST_LOSSES: Final = 5  # claims that died with their worker or their runner
MOST_RUNNING: Final = 2  # gradings of one learner at a time, so that one cannot fill the workers
CANDIDATES: Final = 8
UNBOUNDED: Final = frozenset({Grading.Lane.INTERACTIVE})  # may use everything there is


def due() -> QuerySet[Grading]:
    """Gradings that may run once their turn comes."""
    return Grading.objects.filter(
        Q(not_before=None) | Q(not_before__lte=Now()),
        infra_attempts__lt=MOST_TRIES,
        losses__lt=MOST_LOSSES,
        cancel_requested=False,
    )


def hopeless() -> QuerySet[Grading]:
    """Gradings that nobody holds and that were tried as often as we try."""
    return Grading.objects.filter(
        Q(state=Grading.State.QUEUED) | Q(state=Grading.State.RUNNING, lease_until__lt=Now()),
        Q(infra_attempts__gte=MOST_TRIES) | Q(losses__gte=MOST_LOSSES),
    )


def running() -> QuerySet[Grading]:
    """Gradings that someone holds: their lease and their time have not run out."""
    return Grading.objects.filter(state=Grading.State.RUNNING, lease_until__gte=Now())


def claimable() -> QuerySet[Grading]:
    """Queued, or left behind by a worker whose lease ran out; and the learner has room."""
    free = Q(state=Grading.State.QUEUED) | Q(state=Grading.State.RUNNING, lease_until__lt=Now())
    busy = (
        running()
        .filter(learner=OuterRef("learner"))
        .order_by()
        .values("learner")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return due().alias(busy=Subquery(busy)).filter(free, Q(busy=None) | Q(busy__lt=MOST_RUNNING))


def whose_turn(lane: str) -> Iterable[int]:
    """Each waiting learner's oldest grading; who was served longest ago comes first."""
    served = (
        Grading.objects.filter(learner=OuterRef("learner"))
        .order_by()
        .values("learner")
        .annotate(last=Max("claimed_at"))
        .values("last")
    )
    return (
        due()
        .filter(state=Grading.State.QUEUED, lane=lane)
        .order_by()
        .values("learner")
        .annotate(oldest=Min("pk"), served=Subquery(served))
        .order_by(F("served").asc(nulls_first=True), "oldest")
        .values_list("oldest", flat=True)[:CANDIDATES]
    )


def has_room(lane: str) -> bool:
    """Whether one more of a lane may run; asked, and answered for one at a time, in a claim."""
    if lane in UNBOUNDED:
        return True
    Capacity.objects.get_or_create(lane=lane)
    capacity = Capacity.objects.select_for_update().get(lane=lane)
    return running().filter(lane=lane).count() < capacity.most_running


def next_to_ring(learner_id: int, lane: str) -> tuple[int, ...]:
    """Whose bell may have come too early: the learner's next, and that of a bounded lane."""
    waiting = due().filter(state=Grading.State.QUEUED).order_by("pk").values_list("pk", flat=True)
    found = {waiting.filter(learner=learner_id).first()}
    if lane not in UNBOUNDED:
        found.add(waiting.filter(lane=lane).first())
    return tuple(sorted(pk for pk in found if pk is not None))
