"""What of a hidden metric may be shown: the Ladder (Blum and Hardt, 2015).

A learner who sees every digit of every attempt can climb on noise, or read labels off it. So a
value is shown in whole steps, and a new one only when it is better, by a step, than the best shown
before. That best one is plain data that a caller keeps and feeds in: `shown_before` finds it in
earlier results, `Workspace.shown` hands it to checks.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from graders.results import CheckResult

VALUE = "value"  # the parameter of a message that shows a hidden metric


@dataclass(frozen=True, kw_only=True)
class Rung:
    """Where a learner stands on the ladder of one metric."""

    shown: float  # the only digits that may leave: show them, and feed them in next time
    moved: bool  # whether this attempt was better than what was shown before, beyond noise


def climb(
    value: float, *, step: float, best: float | None = None, more_is_better: bool = True
) -> Rung:
    """One attempt on the ladder of a metric.

    `step` is about the metric's noise (see `credit.band`), in its unit; `best` is what was shown
    before, None on the first attempt. A value that is not finite moves nothing; as a first one it
    raises ValueError, and so does a step that is none.
    """
    if not (step > 0 and math.isfinite(step)):
        raise ValueError(f"a ladder has no step {step!r}")
    sign = 1 if more_is_better else -1
    if best is not None and not sign * (value - best) >= step * (1 - 1e-9):
        return Rung(shown=best, moved=False)
    if not math.isfinite(value):
        raise ValueError(f"nothing is shown of {value!r}")
    digits = max(0, 2 - math.floor(math.log10(step)))
    whole = math.floor(sign * value / step + 1e-9)
    return Rung(shown=round(sign * whole * step, digits), moved=True)


def ladder(value: float, *, step: float, best: float | None = None) -> float:
    """What `climb` shows of a metric of which more is better."""
    return climb(value, step=step, best=best).shown


def shown_before(earlier: Iterable[CheckResult]) -> dict[str, float]:
    """The best shown value of each check, from its earlier results, the oldest first.

    Only `climb` makes such values, so the latest of them is the best.
    """
    found: dict[str, float] = {}
    for result in earlier:
        value = result.params.get(VALUE)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[result.check] = float(value)
    return found
