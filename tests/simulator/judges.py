"""Judges that say what a test wants said."""

from collections.abc import Iterator
from dataclasses import replace

from graders.basis import Basis
from graders.results import (
    Blame,
    CheckResult,
    Event,
    Group,
    Kind,
    Outcome,
    Param,
    Phase,
    PhaseStarted,
    Readiness,
    Severity,
    Verdict,
)
from graders.verdicts import conclude
from sandbox.interface import Limits, Made, Sandbox
from simulator.attempts.delivering import Judge, Work

FACTS = {
    "is_there": (Group.PRODUCTION, Severity.BLOCKER, 10.0),
    "is_right": (Group.METRICS, Severity.MAJOR, 30.0),
    "pays": (Group.BUSINESS, Severity.MINOR, 20.0),
    "is_tested": (Group.TESTS, Severity.MAJOR, 10.0),
}


def result(check: str, outcome: Outcome = Outcome.PASSED, **facts: object) -> CheckResult:
    """How a check of the toy quest ended."""
    group, severity, points = FACTS[check]
    given: dict[str, object] = {
        "check": check,
        "group": group,
        "severity": severity,
        "phase": Phase.PUBLIC,
        "kind": Kind.EXACT,
        "outcome": outcome,
        "points": points if outcome is Outcome.PASSED else 0.0,
        "max_points": points,
    }
    return CheckResult(**(given | facts))  # type: ignore[arg-type]


def wrong_sum(found: int = 2) -> CheckResult:
    """The learner's `add` is wrong."""
    params: dict[str, Param] = {"found": found}
    return result("is_right", Outcome.FAILED, reason="differs", params=params)


def everything_passes() -> tuple[CheckResult, ...]:
    return tuple(result(check) for check in FACTS)


def verdict(*results: CheckResult) -> Verdict:
    return conclude(results or everything_passes(), pass_=60, merit=90)


def resting_on(*rooms: Made) -> Basis:
    """What a verdict of the toy quest rests on."""
    return Basis(
        quest="toy",
        quest_version="1.2.0",
        quest_digest="d" * 64,
        stage="features",
        runtime="python-ml",
        scale="tiny",
        seed=1,
        limits=Limits(),
        public_data="toy-1.2.0-tiny-public",
        hidden_data="e" * 64,
        work="f" * 64,
        judge="0" * 64,
        versions={"python": "3.11"},
        rooms=rooms,
    )


def standing_on(made: Made, *results: CheckResult) -> Judge:
    """A judge whose rooms were of a kind."""
    found = results or everything_passes()

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield from found
        yield replace(verdict(*found), basis=resting_on(made))

    return judge


def saying(*results: CheckResult) -> Judge:
    """A judge that finds these results."""
    found = results or everything_passes()

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield PhaseStarted(phase=Phase.PUBLIC, checks=tuple(r.check for r in found))
        yield from found
        yield verdict(*found)

    return judge


def falling(error: BaseException) -> Judge:
    """A judge that falls down after its first result."""

    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield result("is_there")
        raise error

    return judge


def platform_error() -> Judge:
    def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
        yield Verdict(
            blame=Blame.PLATFORM_ERROR,
            score=0.0,
            readiness=Readiness.NOT_READY,
            passed=False,
            merit=False,
            results=(),
        )

    return judge
