"""A learner asks for a review or another look at a grade; the staff answers with a reason."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Verdict
from simulator.reviewing.models import Request

MAY_ASK_FOR: Final = timedelta(days=14)
LONGEST: Final = 1000


def may_ask_until(attempt: Attempt) -> datetime | None:
    """Until when a regrade may be asked for; None while there is no verdict."""
    verdict = Verdict.objects.filter(grading__attempt=attempt, counts=True).first()
    return verdict.created_at + MAY_ASK_FOR if verdict else None


def ask(
    attempt: Attempt, *, author: User, kind: Request.Kind, reason: str, check: str = ""
) -> Request | None:
    """Write the request down, once while one is open; None without a reason or too late."""
    until = may_ask_until(attempt)
    if not reason.strip() or until is None or timezone.now() > until:
        return None
    request, _ = Request.objects.get_or_create(
        attempt=attempt,
        author=author,
        kind=kind,
        answer=Request.Answer.OPEN,
        defaults={"reason": reason.strip()[:LONGEST], "check_name": check[:80]},
    )
    return request


def answer(
    request_id: int, *, attempt: Attempt, author: User, decision: Request.Answer, text: str
) -> bool:
    """Accept or decline, and say why; False when it was answered before, or without a word."""
    if decision == Request.Answer.OPEN or not text.strip():
        return False
    rows = Request.objects.filter(
        pk=request_id, attempt=attempt, answer=Request.Answer.OPEN
    ).update(
        answer=decision,
        answer_text=text.strip()[:LONGEST],
        answered_by=author,
        answered_at=timezone.now(),
    )
    return rows == 1
