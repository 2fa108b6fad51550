"""Which stages are passed: what opens the next one."""

from simulator.attempts.models import Verdict
from simulator.catalog.models import Enrolment


def passed_stages(enrolment: Enrolment) -> frozenset[str]:
    """The stages of an enrolment with a passing verdict."""
    return frozenset(
        Verdict.objects.filter(
            grading__attempt__enrolment=enrolment, passed=True, counts=True
        ).values_list("grading__attempt__stage", flat=True)
    )
