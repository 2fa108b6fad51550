"""A person's own data: what is kept, all of it as one file, and whether it may go."""

from typing import Any

from django.db.models import QuerySet

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Objection, Verdict
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.cohorts.models import Look, Membership, Nudge, Opened, Staff
from simulator.grades.models import Override
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
    """All that is kept about a person; their files are in the archives of their quests."""
    verdicts = Verdict.objects.filter(grading__attempt__enrolment__learner=person)
    return {
        "account": {
            "name": person.username,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "language": person.language,
            "joined_at": person.date_joined.isoformat(),
        },
        "enrolments": _rows(
            Enrolment.objects.filter(learner=person), "quest", "version", "created_at"
        ),
        "files": _texts(person),
        "attempts": _rows(
            Attempt.objects.filter(enrolment__learner=person).order_by("pk"),
            "public_id", "enrolment__quest", "stage", "number", "created_at", "manifest",
        ),
        "verdicts": _rows(
            verdicts.order_by("grading_id"),
            "grading__attempt__public_id", "score", "passed", "readiness", "counts",
            "created_at", "body",
        ),
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
        "objections": _rows(Objection.objects.filter(author=person), "check_name", "text"),
        "cohorts": _rows(
            Membership.objects.filter(learner=person), "cohort__name", "group", "joined_at"
        ),
        "notes_to_you": _rows(
            Nudge.objects.filter(learner=person), "kind", "stage", "text", "created_at"
        ),
        "opened": _rows(
            Opened.objects.filter(enrolment__learner=person), "kind", "name", "created_at"
        ),
        "looks": _rows(
            Look.objects.filter(learner=person), "looker__username", "what", "created_at"
        ),
    }  # fmt: skip


def _comments(person: User) -> QuerySet[Comment]:
    return Comment.objects.filter(attempt__enrolment__learner=person, published_at__isnull=False)


def _texts(person: User) -> list[dict[str, str]]:
    rows = ProjectFile.objects.filter(enrolment__learner=person).select_related("enrolment")
    return [{"quest": row.enrolment.quest, "path": row.path, "text": row.text} for row in rows]


def _rows(query: Any, *columns: str) -> list[dict[str, Any]]:  # noqa: ANN401, any model's query
    return [*query.values(*columns)]
