"""Let a regrade count, by a policy; take it back for thirty days.

Nothing is overwritten: an applied trial becomes a grading of its own, and the verdict before it
stays, marked as no longer counting. Rolling back turns the two marks round.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from graders.results import Verdict as Judged
from simulator.accounts.models import User
from simulator.attempts import events, standing
from simulator.attempts.focusing import focus_of
from simulator.attempts.marking import marks_of
from simulator.attempts.models import Grading, Verdict
from simulator.cohorts.models import CohortQuest
from simulator.grades.models import Override
from simulator.grades.overriding import end_until_regrade, settle
from simulator.regrading.comparing import Change, changes
from simulator.regrading.models import Regrade, Trial

MAY_GO_BACK_FOR: Final = timedelta(days=30)
CHUNK: Final = 500
Policy = Regrade.Policy


def apply(
    regrade: Regrade,
    *,
    policy: Regrade.Policy,
    reason: str,
    author: User,
    harmless_until: datetime | None = None,
) -> int | None:
    """Let it count; how many attempts it changed, None when it may not be applied."""
    if not reason.strip() or (policy is Policy.HARMLESS and harmless_until is None):
        return None
    with transaction.atomic():
        rows = Regrade.objects.filter(pk=regrade.pk, state=Regrade.State.READY).update(
            state=Regrade.State.APPLIED,
            policy=policy,
            reason=reason.strip()[:1000],
            harmless_until=harmless_until if policy is Policy.HARMLESS else None,
            applied_by=author,
            applied_at=timezone.now(),
        )
        if not rows:
            return None
        chosen = [one for one in changes(regrade) if policy is Policy.ALL or one.better]
        _count(regrade, chosen, author=author)
        _move_pin(regrade)
    return len(chosen)


def apply_due(now: datetime) -> int:
    """What got worse counts from its date on, where it was held back until then."""
    due = Regrade.objects.filter(
        state=Regrade.State.APPLIED, policy=Policy.HARMLESS, harmless_until__lte=now
    ).select_related("applied_by")
    done = 0
    for regrade in due:
        with transaction.atomic():
            locked = Regrade.objects.filter(pk=regrade.pk, harmless_until__lte=now)
            if locked.update(harmless_until=None) and regrade.applied_by is not None:
                late = [one for one in changes(regrade) if one.trial.after_id is None]
                _count(regrade, late, author=regrade.applied_by)
                done += len(late)
    return done


def discard(regrade: Regrade) -> bool:
    """End a dry run without consequence."""
    open_ = [Regrade.State.TRYING, Regrade.State.READY]
    return (
        Regrade.objects.filter(pk=regrade.pk, state__in=open_).update(
            state=Regrade.State.DISCARDED
        )
        == 1
    )


def may_go_back_until(regrade: Regrade) -> datetime | None:
    """Until when it may be rolled back; None when it may not."""
    if regrade.state != Regrade.State.APPLIED or regrade.applied_at is None:
        return None
    until = regrade.applied_at + MAY_GO_BACK_FOR
    return until if until > timezone.now() else None


def roll_back(regrade: Regrade) -> bool:
    """Let everything count as before; False when it is too late or was never applied."""
    if may_go_back_until(regrade) is None:
        return False
    with transaction.atomic():
        rows = Regrade.objects.filter(pk=regrade.pk, state=Regrade.State.APPLIED).update(
            state=Regrade.State.ROLLED_BACK, rolled_back_at=timezone.now()
        )
        if not rows:
            return False
        trials = [*regrade.trials.filter(after__isnull=False).select_related("attempt")]
        _mark([one.after_id for one in trials], counts=False)
        _mark([one.before_id for one in trials], counts=True)
        Override.objects.filter(pk__in=regrade.ended_overrides).update(
            undone_at=None, undone_by=None, undone_for=""
        )
        _settle([one.attempt.enrolment_id for one in trials], regrade.stage)
        if regrade.pin_before:
            _pins(regrade).update(digest=regrade.pin_before)
    return True


def _count(regrade: Regrade, wanted: Sequence[Change], *, author: User) -> None:
    now = timezone.now()
    # Another regrade may have been applied since the dry run: what it replaced stays replaced.
    counting = {
        *Verdict.objects.filter(
            pk__in=[one.trial.before_id for one in wanted], counts=True
        ).values_list("pk", flat=True)
    }
    chosen = [one for one in wanted if one.trial.before_id in counting]
    before = Grading.objects.in_bulk([one.trial.before_id for one in chosen])
    gradings = Grading.objects.bulk_create(
        (_grading(regrade, before[one.trial.before_id], now) for one in chosen), batch_size=CHUNK
    )
    Verdict.objects.bulk_create(
        (_verdict(grading, one.now) for grading, one in zip(gradings, chosen, strict=True)),
        batch_size=CHUNK,
    )
    for grading, one in zip(gradings, chosen, strict=True):
        one.trial.after = grading
    Trial.objects.bulk_update([one.trial for one in chosen], ["after"], batch_size=CHUNK)
    _mark([*before], counts=False)
    ended = end_until_regrade([one.trial.attempt_id for one in chosen], author=author)
    regrade.ended_overrides = [*regrade.ended_overrides, *ended]
    Regrade.objects.filter(pk=regrade.pk).update(ended_overrides=regrade.ended_overrides)
    _settle([one.trial.attempt.enrolment_id for one in chosen], regrade.stage)


def _grading(regrade: Regrade, before: Grading, now: datetime) -> Grading:
    return Grading(
        attempt_id=before.attempt_id,
        learner_id=before.learner_id,
        state=Grading.State.DONE,
        lane=Grading.Lane.BATCH,
        quest_version=regrade.version,
        quest_digest=regrade.digest,
        runtime=before.runtime,
        scale=before.scale,
        created_at=now,
        claimed_at=now,
        finished_at=now,
    )


def _verdict(grading: Grading, judged: Judged) -> Verdict:
    focus = focus_of(judged.results)
    return Verdict(
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
        queued_seconds=0.0,
    )


def _mark(grading_ids: Iterable[int | None], *, counts: bool) -> None:
    ids = [pk for pk in grading_ids if pk is not None]
    for start in range(0, len(ids), CHUNK):
        Verdict.objects.filter(pk__in=ids[start : start + CHUNK]).update(counts=counts)


def _settle(enrolment_ids: Collection[int], stage: str) -> None:
    """Scores follow again: with overrides one by one, all others together."""
    changed = {
        *Override.objects.filter(enrolment__in=enrolment_ids).values_list("enrolment", flat=True)
    }
    for pk in changed:
        settle(pk, stage)
    standing.recount({*enrolment_ids} - changed, stage=stage)


def _move_pin(regrade: Regrade) -> None:
    """A cohort with a pin is judged by the version that its work was regraded by."""
    for plan in _pins(regrade):
        Regrade.objects.filter(pk=regrade.pk).update(pin_before=plan.digest)
    _pins(regrade).update(digest=regrade.digest, version=regrade.version)


def _pins(regrade: Regrade) -> QuerySet[CohortQuest]:
    return CohortQuest.objects.filter(cohort=regrade.cohort, quest=regrade.quest).exclude(
        digest=""
    )
