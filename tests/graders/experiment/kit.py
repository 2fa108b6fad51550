"""What a learner hands in: sound, sloppy and hostile analyses and sizes of experiments."""

import math
import os
import random
import sys
import types

import numpy as np
from scipy import stats


def welch(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    return _test(
        treatment.mean() - control.mean(),
        control.var(ddof=1) / control.size + treatment.var(ddof=1) / treatment.size,
    )


class Result:
    def __init__(self, pvalue: float, effect: float, low: float, high: float) -> None:
        self.pvalue, self.effect, self.ci_low, self.ci_high = pvalue, effect, low, high


def as_object(control: np.ndarray, treatment: np.ndarray) -> Result:
    told = welch(control, treatment)
    return Result(told["p_value"], told["effect"], told["low"], told["high"])


def scipys(control: np.ndarray, treatment: np.ndarray) -> object:
    return stats.ttest_ind(control, treatment, equal_var=False)


def pooled(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    n, m = control.size, treatment.size
    both = ((n - 1) * control.var(ddof=1) + (m - 1) * treatment.var(ddof=1)) / (n + m - 2)
    return _test(treatment.mean() - control.mean(), both * (1 / n + 1 / m))


def one_sided(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    told = welch(control, treatment)
    return {**told, "p_value": told["p_value"] / 2}


def careful(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    told = welch(control, treatment)
    return {**told, "p_value": min(1.0, told["p_value"] * 20)}


def medians(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    told = welch(control, treatment)
    shift = float(np.median(treatment) - np.median(control)) * 0.7 - told["effect"]
    return {**told, "effect": told["effect"] + shift}


def narrow(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    told = welch(control, treatment)
    half = (told["high"] - told["low"]) / 4
    return {**told, "low": told["effect"] - half, "high": told["effect"] + half}


def a_guess(control: np.ndarray, treatment: np.ndarray) -> float:
    return random.random()  # noqa: S311 - a cheat: false alarms are right, and nothing is found


def a_fixed_line(control: np.ndarray, treatment: np.ndarray) -> dict[str, bool]:
    return {"significant": abs(treatment.mean() - control.mean()) > 9.0}


def not_a_number(control: np.ndarray, treatment: np.ndarray) -> dict[str, float]:
    return {"p_value": math.nan}


def raises(control: np.ndarray, treatment: np.ndarray) -> float:
    raise KeyError("not yet")


def leaves(control: np.ndarray, treatment: np.ndarray) -> float:
    os._exit(0)


def takes_over(control: np.ndarray, treatment: np.ndarray) -> float:
    tool = sys.modules["_experimenting"]
    tool.pd = types.SimpleNamespace(DataFrame=lambda *a, **k: "passed")  # type: ignore[attr-defined]
    return 0.5


def delta(
    clicks_c: np.ndarray, views_c: np.ndarray, clicks_t: np.ndarray, views_t: np.ndarray
) -> dict[str, float]:
    rate_c, var_c = _ratio(clicks_c, views_c)
    rate_t, var_t = _ratio(clicks_t, views_t)
    return _test(rate_t - rate_c, var_c + var_t)


def by_views(
    clicks_c: np.ndarray, views_c: np.ndarray, clicks_t: np.ndarray, views_t: np.ndarray
) -> dict[str, float]:
    rates = [c.sum() / v.sum() for c, v in ((clicks_c, views_c), (clicks_t, views_t))]
    variance = sum(
        rate * (1 - rate) / v.sum() for rate, v in zip(rates, (views_c, views_t), strict=True)
    )
    return _test(rates[1] - rates[0], variance)


def by_cluster(
    values_c: np.ndarray, clusters_c: np.ndarray, values_t: np.ndarray, clusters_t: np.ndarray
) -> dict[str, float]:
    sums = []
    for values, clusters in ((values_c, clusters_c), (values_t, clusters_t)):
        _, place = np.unique(clusters, return_inverse=True)
        sums += [np.bincount(place, weights=values), np.bincount(place).astype(float)]
    return delta(*sums)


def by_row(
    values_c: np.ndarray, clusters_c: np.ndarray, values_t: np.ndarray, clusters_t: np.ndarray
) -> dict[str, float]:
    return welch(values_c, values_t)


def cuped(y_c: np.ndarray, x_c: np.ndarray, y_t: np.ndarray, x_t: np.ndarray) -> dict[str, float]:
    x, y = np.concatenate([x_c, x_t]), np.concatenate([y_c, y_t])
    theta = float(np.cov(x, y)[0, 1] / x.var(ddof=1))
    return welch(y_c - theta * (x_c - x.mean()), y_t - theta * (x_t - x.mean()))


def forgets_the_past(
    y_c: np.ndarray, x_c: np.ndarray, y_t: np.ndarray, x_t: np.ndarray
) -> dict[str, float]:
    return welch(y_c, y_t)


def centred_by_arm(
    y_c: np.ndarray, x_c: np.ndarray, y_t: np.ndarray, x_t: np.ndarray
) -> dict[str, float]:
    both = cuped(y_c, x_c, y_t, x_t)
    return {**both, "effect": 0.6 * both["effect"]}


def sequential(
    control: np.ndarray, treatment: np.ndarray, *, look: int, looks: int
) -> dict[str, bool]:
    told = welch(control, treatment)
    z = abs(told["effect"]) / told["se"]
    return {"stop": z > 2.0396 * math.sqrt(looks / look)}  # O'Brien-Fleming, five looks


def daily(control: np.ndarray, treatment: np.ndarray, *, look: int, looks: int) -> float:
    return welch(control, treatment)["p_value"]


def waits(
    control: np.ndarray, treatment: np.ndarray, *, look: int, looks: int
) -> dict[str, object]:
    told = welch(control, treatment)
    return {"decision": "ship" if look == looks and told["p_value"] < 0.05 else "continue"}


def size(sd: float, mde: float, alpha: float = 0.05, power: float = 0.8) -> int:
    z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    return math.ceil(2 * (z * sd / mde) ** 2)


def size_one_side(sd: float, mde: float, alpha: float, power: float) -> int:
    z = stats.norm.ppf(1 - alpha) + stats.norm.ppf(power)
    return math.ceil(2 * (z * sd / mde) ** 2)


def size_both(sd: float, mde: float, alpha: float, power: float) -> int:
    return 2 * size(sd, mde, alpha, power)


def size_of_power_80(sd: float, mde: float, alpha: float, power: float) -> float:
    return 16 * (sd / mde) ** 2


def size_of_text(sd: float, mde: float, alpha: float, power: float) -> str:
    return "about a thousand"


def _ratio(top: np.ndarray, bottom: np.ndarray) -> tuple[float, float]:
    rate = top.sum() / bottom.sum()
    rest = top - rate * bottom
    return rate, rest.var(ddof=1) / top.size / bottom.mean() ** 2


def _test(effect: float, variance: float) -> dict[str, float]:
    se = math.sqrt(variance)
    return {
        "effect": effect,
        "se": se,
        "low": effect - 1.96 * se,
        "high": effect + 1.96 * se,
        "p_value": math.erfc(abs(effect) / se / math.sqrt(2)),
    }
