"""Score, readiness and blame follow from results, and from nothing else."""

import pytest

from graders.results import (
    Blame,
    CheckResult,
    Group,
    Kind,
    Outcome,
    Phase,
    Readiness,
    Severity,
)
from graders.verdicts import conclude


def result(
    name: str,
    outcome: Outcome = Outcome.PASSED,
    *,
    severity: Severity = Severity.MAJOR,
    earned: float | None = None,
    waits_for: str | None = None,
) -> CheckResult:
    points = earned if earned is not None else 10.0 * (outcome is Outcome.PASSED)
    return CheckResult(
        check=name,
        group=Group.METRICS,
        phase=Phase.PUBLIC,
        kind=Kind.EXACT,
        severity=severity,
        outcome=outcome,
        points=points,
        max_points=10,
        waits_for=waits_for,
    )


def test_ninety_points_with_a_failed_blocker_are_not_ready() -> None:
    good = [result(str(n)) for n in range(9)]
    leak = result("leak", Outcome.FAILED, severity=Severity.BLOCKER)
    verdict = conclude([*good, leak], pass_=60, merit=90)
    assert (verdict.score, verdict.readiness) == (90, Readiness.NOT_READY)
    assert not verdict.passed
    assert not verdict.merit


def test_a_failed_major_makes_a_pilot_that_passes() -> None:
    verdict = conclude([result("a"), result("b", Outcome.FAILED)], pass_=50, merit=90)
    assert (verdict.passed, verdict.readiness) == (True, Readiness.PILOT)


def test_a_failed_minor_is_still_fit_for_production() -> None:
    minor = result("b", Outcome.FAILED, severity=Severity.MINOR)
    verdict = conclude([result("a"), minor], pass_=50, merit=90)
    assert verdict.readiness is Readiness.PRODUCTION


def test_a_work_that_does_not_pass_is_never_fit_for_production() -> None:
    half = result("a", Outcome.PARTIAL, earned=5)
    verdict = conclude([half], pass_=60, merit=90)
    assert (verdict.passed, verdict.readiness) == (False, Readiness.PILOT)


def test_a_skipped_blocker_holds_as_little_as_a_failed_one() -> None:
    skipped = result("b", Outcome.SKIPPED, severity=Severity.BLOCKER, waits_for="a")
    failed = result("a", Outcome.FAILED, severity=Severity.MINOR)
    verdict = conclude([failed, skipped, result("c"), result("d")], pass_=50, merit=90)
    assert not verdict.passed
    assert verdict.readiness is Readiness.NOT_READY


def test_the_score_that_is_shown_is_the_one_that_decides() -> None:
    close = result("a", Outcome.PARTIAL, earned=5.996)
    assert conclude([close], pass_=60, merit=90).passed


def test_broken_checks_and_what_waits_for_them_count_neither_way() -> None:
    results = [
        result("a"),
        result("b", Outcome.BROKEN, severity=Severity.MINOR),
        result("c", Outcome.SKIPPED, severity=Severity.MINOR, waits_for="b"),
        result("d", Outcome.SKIPPED, severity=Severity.MINOR, waits_for="c"),
    ]
    verdict = conclude(results, pass_=60, merit=90)
    assert (verdict.score, verdict.blame, verdict.passed) == (100, Blame.QUEST_ERROR, True)


@pytest.mark.parametrize("severity", [Severity.BLOCKER, Severity.MAJOR])
def test_breaking_a_check_that_matters_does_not_open_the_next_stage(severity: Severity) -> None:
    broken = result("b", Outcome.BROKEN, severity=severity)
    verdict = conclude([result("a"), broken], pass_=60, merit=90)
    assert (verdict.passed, verdict.blame) == (False, Blame.QUEST_ERROR)


@pytest.mark.parametrize(
    ("outcomes", "blame"),
    [
        ([Outcome.PASSED], Blame.PASSED),
        ([Outcome.FAILED], Blame.FAILED),
        ([Outcome.FAILED, Outcome.ERROR], Blame.LEARNER_ERROR),
        ([Outcome.ERROR, Outcome.TIMEOUT], Blame.LEARNER_LIMIT),
        ([Outcome.FAILED, Outcome.LIMIT], Blame.LEARNER_LIMIT),
        ([Outcome.LIMIT, Outcome.BROKEN], Blame.QUEST_ERROR),
    ],
)
def test_blame_names_the_gravest_cause(outcomes: list[Outcome], blame: Blame) -> None:
    results = [result(str(n), outcome) for n, outcome in enumerate(outcomes)]
    assert conclude(results, pass_=60, merit=90).blame is blame


def test_a_stage_without_points_is_no_division_by_zero() -> None:
    assert conclude([], pass_=60, merit=90).score == 0
