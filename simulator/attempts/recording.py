"""Store what a grading says as soon as it is known, under the fence, and announce it."""

from django.db import transaction

from graders.results import CheckResult, PhaseStarted
from simulator.attempts import events
from simulator.attempts.announcing import announce
from simulator.attempts.claiming import Claim, beat
from simulator.attempts.models import Result


class Lost(Exception):
    """The claim no longer holds: nothing of it may be stored."""


def record(claim: Claim, event: PhaseStarted | CheckResult, *, position: int) -> None:
    """Store and announce one event. Raises Lost when the claim no longer holds."""
    kind = Result.Event.PHASE if isinstance(event, PhaseStarted) else Result.Event.RESULT
    with transaction.atomic():
        if not beat(claim):
            raise Lost
        row = Result(
            grading_id=claim.grading_id,
            fence=claim.fence,
            position=position,
            event=kind,
            body=events.write(event),
        )
        # Said twice, when the answer to the first time was lost, it stands once.
        Result.objects.bulk_create([row], ignore_conflicts=True)
    announce(claim.grading_id)
