"""Claim a grading, keep it, end it: conditional updates whose row count is the answer.

The database is the queue of record. A claim is a lease with a fence that grows: whoever finds
the fence moved on has lost the grading and throws its work away. All times are the database's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Now

from graders.intake import Problem
from graders.results import Blame
from graders.results import Verdict as Judged
from simulator.accounts.models import User
from simulator.attempts import events, ringing, standing
from simulator.attempts.focusing import focus_of
from simulator.attempts.marking import marks_of
from simulator.attempts.models import Attempt, Grading, Verdict

LEASE: Final = timedelta(seconds=90)
BEAT_SECONDS: Final = 15.0
MOST_TRIES: Final = 3
MOST_RUNNING: Final = 2  # gradings of one learner at a time, so that one cannot fill the workers
BACKOFF: Final = (timedelta(seconds=2), timedelta(seconds=20))
CANDIDATES: Final = 8

CHARGED: Final = frozenset({Blame.PASSED, Blame.FAILED, Blame.LEARNER_ERROR, Blame.LEARNER_LIMIT})
OPEN: Final = (Grading.State.QUEUED, Grading.State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to grade, as long as the fence stands."""

    grading_id: int
    fence: int

    def held(self) -> QuerySet[Grading]:
        """The grading, if the claim still holds: the condition of every write under it."""
        return Grading.objects.filter(
            pk=self.grading_id, fence=self.fence, state=Grading.State.RUNNING
        )


def claim_next(rung_for: int) -> Claim | None:
    """Claim the grading whose turn it is, when a bell rang for `rung_for`.

    A bell only says that there is work: whose turn it is, is decided here, so that a learner
    with a thousand attempts does not stand before one with a single attempt.
    """
    lane = Grading.objects.filter(pk=rung_for).values_list("lane", flat=True).first()
    if lane is None:
        return None
    for grading_id in dict.fromkeys([*_whose_turn(lane), rung_for]):
        won = claim(grading_id)
        if won:
            return won
    return None


def claim(grading_id: int) -> Claim | None:
    """Claim one grading; None if it is not to be had now."""
    with transaction.atomic():
        learner = Grading.objects.filter(pk=grading_id).values("learner")
        # Two claims for one learner take turns, or both would see the other's place free.
        User.objects.select_for_update().filter(pk__in=learner).first()
        rows = (
            _claimable()
            .filter(pk=grading_id)
            .update(
                state=Grading.State.RUNNING,
                fence=F("fence") + 1,
                infra_attempts=F("infra_attempts") + 1,
                lease_until=Now() + Value(LEASE),
                claimed_at=Now(),
                not_before=None,
            )
        )
        if rows == 0:
            return None
        fence = Grading.objects.values_list("fence", flat=True).get(pk=grading_id)
    return Claim(grading_id=grading_id, fence=fence)


def beat(claim: Claim) -> bool:
    """Keep the lease; False when the grading is lost: expired and claimed again, or cancelled."""
    return claim.held().update(lease_until=Now() + Value(LEASE)) == 1


def finish(claim: Claim, judged: Judged) -> bool:
    """Store the one verdict if the claim still holds, else discard it.

    Charges the attempt for what the learner caused, and for nothing else.
    """
    with transaction.atomic():
        ended = claim.held().update(state=Grading.State.DONE, finished_at=Now(), lease_until=None)
        if not ended:
            return False
        grading = Grading.objects.get(pk=claim.grading_id)
        _store(grading, judged)
        if judged.blame in CHARGED:
            Attempt.objects.filter(pk=grading.attempt_id).update(charged=True)
        attempt = Attempt.objects.get(pk=grading.attempt_id)
        standing.recount([attempt.enrolment_id], stage=attempt.stage)
        ringing.tell(grading.pk)
        ring_for_next(grading.learner_id)
    return True


def give_back(claim: Claim) -> bool:
    """We failed, not the learner: queue the grading again, later, or give up and say so."""
    with transaction.atomic():
        held = claim.held()
        tries = held.values_list("infra_attempts", flat=True).first()
        if tries is None:
            return False
        learner_id = Grading.objects.values_list("learner", flat=True).get(pk=claim.grading_id)
        if tries >= MOST_TRIES:
            rows = quarantine(held)
        else:
            wait = BACKOFF[min(tries, len(BACKOFF)) - 1]
            rows = held.update(
                state=Grading.State.QUEUED, lease_until=None, not_before=Now() + Value(wait)
            )
        if rows:
            ringing.tell(claim.grading_id)
            ring_for_next(learner_id)
    return rows == 1


def give_up(claim: Claim) -> bool:
    """The quest cannot be graded, however often one tries: a person will look, nobody pays."""
    with transaction.atomic():
        rows = quarantine(claim.held())
        if rows:
            ringing.tell(claim.grading_id)
    return rows == 1


def refuse(claim: Claim, problem: Problem) -> bool:
    """A file does not parse, which no room was free to find at hand-in: not gradable, free."""
    with transaction.atomic():
        rows = claim.held().update(
            state=Grading.State.REFUSED,
            refused_for=events.write(problem),
            finished_at=Now(),
            lease_until=None,
        )
        if rows:
            ringing.tell(claim.grading_id)
    return rows == 1


def hand_over(claim: Claim) -> bool:
    """The worker stops, nobody failed: queue the grading again at once, without counting a try."""
    with transaction.atomic():
        rows = claim.held().update(
            state=Grading.State.QUEUED,
            lease_until=None,
            infra_attempts=F("infra_attempts") - 1,
        )
        if rows:
            ringing.ring(claim.grading_id)
    return rows == 1


def cancel(grading_id: int) -> bool:
    """End an open grading without a verdict; its worker notices at the next write or beat."""
    with transaction.atomic():
        rows = Grading.objects.filter(pk=grading_id, state__in=OPEN).update(
            state=Grading.State.CANCELLED,
            cancel_requested=True,
            finished_at=Now(),
            lease_until=None,
        )
        if rows:
            ringing.tell(grading_id)
    return rows == 1


def release(grading_id: int) -> bool:
    """A person has looked: queue a quarantined grading once more, with all its tries."""
    with transaction.atomic():
        rows = Grading.objects.filter(pk=grading_id, state=Grading.State.QUARANTINED).update(
            state=Grading.State.QUEUED, infra_attempts=0, not_before=None, finished_at=None
        )
        if rows:
            ringing.ring(grading_id)
    return rows == 1


def quarantine(gradings: QuerySet[Grading]) -> int:
    """Give up on gradings that failed too often on our side: a person will look."""
    return gradings.update(state=Grading.State.QUARANTINED, finished_at=Now(), lease_until=None)


def ring_for_next(learner_id: int) -> None:
    """Ring for the learner's oldest waiting grading: its own bell may have come too early."""
    waiting = _due().filter(state=Grading.State.QUEUED, learner=learner_id)
    oldest = waiting.order_by("pk").values_list("pk", flat=True).first()
    if oldest is not None:
        ringing.ring(oldest)


def _store(grading: Grading, judged: Judged) -> None:
    claimed = grading.claimed_at or grading.created_at
    focus = focus_of(judged.results)
    Verdict.objects.create(
        grading=grading,
        blame=judged.blame,
        score=judged.score,
        readiness=judged.readiness,
        passed=judged.passed,
        merit=judged.merit,
        body=events.write(judged),
        development_only=judged.development_only,
        focus_check=focus.check if focus else "",
        focus_reason=(focus.reason or focus.outcome) if focus else "",
        marks=marks_of(judged.results),
        queued_seconds=max(0.0, (claimed - grading.created_at).total_seconds()),
    )


def _due() -> QuerySet[Grading]:
    return Grading.objects.filter(
        Q(not_before=None) | Q(not_before__lte=Now()),
        infra_attempts__lt=MOST_TRIES,
        cancel_requested=False,
    )


def _claimable() -> QuerySet[Grading]:
    """Queued, or left behind by a worker whose lease ran out; and the learner has room."""
    free = Q(state=Grading.State.QUEUED) | Q(state=Grading.State.RUNNING, lease_until__lt=Now())
    running = (
        Grading.objects.filter(
            learner=OuterRef("learner"), state=Grading.State.RUNNING, lease_until__gte=Now()
        )
        .order_by()
        .values("learner")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        _due().alias(busy=Subquery(running)).filter(free, Q(busy=None) | Q(busy__lt=MOST_RUNNING))
    )


def _whose_turn(lane: str) -> Iterable[int]:
    """Each waiting learner's oldest grading; who was served longest ago comes first."""
    served = (
        Grading.objects.filter(learner=OuterRef("learner"))
        .order_by()
        .values("learner")
        .annotate(last=Max("claimed_at"))
        .values("last")
    )
    return (
        _due()
        .filter(state=Grading.State.QUEUED, lane=lane)
        .order_by()
        .values("learner")
        .annotate(oldest=Min("pk"), served=Subquery(served))
        .order_by(F("served").asc(nulls_first=True), "oldest")
        .values_list("oldest", flat=True)[:CANDIDATES]
    )
