"""Which one finding to look at first."""

from collections.abc import Sequence

from graders.results import CheckResult, Outcome, Severity

OPEN: frozenset[Outcome] = frozenset(
    {Outcome.FAILED, Outcome.PARTIAL, Outcome.ERROR, Outcome.TIMEOUT, Outcome.LIMIT}
)
FAILING: frozenset[Outcome] = OPEN - {Outcome.PARTIAL}


def focus_of(results: Sequence[CheckResult]) -> CheckResult | None:
    """The first failing blocker in the order of the checks, else the most points still open.

    The judge's order puts what others need first, so the first blocker explains later ones.
    """
    blockers = [
        result
        for result in results
        if result.severity is Severity.BLOCKER and result.outcome in FAILING
    ]
    if blockers:
        return blockers[0]
    # Of equal ones the first; notes carry no points and never come here.
    missing = [result for result in results if is_open(result)]
    return max(missing, key=lambda result: result.max_points - result.points, default=None)


def is_open(result: CheckResult) -> bool:
    """Whether there is something left to do for the learner."""
    return result.outcome in OPEN and result.severity not in {Severity.NOTE, Severity.PRAISE}
