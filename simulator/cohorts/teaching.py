"""Whose cohorts someone may see, and what they may do there."""

from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.cohorts.models import Cohort, Membership, Staff

Role = Staff.Role

# Each role may do what the roles before it may.
LADDER: Final = (Role.REVIEWER, Role.INSTRUCTOR, Role.OWNER)


def readable_cohorts(user: User | AnonymousUser) -> QuerySet[Cohort]:
    """The cohorts a person teaches; all of them for the operator, none for a learner."""
    if not isinstance(user, User) or not (user.is_active and user.teaches):
        return Cohort.objects.none()
    if user.is_superuser:
        return Cohort.objects.all()
    return Cohort.objects.filter(staff__user=user)


def find_cohort(user: User | AnonymousUser, pk: int, *, least: Role = Role.REVIEWER) -> Cohort:
    """A cohort in which someone has at least a role. Raises Http404, as for an absent one."""
    found = readable_cohorts(user)
    if isinstance(user, User) and not user.is_superuser:
        # One row of the staff has both this person and the role: two filters would be two rows.
        roles = Staff.objects.filter(user=user, role__in=LADDER[LADDER.index(least) :])
        found = found.filter(pk__in=roles.values("cohort"))
    cohort = found.filter(pk=pk).first()
    if cohort is None:
        raise Http404
    return cohort


def role_in(user: User | AnonymousUser, cohort: Cohort) -> Role | None:
    """What someone is in a cohort; an operator may do what its owner may."""
    if isinstance(user, User) and user.is_superuser:
        return Role.OWNER
    found = Staff.objects.filter(cohort=cohort, user=user.pk).values_list("role", flat=True)
    return next((Role(role) for role in found), None)


def may(role: Role | None, least: Role) -> bool:
    """Whether a role reaches another."""
    return role is not None and LADDER.index(role) >= LADDER.index(least)


def frame(user: User | AnonymousUser, cohort: Cohort) -> dict[str, Any]:
    """What every page over a cohort knows: the cohort, and what its reader may do."""
    role = role_in(user, cohort)
    return {
        "cohort": cohort,
        "role": role,
        "may_teach": may(role, Role.INSTRUCTOR),
        "may_own": may(role, Role.OWNER),
    }


def find_member(cohort: Cohort, learner_id: int) -> Membership:
    """A learner of a cohort. Raises Http404."""
    found = Membership.objects.filter(cohort=cohort, learner=learner_id)
    member = found.select_related("learner").first()
    if member is None:
        raise Http404
    return member


def find_attempt(cohort: Cohort, public_id: UUID) -> Attempt:
    """An attempt of a learner of the cohort, in a quest that it plays. Raises Http404."""
    found = Attempt.objects.filter(
        public_id=public_id,
        enrolment__learner__memberships__cohort=cohort,
        enrolment__quest__in=cohort.quests.values("quest"),
    )
    attempt = found.select_related("enrolment__learner").first()
    if attempt is None:
        raise Http404
    return attempt
