"""A person's own data: what is kept, all of it as one file, and whether it may go."""

from typing import Any

from django.db.models import QuerySet

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.catalog.models import ProjectFile
from simulator.cohorts.models import Look, Membership, Nudge, Opened, Staff
from simulator.grades.models import Override
from simulator.progress import exporting
from simulator.reviewing.models import Comment, Request


def counts(person: User) -> dict[str, int]:
    """How much of what is kept."""
    return {
        "attempts": Attempt.objects.filter(enrolment__learner=person).count(),
        "files": ProjectFile.objects.filter(enrolment__learner=person).count(),
        "comments": _comments(person).count(),
        "looks": Look.objects.filter(learner=person).count(),
    }


def is_bound(person: User) -> bool:
    """Whether others' grades rest on this person's word: an operator hands that over first."""
    return (
        person.is_staff
        or Staff.objects.filter(user=person).exists()
        or Override.objects.filter(author=person).exists()
        or Comment.objects.filter(author=person).exists()
    )


def everything(person: User) -> dict[str, Any]:
    """All that is kept about a person: what their profile exports, and what people said."""
    return exporting.data_of(person) | {
        "grade_changes": _rows(
            Override.objects.filter(enrolment__learner=person),
            "scope", "check_name", "value", "reason", "author__username", "created_at",
            "undone_at", "undone_for",
        ),
        "comments": _rows(
            _comments(person), "path", "first_line", "last_line", "text", "published_at"
        ),
        "requests": _rows(
            Request.objects.filter(author=person), "kind", "reason", "answer", "answer_text"
        ),
        "cohorts": _rows(
            Membership.objects.filter(learner=person), "cohort__name", "group", "joined_at"
        ),
        "notes_to_you": _rows(
            Nudge.objects.filter(learner=person), "kind", "stage", "text", "created_at"
        ),
        "lessons": _rows(Opened.objects.filter(enrolment__learner=person), "name", "created_at"),
        "looks": _rows(
            Look.objects.filter(learner=person), "looker__username", "what", "created_at"
        ),
    }  # fmt: skip


def _comments(person: User) -> QuerySet[Comment]:
    return Comment.objects.filter(attempt__enrolment__learner=person, published_at__isnull=False)


def _rows(query: Any, *columns: str) -> list[dict[str, Any]]:  # noqa: ANN401, any model's query
    return [*query.values(*columns)]
