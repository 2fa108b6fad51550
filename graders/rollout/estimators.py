"""What an experiment says: the difference of two arms with its interval, and whether to trust it.

Every function takes plain arrays, one value a unit, and answers an `Effect`: treatment minus
control in the unit of the metric. Values must be finite, and each arm needs two units; otherwise
ValueError, for these are the judge's own numbers.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Numbers = npt.NDArray[np.float64]
Values = npt.ArrayLike

SRM_ALARM = 0.0005
"""Below this the split itself is broken (Fabijan et al., KDD 2019)."""

Method = Literal["welch", "ratio", "clustered", "cuped"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A difference of two arms. `low` and `high` are the two-sided interval at 1 - alpha."""

    value: float
    se: float
    low: float
    high: float
    p_value: float
    n_control: int
    n_treatment: int
    method: Method

    @property
    def covers_zero(self) -> bool:
        """Whether the interval leaves room for no effect at all."""
        return self.low <= 0 <= self.high


def welch(control: Values, treatment: Values, *, alpha: float = 0.05) -> Effect:
    """Difference of means under unequal variances (Welch 1947; Welch–Satterthwaite freedom)."""
    c, t = _arm(control), _arm(treatment)
    vc, vt = c.var(ddof=1) / c.size, t.var(ddof=1) / t.size
    variance = vc + vt
    freedom = math.inf
    if variance > 0:
        freedom = variance**2 / (vc**2 / (c.size - 1) + vt**2 / (t.size - 1))
    return _effect(
        t.mean() - c.mean(),
        math.sqrt(variance),
        freedom=freedom,
        alpha=alpha,
        sizes=(c.size, t.size),
        method="welch",
    )


def ratio(
    control: tuple[Values, Values], treatment: tuple[Values, Values], *, alpha: float = 0.05
) -> Effect:
    """Difference of ratios of sums, each arm a pair (numerators, denominators) a unit.

    Variance by the delta method (Deng, Knoblich, Lu, KDD 2018): for a metric whose unit of
    analysis is finer than the unit of randomisation, such as revenue an order.
    """
    return _of_ratios(control, treatment, alpha=alpha, method="ratio")


def clustered(
    control: tuple[Values, npt.ArrayLike],
    treatment: tuple[Values, npt.ArrayLike],
    *,
    alpha: float = 0.05,
) -> Effect:
    """Difference of means over rows, each arm a pair (values, cluster of each row).

    Clusters are what was randomised. Sums and counts a cluster make it a ratio, which gives the
    cluster-robust variance (Deng et al. 2018, section 3).
    """
    return _of_ratios(
        _by_cluster(control), _by_cluster(treatment), alpha=alpha, method="clustered"
    )


def cuped(
    control: tuple[Values, Values], treatment: tuple[Values, Values], *, alpha: float = 0.05
) -> Effect:
    """Difference of means, each arm a pair (metric, the same before exposure), CUPED-adjusted.

    ``y' = y - theta (x - mean x)`` with theta = cov(x, y) / var(x) pooled over the arms (Deng, Xu,
    Kohavi, Walker, WSDM 2013). `x` must lie strictly before exposure, or it takes of the effect.
    """
    yc, xc = _arm(control[0]), _arm(control[1])
    yt, xt = _arm(treatment[0]), _arm(treatment[1])
    if yc.size != xc.size or yt.size != xt.size:
        raise ValueError("a metric and its pre-period need the same units")
    freedom = yc.size + yt.size - 2
    inside = sum(float(((x - x.mean()) * (y - y.mean())).sum()) for x, y in ((xc, yc), (xt, yt)))
    spread = sum(float(((x - x.mean()) ** 2).sum()) for x in (xc, xt))
    theta = inside / spread if spread > 0 and freedom > 0 else 0.0
    centre = float(np.concatenate([xc, xt]).mean())
    adjusted = welch(yc - theta * (xc - centre), yt - theta * (xt - centre), alpha=alpha)
    return Effect(**{**vars(adjusted), "method": "cuped"})


def cuped_sd(metric: Values, before: Values) -> float:
    """The standard deviation a unit that CUPED leaves: ``sd sqrt(1 - correlation^2)``."""
    y, x = _arm(metric), _arm(before)
    if y.size != x.size:
        raise ValueError("a metric and its pre-period need the same units")
    spread = float(x.std(ddof=1))
    if spread == 0:
        return float(y.std(ddof=1))
    return float(y.std(ddof=1) * math.sqrt(max(0.0, 1 - float(np.corrcoef(x, y)[0, 1]) ** 2)))


def srm(n_control: int, n_treatment: int, *, share: float = 0.5) -> float:
    """The p-value of the observed split when `share` of units should have been treated.

    Chi-squared with one degree of freedom; below `SRM_ALARM` no effect of this experiment counts.
    """
    total = n_control + n_treatment
    if not 0 < share < 1 or total <= 0 or min(n_control, n_treatment) < 0:
        raise ValueError("a split needs units and a share between 0 and 1")
    expected = (total * (1 - share), total * share)
    return float(stats.chisquare((n_control, n_treatment), expected).pvalue)


def sample_size(*, sd: float, mde: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Units an arm to see an absolute effect: ``2 (z_(1-a/2) + z_(1-b))^2 sd^2 / mde^2``."""
    if sd <= 0 or mde <= 0:
        raise ValueError("a sample size needs a positive deviation and effect")
    z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    return math.ceil(2 * (z * sd / mde) ** 2)


def power_of(*, n: int, sd: float, effect: float, alpha: float = 0.05) -> float:
    """The chance to see an absolute `effect` with `n` units an arm (normal approximation)."""
    if n <= 0 or sd <= 0:
        raise ValueError("power needs units and a positive deviation")
    shift = abs(effect) / (sd * math.sqrt(2 / n))
    z = stats.norm.ppf(1 - alpha / 2)
    return float(stats.norm.cdf(shift - z) + stats.norm.cdf(-shift - z))


def _by_cluster(arm: tuple[Values, npt.ArrayLike]) -> tuple[Numbers, Numbers]:
    values = _arm(arm[0])
    _, inverse = np.unique(np.asarray(arm[1]), return_inverse=True)
    if inverse.size != values.size:
        raise ValueError("every row needs its cluster")
    sums = np.bincount(inverse, weights=values).astype(np.float64)
    return sums, np.bincount(inverse).astype(np.float64)


def _of_ratios(
    control: tuple[Values, Values],
    treatment: tuple[Values, Values],
    *,
    alpha: float,
    method: Method,
) -> Effect:
    (rc, vc, nc), (rt, vt, nt) = _ratio_of(control), _ratio_of(treatment)
    return _effect(
        rt - rc,
        math.sqrt(vc + vt),
        freedom=nc + nt - 2,
        alpha=alpha,
        sizes=(nc, nt),
        method=method,
    )


def _ratio_of(arm: tuple[Values, Values]) -> tuple[float, float, int]:
    """The ratio of sums of an arm, its variance, and how many units it has."""
    top, bottom = _arm(arm[0]), _arm(arm[1])
    if top.size != bottom.size or bottom.sum() <= 0:
        raise ValueError("a ratio needs a denominator of every unit, with a positive sum")
    value = top.sum() / bottom.sum()
    residual = top - value * bottom  # the linearised metric, of mean zero
    return float(value), float(residual.var(ddof=1) / top.size / bottom.mean() ** 2), top.size


def _arm(values: Values) -> Numbers:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():  # noqa: PLR2004 - a variance needs two
        raise ValueError("an arm is one-dimensional, finite, and has at least two units")
    return array


def _effect(
    value: float,
    se: float,
    *,
    freedom: float,
    alpha: float,
    sizes: tuple[int, int],
    method: Method,
) -> Effect:
    law = stats.t(freedom) if math.isfinite(freedom) else stats.norm()
    half = float(law.ppf(1 - alpha / 2)) * se
    without_spread = 1.0 if value == 0 else 0.0  # then any difference is certain
    p_value = float(2 * law.sf(abs(value) / se)) if se > 0 else without_spread
    return Effect(
        value=float(value),
        se=se,
        low=float(value - half),
        high=float(value + half),
        p_value=p_value,
        n_control=sizes[0],
        n_treatment=sizes[1],
        method=method,
    )
