"""Are probabilities honest: proper scores and calibration, for classes, quantiles and intervals.

A proper score is best, in expectation, for whoever says what they believe (Gneiting and Raftery,
2007): inflated, deflated or infinitely wide answers earn nothing by it.
"""

import numpy as np
import pandas as pd

from graders.metrics.answers import Numbers, Vector, labelled, measured, within


def log_loss(labels: Vector, probabilities: Vector, *, clip: float = 1e-4) -> float:
    """Mean negative log-likelihood in nats a row, of probabilities clipped to [clip, 1 - clip].

    Good (1952). Shapes (n,) and (n,); probabilities in [0, 1].
    """
    y, p = _chances(labels, probabilities)
    p = np.clip(p, clip, 1 - clip)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def brier(labels: Vector, probabilities: Vector) -> float:
    """Mean squared distance of a probability from what happened, 0 to 1; less is better.

    Brier (1950). Shapes (n,) and (n,); probabilities in [0, 1].
    """
    y, p = _chances(labels, probabilities)
    return float(np.mean((p - y) ** 2))


def skill(score: float, of_baseline: float) -> float:
    """How much of a baseline's loss is gone: 1 is perfect, 0 the baseline, below 0 worse."""
    if not of_baseline > 0:
        raise ValueError(f"a baseline with the loss {of_baseline!r} leaves nothing to gain")
    return 1 - score / of_baseline


def ece(labels: Vector, probabilities: Vector, *, bins: int = 20) -> float:
    """Expected calibration error, 0 to 1: sum of n_b/n * |mean label - mean probability|.

    Bins of equal count by rising probability (Naeini, Cooper and Hauskrecht, 2015, with their
    equal-width bins replaced). Rows of one probability share its mean label, so their order does
    not matter. Shapes (n,) and (n,).
    """
    y, p = _chances(labels, probabilities)
    shared = pd.Series(y).groupby(p).transform("mean").to_numpy()
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(part) * abs(shared[part].mean() - p[part].mean()) for part in parts]
    return float(sum(gaps) / len(p))


def pinball(actual: Vector, predicted: Vector, *, quantile: float) -> float:
    """Mean quantile loss, in the unit of the forecast; less is better.

    max(q (y - f), (q - 1) (y - f)): the proper score of a quantile (Koenker and Bassett, 1978).
    """
    if not 0 < quantile < 1:
        raise ValueError(f"a quantile lies between 0 and 1, not at {quantile!r}")
    y, f = measured(actual, predicted)
    return float(np.mean(np.maximum(quantile * (y - f), (quantile - 1) * (y - f))))


def winkler(actual: Vector, low: Vector, high: Vector, *, level: float) -> float:
    """Mean interval score of intervals that promise to hold the share `level`; less is better.

    Width, plus 2 / (1 - level) times the distance by which an interval is missed (Winkler, 1972).
    Ends that are swapped count as they are meant. In the unit of the forecast.
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level!r}")
    y, a = measured(actual, low)
    _, b = measured(actual, high)
    a, b = np.minimum(a, b), np.maximum(a, b)
    missed = np.maximum(a - y, 0) + np.maximum(y - b, 0)
    return float(np.mean((b - a) + 2 / (1 - level) * missed))


def coverage(actual: Vector, low: Vector, high: Vector) -> float:
    """The share of intervals that hold what happened. Not a proper score: see `winkler`."""
    y, a = measured(actual, low)
    _, b = measured(actual, high)
    return float(np.mean((a <= y) & (y <= b)))


def _chances(labels: Vector, probabilities: Vector) -> tuple[Numbers, Numbers]:
    y, p = labelled(labels, probabilities)
    return y, within(p, column="probability", low=0, high=1)
