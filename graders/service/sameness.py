"""Whether a service says the same as the batch path, and the same again after a restart."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graders.checking import Check
from graders.failures import Fail
from graders.results import Kind, Severity
from graders.service.api import Api, Bodies, Route, Unfit, bodies_of, unfit
from graders.service.contract import hold_to_status
from graders.service.library import library
from graders.service.running import Running, answered, running
from graders.workspace import Workspace
from sandbox.interface import Json

Batch = Callable[[Workspace, Sequence[Json]], Sequence[Any]]
"""What the project's batch path says of the same bodies, in their order: by ``work.call``."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is compared: the bodies to ask with, and the value of an answer by its dotted name.

    Numbers agree within `tolerance`, absolute and relative; anything else is equal.
    """

    bodies: Bodies
    field: str
    tolerance: float = 1e-6


def same_as_batch(
    api: Api,
    *,
    sample: Sample,
    batch: Batch,
    points: float,
    severity: Severity = Severity.BLOCKER,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """The service answers what the batch path answers for the same rows.

    The sample's bodies are rows that nobody has seen; `batch` asks the project's batch path for
    them, in their order. Reasons: `differs_from_batch`, `answer_differs`, `wrong_status`,
    `unanswered`.

        sample = service.Sample(bodies=unseen, field="probability")
        parity = service.same_as_batch(API, sample=sample, batch=scored, points=10)
    """

    def judge(work: Workspace) -> None:
        asked = bodies_of(work, sample.bodies, route=api.predict)
        wanted = list(batch(work, asked))
        if len(wanted) != len(asked):
            raise ValueError(f"batch answers {len(wanted)} values for {len(asked)} bodies")
        found = _values(running(work, api), api.predict, asked, sample.field)
        gaps = [
            _gap(one, other, sample.tolerance) for one, other in zip(wanted, found, strict=True)
        ]
        _hold(gaps, reason="differs_from_batch")

    return library("service_parity", judge, points, severity, needs, Kind.CONSISTENCY)


def same_after_restart(
    api: Api,
    *,
    sample: Sample,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Sequence[Check | str] = ("service_starts",),
) -> Check:
    """Killed and started again, asked in another order, the service answers the same.

    What it keeps in memory, or has learnt from who asked before, must not be in its answers; and
    what it leaves when it is killed (a lock, half a file) must not keep it from coming back.
    Reasons: `restart_differs`, `answer_differs`, `wrong_status`, `unanswered`, and those of
    `starts`.

        again = service.same_after_restart(API, sample=sample, points=4)
    """

    def judge(work: Workspace) -> None:
        asked = bodies_of(work, sample.bodies, route=api.predict)
        service = running(work, api)
        before = _values(service, api.predict, asked, sample.field)
        service.kill()
        service.again()
        after = _values(service, api.predict, asked[::-1], sample.field)[::-1]
        gaps = [
            _gap(one, other, sample.tolerance) for one, other in zip(before, after, strict=True)
        ]
        _hold(gaps, reason="restart_differs")

    return library("service_restart", judge, points, severity, needs, Kind.INVARIANCE)


def _values(service: Running, route: Route, bodies: Sequence[Json], field: str) -> list[Json]:
    """The value of each answer, asked one after the other. Raises Fail."""
    found = []
    for body in bodies:
        heard = service.ask(route.ask(body))
        answer = answered(heard, method=route.method, path=route.path)
        hold_to_status(route, answer)
        try:
            found.append(_pick(route.read(answer), field))
        except Unfit as broken:
            raise unfit(route, broken) from None
    return found


def _pick(found: Json, field: str) -> Json:
    """A value by its dotted name. Raises Unfit."""
    for name in field.split("."):
        if not isinstance(found, dict) or name not in found:
            raise Unfit("missing", field)
        found = found[name]
    return found


def _gap(one: Json, other: Json, tolerance: float) -> float:
    """How far two values are apart: 0 when they agree, infinite when they cannot be compared."""
    if isinstance(one, bool) or isinstance(other, bool):
        return 0.0 if one is other else math.inf
    if isinstance(one, int | float) and isinstance(other, int | float):
        near = math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
        return 0.0 if near else abs(one - other)
    return 0.0 if one == other and type(one) is type(other) else math.inf


def _hold(gaps: Sequence[float], *, reason: str) -> None:
    rows = sum(gap > 0 for gap in gaps)
    if rows:
        measured = [gap for gap in gaps if math.isfinite(gap)]
        # To one digit: what a service answers to hidden rows is not to be told by its gaps.
        largest = min(1e6, float(f"{max(measured, default=0.0):.1g}"))
        raise Fail(reason, {"rows": rows, "total": len(gaps), "largest": largest})
