"""What a learner was shown of hidden metrics before an attempt: the rung that the next one climbs.

Everything that was announced counts, also what a worker said before it fell down: it was seen.
"""

from graders.metrics import shown_before
from graders.metrics.shown import VALUE
from simulator.attempts import events
from simulator.attempts.models import Attempt, Result


def shown_to(attempt: Attempt, *, version: str) -> dict[str, float]:
    """The last shown value of each check of this stage, from the attempts before this one.

    Only those judged as `version` judges: its first two numbers say how (a patch is words).
    """
    major, minor, *_ = version.split(".")
    before = Result.objects.filter(
        event=Result.Event.RESULT,
        body__params__has_key=VALUE,
        grading__quest_version__startswith=f"{major}.{minor}.",
        grading__attempt__enrolment=attempt.enrolment_id,
        grading__attempt__stage=attempt.stage,
        grading__attempt__number__lt=attempt.number,
    )
    order = ("grading__attempt__number", "grading_id", "fence", "position")
    bodies = before.order_by(*order).values_list("body", flat=True)
    return shown_before(events.read_result(body) for body in bodies)
