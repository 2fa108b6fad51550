"""Claim a grading, keep it, end it: conditional updates whose row count is the answer.

The database is the queue of record. A claim is a lease with a fence that grows: whoever finds
the fence moved on has lost the grading and throws its work away. All times are the database's.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, Now

from graders.intake import Problem
from graders.results import Blame
from graders.results import Verdict as Judged
from simulator.accounts.models import User
from simulator.attempts import events, holders, ringing, turns
from simulator.attempts.focusing import focus_of
from simulator.attempts.models import Attempt, Grading, Verdict

LEASE: Final = timedelta(seconds=90)
BEAT_SECONDS: Final = 5.0  # also how soon a worker hears that its grading was cancelled
MOST_TRIES: Final = turns.MOST_TRIES
MOST_LOSSES: Final = turns.MOST_LOSSES
MOST_RUNNING: Final = turns.MOST_RUNNING
BACKOFF: Final = (timedelta(seconds=2), timedelta(seconds=20))
LONGEST_TROUBLE: Final = 200  # as the column

CHARGED: Final = frozenset({Blame.PASSED, Blame.FAILED, Blame.LEARNER_ERROR, Blame.LEARNER_LIMIT})
OPEN: Final = (Grading.State.QUEUED, Grading.State.RUNNING)
COUNT: Final = PositiveSmallIntegerField()
# What a claim counted is taken back.
ONE_LESS: Final = Greatest(F("infra_attempts") - 1, Value(0), output_field=COUNT)


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
    for grading_id in dict.fromkeys([*turns.whose_turn(lane), rung_for]):
        won = claim(grading_id)
        if won:
            return won
    return None


def claim(grading_id: int) -> Claim | None:
    """Claim one grading; None if it is not to be had now."""
    with transaction.atomic():
        asked = Grading.objects.filter(pk=grading_id)
        # Two claims for one learner take turns, or both would see the other's place free.
        User.objects.select_for_update().filter(pk__in=asked.values("learner")).first()
        lane = asked.values_list("lane", flat=True).first()
        if lane is None or not turns.has_room(lane):
            return None
        # A lease that ran out is the end of its worker, and says nothing against the grading.
        fresh = Q(state=Grading.State.QUEUED)
        rows = (
            turns.claimable()
            .filter(pk=grading_id)
            .update(
                infra_attempts=_one_more("infra_attempts", when=fresh),
                losses=_one_more("losses", when=~fresh),
                state=Grading.State.RUNNING,
                fence=F("fence") + 1,
                lease_until=Now() + Value(LEASE),
                run_until=Now() + Value(timedelta(seconds=settings.SIM_GRADING_SECONDS)),
                claimed_by=holders.this_process(),
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
        if not _end(claim.held(), Grading.State.DONE):
            return False
        grading = Grading.objects.get(pk=claim.grading_id)
        _store(grading, judged)
        if judged.blame in CHARGED:
            Attempt.objects.filter(pk=grading.attempt_id).update(charged=True)
        tell_and_go_on(grading.pk)
    return True


def give_back(claim: Claim, *, trouble: str = "") -> bool:
    """We failed, not the learner: queue the grading again, later, or give up and say so."""
    with transaction.atomic():
        held = claim.held()
        tries = held.values_list("infra_attempts", flat=True).first()
        if tries is None:
            return False
        if tries >= MOST_TRIES:
            rows = quarantine(held, trouble=trouble)
        else:
            wait = BACKOFF[min(tries, len(BACKOFF)) - 1]
            rows = held.update(
                state=Grading.State.QUEUED,
                lease_until=None,
                run_until=None,
                not_before=Now() + Value(wait),
                trouble=trouble[:LONGEST_TROUBLE],
            )
        if rows:
            tell_and_go_on(claim.grading_id)
    return rows == 1


def lose(held: QuerySet[Grading], *, trouble: str) -> bool:
    """What a grading stood on broke away: queue it again at once; it counts as a loss.

    `held` is one grading under the condition that nobody else has moved it on meanwhile.
    """
    with transaction.atomic():
        pk = held.values_list("pk", flat=True).first()
        rows = 0 if pk is None else held.update(**_queued_again(), trouble=trouble)
        if pk is None or not rows:
            return False
        if Grading.objects.filter(pk=pk, losses__gte=MOST_LOSSES).exists():
            quarantine(Grading.objects.filter(pk=pk, state=Grading.State.QUEUED), trouble=trouble)
        else:
            ringing.ring(pk)
        tell_and_go_on(pk)
    return True


def give_up(claim: Claim, *, trouble: str = "") -> bool:
    """The quest cannot be graded, however often one tries: a person will look, nobody pays."""
    with transaction.atomic():
        rows = quarantine(claim.held(), trouble=trouble)
        if rows:
            tell_and_go_on(claim.grading_id)
    return rows == 1


def refuse(claim: Claim, problem: Problem) -> bool:
    """A file does not parse, which no room was free to find at hand-in: not gradable, free."""
    with transaction.atomic():
        rows = _end(claim.held(), Grading.State.REFUSED, refused_for=events.write(problem))
        if rows:
            tell_and_go_on(claim.grading_id)
    return rows == 1


def hand_over(claim: Claim) -> bool:
    """The worker stops, nobody failed: queue the grading again at once, without counting a try."""
    with transaction.atomic():
        rows = claim.held().update(
            state=Grading.State.QUEUED,
            lease_until=None,
            run_until=None,
            infra_attempts=ONE_LESS,
        )
        if rows:
            ringing.ring(claim.grading_id)
    return rows == 1


def cancel(grading_id: int) -> bool:
    """End an open grading without a verdict; its worker notices at the next write or beat."""
    with transaction.atomic():
        chosen = Grading.objects.filter(pk=grading_id, state__in=OPEN)
        rows = _end(chosen, Grading.State.CANCELLED, cancel_requested=True)
        if rows:
            tell_and_go_on(grading_id)
    return rows == 1


def release(grading_id: int) -> bool:
    """A person has looked: queue a quarantined grading once more, with all its tries."""
    with transaction.atomic():
        rows = Grading.objects.filter(pk=grading_id, state=Grading.State.QUARANTINED).update(
            state=Grading.State.QUEUED,
            infra_attempts=0,
            losses=0,
            not_before=None,
            finished_at=None,
        )
        if rows:
            ringing.ring(grading_id)
    return rows == 1


def write_off(grading_id: int) -> bool:
    """A person has looked, and nothing is to be had: end a quarantined grading for good."""
    with transaction.atomic():
        chosen = Grading.objects.filter(pk=grading_id, state=Grading.State.QUARANTINED)
        rows = _end(chosen, Grading.State.CANCELLED)
        if rows:
            ringing.tell(grading_id)
    return rows == 1


def quarantine(gradings: QuerySet[Grading], *, trouble: str = "") -> int:
    """Give up on gradings that failed too often on our side: a person will look."""
    said = {"trouble": trouble[:LONGEST_TROUBLE]} if trouble else {}
    return _end(gradings, Grading.State.QUARANTINED, **said)


def tell_and_go_on(grading_id: int) -> None:
    """Tell the pages, and ring for those whose own bell came while this one had their place."""
    ringing.tell(grading_id)
    learner_id, lane = Grading.objects.values_list("learner", "lane").get(pk=grading_id)
    for next_id in turns.next_to_ring(learner_id, lane):
        if next_id != grading_id:
            ringing.ring(next_id)


def _one_more(column: str, *, when: Q) -> Case:
    return Case(When(when, then=F(column) + 1), default=F(column), output_field=COUNT)


def _end(gradings: QuerySet[Grading], state: Grading.State, **facts: object) -> int:
    return gradings.update(
        state=state, finished_at=Now(), lease_until=None, run_until=None, **facts
    )


def _queued_again() -> dict[str, object]:
    return {
        "state": Grading.State.QUEUED,
        "lease_until": None,
        "run_until": None,
        "infra_attempts": ONE_LESS,
        "losses": F("losses") + 1,
    }


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
        queued_seconds=max(0.0, (claimed - grading.created_at).total_seconds()),
    )
