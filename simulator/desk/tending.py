"""What is done for cohorts while nobody looks: grades sent, dates kept, old logs forgotten."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Q
from django.utils import timezone

from simulator.cohorts.models import Cohort, Look, Opened
from simulator.lti.sending import send_due
from simulator.regrading.applying import apply_due
from simulator.regrading.stepping import send_forgotten

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Tended:
    """What a round did."""

    sent: int
    refused: int
    applied: int
    forgotten: int

    @property
    def anything(self) -> bool:
        return bool(self.sent or self.refused or self.applied or self.forgotten)


def tend() -> Tended:
    """One round; every step may be done twice."""
    now = timezone.now()
    send_forgotten()
    sent, refused = send_due(now)
    return Tended(sent=sent, refused=refused, applied=apply_due(now), forgotten=forget_old())


def forget_old() -> int:
    """Looks and opened pages go when the cohort that keeps them longest no longer does."""
    now = timezone.now()
    longest = Cohort.objects.aggregate(longest=Max("keeps_days"))["longest"] or 0
    forgotten = 0
    for days in sorted({*Cohort.objects.values_list("keeps_days", flat=True)}):
        old = now - timedelta(days=days)
        people = Q(learner__memberships__cohort__keeps_days=days) & ~Q(
            learner__memberships__cohort__keeps_days__gt=days
        )
        looks = Look.objects.filter(people, created_at__lt=old).values("pk")
        forgotten += Look.objects.filter(pk__in=[*looks.values_list("pk", flat=True)]).delete()[0]
    oldest = now - timedelta(days=longest)
    forgotten += Opened.objects.filter(created_at__lt=oldest).delete()[0]
    return forgotten
