"""Feedback is a budget: a rollout, which answers with hidden numbers, is graded so often a day."""

from datetime import timedelta
from typing import Final

from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now

from graders.quest import Quest, Stage, StageKind
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.refusals import Refusal
from simulator.catalog.models import Enrolment

ROLLOUTS_A_DAY: Final = 6  # of one quest
DAY: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)


def check(enrolment: Enrolment, quest: Quest, stage: Stage) -> None:
    """Check that one more attempt is within the day's budget, under the enrolment's lock.

    What failed on our side, or was cancelled before it began, does not count. Raises Refusal.
    Authors and instructors, who know the answers, have no budget.
    """
    if stage.kind is not StageKind.ROLLOUT or enrolment.learner.skips_ahead:
        return
    rollouts = [each.slug for each in quest.stages if each.kind is StageKind.ROLLOUT]
    tells = Q(gradings__state__in=(Grading.State.QUEUED, Grading.State.RUNNING))
    told = Q(gradings__state=Grading.State.CANCELLED, gradings__claimed_at__isnull=False)
    used = (
        Attempt.objects.filter(
            Q(charged=True) | tells | told,
            enrolment=enrolment,
            stage__in=rollouts,
            created_at__gt=Now() - Value(DAY),
        )
        .distinct()
        .order_by("created_at")
        .values_list(
            ExpressionWrapper(F("created_at") + Value(DAY) - Now(), output_field=DurationField()),
            flat=True,
        )
    )
    free_in = [*used]
    if len(free_in) < ROLLOUTS_A_DAY:
        return
    wait = free_in[len(free_in) - ROLLOUTS_A_DAY]
    raise Refusal("rollouts_used_up", limit=ROLLOUTS_A_DAY, wait=max(1, -(-wait // HOUR)))
