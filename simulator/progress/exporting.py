"""Everything that is kept of a person, to take away: JSON, and their projects as a zip."""

import io
import zipfile
from typing import Any, Final

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Objection, Verdict
from simulator.catalog.models import Enrolment, HintUse, ProjectFile
from simulator.progress.models import Decision, Note, Seat

VERSION: Final = "1"


def data_of(user: User) -> dict[str, Any]:
    """Every row about a person, as data; code is in the zip."""
    return {
        "schema_version": VERSION,
        "person": {
            "username": user.username,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "joined": user.date_joined,
            "role": user.role,
            "language": user.language,
            "theme": user.theme,
            "craft": user.craft,
            "comfort": user.comfort,
            "weekly_sessions": user.weekly_sessions,
        },
        "enrolments": [
            *Enrolment.objects.filter(learner=user).values(
                "quest", "version", "estimate_hours", "created_at"
            )
        ],
        "attempts": _attempts(user),
        "hints": [
            *HintUse.objects.filter(enrolment__learner=user).values(
                "enrolment__quest", "stage", "step", "opened_at"
            )
        ],
        "decisions": [
            *Decision.objects.filter(attempt__enrolment__learner=user).values(
                "attempt__public_id", "choice", "follows", "reason", "risk", "next_step", "made_at"
            )
        ],
        "boards": [
            *Seat.objects.filter(enrolment__learner=user).values(
                "enrolment__quest", "name", "taken_at"
            )
        ],
        "objections": [
            *Objection.objects.filter(author=user).values(
                "grading__attempt__public_id", "check_name", "text", "created_at"
            )
        ],
        "tokens": [*user.api_tokens.values("name", "created_at", "expires_at", "last_used_at")],
    }


def projects_of(user: User) -> bytes:
    """Every project as it stands, a folder a quest."""
    blob = io.BytesIO()
    rows = ProjectFile.objects.filter(enrolment__learner=user).select_related("enrolment")
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in rows.order_by("enrolment__quest", "path"):
            archive.writestr(f"{row.enrolment.quest}/{row.path}", bytes(row.content))
    return blob.getvalue()


def _attempts(user: User) -> list[dict[str, Any]]:
    mine = Attempt.objects.filter(enrolment__learner=user)
    notes = dict(Note.objects.filter(attempt__in=mine).values_list("attempt", "text"))
    verdicts: dict[int, list[dict[str, Any]]] = {}
    for pk, body, at in Verdict.objects.filter(grading__attempt__in=mine).values_list(
        "grading__attempt", "body", "created_at"
    ):
        verdicts.setdefault(pk, []).append({"at": at, "verdict": body})
    return [
        {
            "id": attempt.public_id,
            "quest": attempt.enrolment.quest,
            "stage": attempt.stage,
            "number": attempt.number,
            "handed_in": attempt.created_at,
            "source": attempt.source,
            "charged": attempt.charged,
            "files": attempt.manifest,
            "note": notes.get(attempt.pk, ""),
            "verdicts": verdicts.get(attempt.pk, []),
        }
        for attempt in mine.select_related("enrolment").order_by("pk")
    ]
