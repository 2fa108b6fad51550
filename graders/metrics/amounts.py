"""How far off amounts are, and what choices earn: regression errors and money.

Total functions, finite for every answer that is: no answer is larger than `answers.LARGEST`.
"""

import numpy as np

from graders.metrics.answers import Vector, measured, within
from graders.metrics.ranking import sum_at_share


def mae(actual: Vector, predicted: Vector) -> float:
    """Mean absolute error, in the unit of the amount; best for the median."""
    y, f = measured(actual, predicted)
    return float(np.mean(np.abs(y - f)))


def rmse(actual: Vector, predicted: Vector) -> float:
    """Root mean squared error, in the unit of the amount; best for the mean."""
    y, f = measured(actual, predicted)
    return float(np.sqrt(np.mean((y - f) ** 2)))


def bias(actual: Vector, predicted: Vector) -> float:
    """Mean of predicted minus actual, in the unit of the amount: above 0 says too much."""
    y, f = measured(actual, predicted)
    return float(np.mean(f - y))


def wape(actual: Vector, predicted: Vector) -> float:
    """Sum of absolute errors over that of absolute amounts, 0 and up (Kolassa, Schütz, 2007)."""
    y, f = measured(actual, predicted)
    total = float(np.abs(y).sum())
    if total == 0:
        raise ValueError("WAPE needs an amount that is not zero")
    return float(np.abs(y - f).sum()) / total


def smape(actual: Vector, predicted: Vector) -> float:
    """Mean of |y - f| / ((|y| + |f|) / 2), 0 to 2; two zeros agree (Makridakis, 1993)."""
    y, f = measured(actual, predicted)
    half = (np.abs(y) + np.abs(f)) / 2
    gap = np.abs(y - f)
    return float(np.mean(np.divide(gap, half, out=np.zeros_like(gap), where=half > 0)))


def r2(actual: Vector, predicted: Vector) -> float:
    """The part of the variance that is explained: 1 is perfect, 0 the mean, below 0 worse."""
    y, f = measured(actual, predicted)
    around = float(np.sum((y - y.mean()) ** 2))
    if around == 0:
        raise ValueError("R2 needs amounts that differ")
    return 1 - float(np.sum((y - f) ** 2)) / around


def profit(values: Vector, chosen: Vector) -> float:
    """Mean over all rows of the grader's value of a row where it was chosen, else 0.

    `values` is what choosing a row brings, exactly (its gain less its cost). `chosen` is a
    stranger's share of a row, 0 to 1: anything else raises Fail values_out_of_range.
    """
    worth, flags = measured(values, chosen)
    return float(np.mean(within(flags, column="chosen", low=0, high=1) * worth))


def profit_at_share(values: Vector, scores: Vector, share: float) -> float:
    """Mean over all rows of the value of those with the floor(share * n) highest scores."""
    y, s = measured(values, scores)
    return sum_at_share(y, s, share) / len(y)


def capture(value: float, *, baseline: float, best: float) -> float:
    """How much of what could be gained over the baseline was: 1 is the optimum, may be below 0."""
    if not best > baseline:
        raise ValueError(f"the best {best!r} is not above the baseline {baseline!r}")
    return (value - baseline) / (best - baseline)
