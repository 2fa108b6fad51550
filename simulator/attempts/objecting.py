"""A learner says that a check looks wrong; the author reads it with the grading it is about."""

from typing import Final

from simulator.accounts.models import User
from simulator.attempts import events
from simulator.attempts.models import Attempt, Objection
from simulator.attempts.reading import latest_grading

LONGEST: Final = 1000  # as the column


def object_to(attempt: Attempt, check: str, *, text: str, author: User) -> Objection | None:
    """Write the objection down, once however often it is sent; None if no such check was run."""
    grading = latest_grading(attempt)
    verdict = getattr(grading, "verdict", None)
    known = (
        {result.check for result in events.read_verdict(verdict.body).results}
        if verdict
        else set()
    )
    if check not in known or not text.strip():
        return None
    objection, _ = Objection.objects.get_or_create(
        grading=grading,
        check_name=check,
        author=author,
        text=text.replace("\0", "").strip()[:LONGEST],
    )
    return objection
