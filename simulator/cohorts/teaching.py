"""Whose cohorts someone may see."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from simulator.accounts.models import User
from simulator.cohorts.models import Cohort


def readable_cohorts(user: User | AnonymousUser) -> QuerySet[Cohort]:
    """The cohorts a person teaches; all of them for the operator, none for a learner."""
    if not isinstance(user, User) or not (user.is_active and user.teaches):
        return Cohort.objects.none()
    if user.is_superuser:
        return Cohort.objects.all()
    return Cohort.objects.filter(instructors=user)
