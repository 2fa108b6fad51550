"""From results to a verdict: score, readiness, pass, merit, and whose doing it is."""

from collections.abc import Sequence

from graders.results import Blame, CheckResult, Clocks, Outcome, Readiness, Severity, Verdict

_GOOD = (Outcome.PASSED, Outcome.PARTIAL)
_LIMITS = (Outcome.TIMEOUT, Outcome.LIMIT)


def conclude(
    results: Sequence[CheckResult],
    *,
    pass_: float,
    merit: float,
    clocks: Clocks | None = None,
    peak_memory_mb: float = 0.0,
) -> Verdict:
    """The verdict on a stage whose score must reach `pass_`, and `merit` for merit.

    Broken checks, and those skipped because of one, count neither for nor against. But a work
    whose blocker or major check broke is not passed: nobody has seen that it holds, and a check
    must not be worth breaking. Such a verdict charges no attempt (`quest_error`).
    """
    set_aside = _set_aside(results)
    counted = [result for result in results if result.check not in set_aside]
    score = score_of(counted)
    failed = {result.severity for result in counted if result.outcome not in _GOOD}
    unseen = {result.severity for result in results if result.check in set_aside}
    sure = not unseen & {Severity.BLOCKER, Severity.MAJOR}
    passed = sure and Severity.BLOCKER not in failed and score >= pass_
    return Verdict(
        blame=_blame(results, passed=passed),
        score=score,
        readiness=_readiness(failed, passed=passed),
        passed=passed,
        merit=passed and score >= merit,
        results=tuple(results),
        clocks=clocks or Clocks(),
        peak_memory_mb=round(peak_memory_mb, 1),
    )


def score_of(results: Sequence[CheckResult]) -> float:
    """Points earned of those to earn, 0 to 100 with one decimal: what is shown is what decides."""
    most = sum(result.max_points for result in results)
    return round(100 * sum(result.points for result in results) / most, 1) if most > 0 else 0.0


def _set_aside(results: Sequence[CheckResult]) -> set[str]:
    """Broken checks and, step by step, whatever waits for them."""
    aside = {result.check for result in results if result.outcome is Outcome.BROKEN}
    for _ in results:
        more = {result.check for result in results if result.waits_for in aside} - aside
        if not more:
            break
        aside |= more
    return aside


def _readiness(failed: set[Severity], *, passed: bool) -> Readiness:
    if Severity.BLOCKER in failed:
        return Readiness.NOT_READY
    return Readiness.PRODUCTION if passed and Severity.MAJOR not in failed else Readiness.PILOT


def _blame(results: Sequence[CheckResult], *, passed: bool) -> Blame:
    outcomes = [result.outcome for result in results]
    if Outcome.BROKEN in outcomes:
        return Blame.QUEST_ERROR
    if passed:
        return Blame.PASSED
    if any(outcome in _LIMITS for outcome in outcomes):
        return Blame.LEARNER_LIMIT
    return Blame.LEARNER_ERROR if Outcome.ERROR in outcomes else Blame.FAILED
