"""Who may read an attempt: the right is a part of the query, so it cannot be forgotten."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet
from django.http import Http404

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Grading
from simulator.catalog.models import Enrolment


def readable_enrolments(user: User | AnonymousUser) -> QuerySet[Enrolment]:
    """A learner's own, and those of learners whose cohort plays the quest with this instructor."""
    if not isinstance(user, User) or not user.is_active:
        return Enrolment.objects.none()
    if user.is_superuser:
        return Enrolment.objects.all()
    taught = Enrolment.objects.filter(
        learner__memberships__cohort__instructors=user,
        learner__memberships__cohort__quests__quest=F("quest"),
    )
    rights = Q(learner=user)
    if user.teaches:
        rights |= Q(pk__in=taught.values("pk"))
    return Enrolment.objects.filter(rights)


def readable_attempts(user: User | AnonymousUser) -> QuerySet[Attempt]:
    """The attempts in those enrolments."""
    if isinstance(user, User) and not user.teaches:
        return Attempt.objects.filter(enrolment__learner=user, enrolment__learner__is_active=True)
    return Attempt.objects.filter(enrolment__in=readable_enrolments(user))


def own_enrolment(user: User | AnonymousUser, quest_slug: str) -> Enrolment:
    """The learner's own. Raises Http404, for one that is absent as for one that is another's."""
    if isinstance(user, User):
        found = Enrolment.objects.filter(learner=user, quest=quest_slug).first()
        if found is not None:
            return found
    raise Http404


def latest_grading(attempt: Attempt) -> Grading:
    """The grading that counts: the last one that was queued and that no regrade replaced."""
    return counting_gradings().filter(attempt=attempt).select_related("verdict").latest("pk")


def counting_gradings() -> QuerySet[Grading]:
    """Every grading but those whose verdict no longer counts."""
    return Grading.objects.exclude(verdict__counts=False)
