"""From a metric to points: nothing at the baseline, linear, full at the target and flat above.

And how much of a difference is luck: a seeded bootstrap, over rows or over clusters of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from graders.metrics.answers import Numbers, Vector, labelled

Metric = Callable[..., float]

_FEWEST = 2  # draws, and clusters: one has no spread
_TRIES = 4  # draws for each that counts: a draw without a positive row has no ROC-AUC


@dataclass(frozen=True, kw_only=True)
class Band:
    """A metric with its noise, in the metric's own unit."""

    value: float
    low: float
    high: float
    error: float  # the standard error

    def holds(self, value: float) -> bool:
        """Whether another value is within the noise of this one; NaN never is."""
        return self.low <= value <= self.high


def share_between(value: float, *, baseline: float, target: float) -> float:
    """The share of the points for a metric: 0 at the baseline, linear, 1 at the target and above.

    A target below the baseline means that less is better. NaN and infinities earn nothing.
    """
    if not (math.isfinite(baseline) and math.isfinite(target)) or baseline == target:
        raise ValueError(f"baseline {baseline!r} and target {target!r} span nothing")
    if not math.isfinite(value):
        return 0.0
    return min(1.0, max(0.0, (value - baseline) / (target - baseline)))


def reaches(value: float, threshold: float, *, more_is_better: bool = True) -> bool:
    """Whether a finite value is at least as good as the threshold; NaN never is."""
    if not math.isfinite(value):
        return False
    return value >= threshold if more_is_better else value <= threshold


def noise_of(
    metric: Callable[[Numbers, Numbers], float],
    labels: Vector,
    scores: Vector,
    *,
    seed: int,
    times: int = 200,
) -> float:
    """The standard error of a metric of labels and scores, in its own unit, by a bootstrap.

    Efron (1979). Rows are drawn with replacement within each class, so that both are always there.
    """
    y, s = labelled(labels, scores)
    return band(metric, y, s, seed=seed, times=times, strata=y).error


def band(
    metric: Metric,
    *columns: Vector,
    seed: int,
    times: int = 200,
    level: float = 0.95,
    clusters: Vector | None = None,
    strata: Vector | None = None,
) -> Band:
    """A metric of columns with the interval that holds it with the chance `level`.

    A bootstrap of `times` seeded draws; the interval is that of percentiles (Efron, 1979). Rows
    of one cluster (a customer, a day) are drawn together, or noise is too small by what they have
    in common (Cameron, Gelbach and Miller, 2008); with `strata` each stratum keeps its size. The
    noise of a difference of two models is `band(lambda y, a, b: m(y, b) - m(y, a), y, a, b, …)`.
    Raises ValueError for both at once, and where most draws have no value.
    """
    arrays = [np.asarray(column) for column in columns]
    if len({len(array) for array in arrays}) != 1 or times < _FEWEST or not 0 < level < 1:
        raise ValueError("columns of one length, draws and a level between 0 and 1 are needed")
    draw = _drawing(len(arrays[0]), clusters, strata)
    rng = np.random.default_rng(seed)
    drawn: list[float] = []
    for _ in range(_TRIES * times):
        rows = draw(rng)
        value = _tried(metric, [array[rows] for array in arrays])
        drawn += [value] if math.isfinite(value) else []
        if len(drawn) == times:
            break
    if len(drawn) < times:
        raise ValueError("most draws of the bootstrap have no value: too few rows of one kind")
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    error = float(np.std(drawn, ddof=1))
    return Band(value=metric(*arrays), low=float(low), high=float(high), error=error)


def _tried(metric: Metric, arrays: list[Any]) -> float:
    """A metric refuses a draw that it cannot score, such as one of a single class."""
    try:
        return metric(*arrays)
    except ValueError:
        return math.nan


def _drawing(
    rows: int, clusters: Vector | None, strata: Vector | None
) -> Callable[[np.random.Generator], Any]:
    """How rows are drawn: alone, within their stratum, or by whole clusters."""
    if clusters is not None and strata is not None:
        raise ValueError("rows are drawn by cluster or by stratum, not by both")
    if clusters is None:
        groups = [np.arange(rows)] if strata is None else _groups(strata)
        return lambda rng: np.concatenate([rng.choice(own, len(own)) for own in groups])
    own = _groups(clusters)
    if len(own) < _FEWEST:
        raise ValueError("one cluster says nothing of noise")
    return lambda rng: np.concatenate([own[n] for n in rng.integers(0, len(own), len(own))])


def _groups(keys: Vector) -> list[Any]:
    places = pd.Series(np.arange(len(keys)))
    return list(places.groupby(np.asarray(keys)).indices.values())
