"""How fast a service answers under load, and how fast it comes up: measured outside of it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graders.checking import Check
from graders.failures import Fail
from graders.results import Kind, Param, Severity
from graders.service.api import Api, Bodies, Route, Unfit, bodies_of
from graders.service.calibration import Pace, pace, quantile
from graders.service.contract import example
from graders.service.library import library
from graders.service.running import alone, running
from graders.workspace import Workspace
from sandbox.interface import Answer, Heard, Json

ROUNDS = 3  # noise only ever slows: the best of so many counts
LARGEST_RATE = 500.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What is asked under load; seconds are those of a quiet machine with two processors.

    `rate` requests a second, `requests` in all; `patience` is when one counts as unanswered.
    """

    p95: float
    p50: float | None = None
    rate: float = 40.0
    requests: int = 120
    patience: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.rate <= LARGEST_RATE or not 20 <= self.requests <= 2_000:  # noqa: PLR2004
            raise ValueError("a load has up to 500 requests a second, and 20 to 2,000 of them")
        if self.p95 <= 0 or (self.p50 is not None and not 0 < self.p50 <= self.p95):
            raise ValueError("budgets are positive, and p50 lies below p95")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: what was heard, and how busy the machine was."""

    heard: Sequence[Heard]
    wrong: int  # without an answer, or with one that is not the contract's
    budget: Budget
    pace: Pace

    @property
    def p50(self) -> float:
        """The median, in seconds."""
        return quantile(self.heard, 0.50)

    @property
    def p95(self) -> float:
        """The 95th percentile, in seconds."""
        return quantile(self.heard, 0.95)

    @property
    def over(self) -> float:
        """How many times over its budget it is; at most 1 is within."""
        middle = self.p50 / (self.budget.p50 * self.pace.p50) if self.budget.p50 else 0.0
        return max(middle, self.p95 / (self.budget.p95 * self.pace.p95))

    @property
    def good(self) -> bool:
        """Whether every answer is right and in time."""
        return not self.wrong and self.over <= 1


def answers_within(
    api: Api,
    *,
    bodies: Bodies,
    budget: Budget,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """Under load, 95 of 100 answers are right and complete within `budget.p95` seconds.

    `budget.rate` requests a second are sent at random moments (a Poisson process) by a schedule
    that does not wait for answers, and each is timed from when it was due to the last byte of its
    answer (Tene: coordinated omission). `bodies` makes what is asked when it is needed; each
    round of `budget.requests` takes new ones where there are enough, so what was computed before
    or remembered is of no use. Seconds are those of a quiet machine, and are multiplied by how
    much slower this one is in the same minute (`graders.service.calibration`); the best of three
    rounds counts. Up to twice the budget earns a part of the points. Reasons: `too_slow`,
    `fails_under_load`, `died_under_load`.

        fast = service.answers_within(
            API, bodies=unseen, budget=service.Budget(p95=0.05, rate=50), points=8)
    """

    def judge(work: Workspace) -> None:
        route = api.predict
        asked = bodies_of(work, bodies, route=route)
        draw = random.Random(f"{work.rooms.seed} load {route.path}")  # noqa: S311 - not a secret
        best: Round | None = None
        before = pace(work.rooms)
        for number in range(ROUNDS):
            heard = _load(work, api, _share(asked, number), budget, draw)
            found = Round(heard=heard, wrong=_wrong(route, heard), budget=budget, pace=before)
            if not found.good:
                running(work, api).stop()  # it must not make the machine look busy
                after = pace(work.rooms)
                found = Round(heard=heard, wrong=found.wrong, budget=budget, pace=before | after)
                before = after
            if found.good:
                return
            best = min((best or found, found), key=lambda one: (one.wrong, one.over))
        if best is not None:
            _refuse(best)

    return library("service_latency", judge, points, severity, needs, Kind.RESOURCE)


def starts_within(
    api: Api,
    *,
    seconds: float,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """From the start of the process to the last byte of the first right answer: `seconds`.

    Work that is done at import or at start-up is in this time, so moving it there wins nothing.
    The interpreter of a room is warm: what the runtime's libraries take to import is not counted,
    the project's own modules and its model are. The budget is for a quiet machine, multiplied by
    how much slower this one is in the same minute; the best of three starts counts, and up to
    twice the budget earns a part of the points. Reasons: `slow_start`, and those of `starts`.

        cold = service.starts_within(API, seconds=2.0, points=3)
    """
    if seconds <= 0:
        raise ValueError("a budget is positive")

    def judge(work: Workspace) -> None:
        best = float("inf")
        budget = seconds
        for _ in range(ROUNDS):
            with alone(work, api) as service:
                first = example(service, api.predict)
            best = min(best, first.at + first.seconds)
            if best <= budget:
                return
            budget = max(budget, seconds * pace(work.rooms).start)
        if best > budget:
            facts: dict[str, Param] = {"found": _ms(best), "budget": _ms(budget)}
            raise Fail("slow_start", facts, share=_part(best / budget))

    return library("service_cold_start", judge, points, severity, needs, Kind.RESOURCE)


def _load(
    work: Workspace, api: Api, bodies: Sequence[Json], budget: Budget, draw: random.Random
) -> Sequence[Heard]:
    """One round of requests; a first one before it, so that no round pays for the start."""
    service = running(work, api)
    example(service, api.predict)
    moments = _moments(budget, draw)
    asks = [api.predict.ask(bodies[n % len(bodies)], due=due) for n, due in enumerate(moments)]
    heard = service.load(asks, patience=budget.patience)
    if not heard:
        raise Fail("died_under_load", {"rate": round(budget.rate)})
    return heard


def _moments(budget: Budget, draw: random.Random) -> Iterator[float]:
    """Moments of a Poisson process, scaled so that all fall into the same time."""
    gaps = [draw.expovariate(1.0) for _ in range(budget.requests)]
    scale = budget.requests / budget.rate / sum(gaps)
    due = 0.0
    for gap in gaps:
        yield due
        due += gap * scale


def _share(bodies: Sequence[Json], number: int) -> Sequence[Json]:
    """The bodies of one round: a third of them, where there are enough for that."""
    size = len(bodies) // ROUNDS
    return bodies[number * size : (number + 1) * size] or bodies


def _wrong(route: Route, heard: Sequence[Heard]) -> int:
    return sum(not _right(route, one) for one in heard)


def _right(route: Route, heard: Heard) -> bool:
    if not isinstance(heard, Answer) or heard.status != route.status:
        return False
    try:
        route.read(heard)
    except Unfit:
        return False
    return True


def _refuse(best: Round) -> None:
    if best.wrong:
        facts: dict[str, Param] = {"failed": best.wrong, "total": len(best.heard)}
        raise Fail("fails_under_load", {**facts, "rate": round(best.budget.rate)})
    within = best.budget.p95 * best.pace.p95
    if best.p95 <= within and best.budget.p50:
        share, found, within, slower = 50, best.p50, best.budget.p50 * best.pace.p50, best.pace.p50
    else:
        share, found, slower = 95, best.p95, best.pace.p95
    raise Fail(
        "too_slow",
        {"share": share, "found": _ms(found), "budget": _ms(within), "slower": slower},
        share=_part(best.over),
    )


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _part(over: float) -> float:
    """The part of the points that is left: none at twice the budget."""
    return max(0.0, min(0.99, 2 - over))
