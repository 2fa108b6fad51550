"""Is an analysis sound: false alarms without an effect, power with one, honest intervals."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from graders.checking import Check
from graders.decision.making import Needs, library
from graders.experiment.asking import asked_analyses, asked_sizes
from graders.experiment.worlds import Kind, Law, Simulated, simulate
from graders.failures import Fail
from graders.results import Group, Param, Phase
from graders.results import Kind as JudgedAs
from graders.rollout.estimators import sample_size as formula
from graders.workspace import Workspace

TIMES = (800, 250)
"""A/A and A/B simulations: enough that a sound test leaves its band once in a thousand."""
SURE = 0.999
POWER_LOSS = 0.07
_ERRORS = 4.0  # standard errors that a bias may reach by chance
_TINY = 1e-9

Numbers = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Said = dict[str, Param]


def false_alarms(
    *,
    target: str,
    points: float,
    law: Law = Law(),  # noqa: B008 - it does not change
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """Without an effect, the analysis finds one as often as `alpha` says.

    `target` is ``module:function`` of (control, treatment), arrays of one value a unit; it answers
    with p_value (or significant), effect, low and high: a mapping, an object, or a p-value alone.
    Over 800 A/A the rate lies within the central 99.9 % of a binomial law. Reasons: no_answer,
    false_alarms_many, false_alarms_few.
    """

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        _keeps_alpha(_rejected(told, drawn, law.looks, target)[drawn.null], alpha)

    return _made("experiment_false_alarms", judge, points, severity, needs)


def finds_effects(
    *,
    target: str,
    points: float,
    law: Law = Law(),  # noqa: B008
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = ("experiment_false_alarms",),
) -> Check:
    """With an effect, the analysis finds it as often as a sound one does on the same data.

    May fall short of it by 7 points of a hundred. Reasons: no_answer, power_low.
    """

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        _has_power(_rejected(told, drawn, law.looks, target), drawn)

    return _made("experiment_power", judge, points, severity, needs)


def honest_intervals(
    *,
    target: str,
    points: float,
    law: Law = Law(),  # noqa: B008
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """The effect is estimated without bias, and its interval holds it as often as it says.

    Needs effect, low and high of an answer. Reasons: no_interval, biased, coverage_low,
    coverage_high.
    """

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        last = told[told["look"] == law.looks]
        _has_numbers(last[["effect", "low", "high"]], target)
        _is_unbiased(last["effect"].to_numpy(), drawn)
        low, high = last["low"].to_numpy(), last["high"].to_numpy()
        covered = (low <= drawn.truth) & (drawn.truth <= high)
        least, most = _band(covered.size, 1 - alpha)
        facts: Said = {"share": float(covered.mean()), "stated": 1 - alpha}
        if covered.sum() < least:
            raise Fail("coverage_low", facts)
        if covered.sum() > most:
            raise Fail("coverage_high", facts, share=0.5)

    return _made("experiment_intervals", judge, points, severity, needs)


def unit_of_analysis(
    *,
    target: str,
    points: float,
    kind: Kind = "ratio",
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """A metric finer than the unit of the split is judged by that unit, not by its rows.

    ``ratio``: a user's clicks and views; `target` takes (numerators, denominators) of the control,
    then of the treatment. ``clustered``: rows of sellers; it takes (values, clusters). Counting
    rows finds effects in A/A three times as often as it says. Reasons: no_answer, rows_for_units,
    false_alarms_few, power_low.
    """
    if kind not in ("ratio", "clustered"):
        raise ValueError("the kinds of a unit of analysis are ratio and clustered")
    law = _LAWS[kind]

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        rejected = _rejected(told, drawn, law.looks, target)
        _keeps_alpha(rejected[drawn.null], alpha, many="rows_for_units")
        _has_power(rejected, drawn)

    return _made("experiment_unit", judge, points, severity, needs)


def variance_reduction(
    *,
    target: str,
    points: float,
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """A pre-period is used to see more, and takes nothing of the effect: CUPED.

    `target` takes (metric, pre-period) of the control, then of the treatment. False alarms, bias
    and power are held against CUPED on the same data (Deng, Xu, Kohavi, Walker, WSDM 2013).
    Reasons: no_answer, no_interval, false_alarms_many, false_alarms_few, biased, variance_kept.
    """
    law = _LAWS["cuped"]

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        rejected = _rejected(told, drawn, law.looks, target)
        _keeps_alpha(rejected[drawn.null], alpha)
        if not told["effect"].isna().all():
            _has_numbers(told[["effect"]], target)
            _is_unbiased(told["effect"].to_numpy(), drawn)
        _has_power(rejected, drawn, low="variance_kept")

    return _made("experiment_cuped", judge, points, severity, needs)


def early_looks(
    *,
    target: str,
    points: float,
    looks: int = 5,
    alpha: float = 0.05,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """Looking `looks` times, the analysis still finds nothing in A/A more often than `alpha` says.

    `target` takes (control, treatment) of all that had come until then, and look and looks by
    name; it answers with stop (or significant), or else a p-value below `alpha` stops. Any sound
    bounds pass; power is held against O'Brien–Fleming's. Reasons: no_answer, peeking, power_low.
    """
    law = replace(_LAWS["mean"], looks=looks)

    def judge(work: Workspace) -> None:
        drawn, told = _asked(work, target, law, alpha)
        rejected = _rejected(told, drawn, looks, target)
        at_null = rejected[drawn.null]
        if at_null.sum() > _band(at_null.size, alpha)[1]:
            facts: Said = {"share": float(at_null.mean()), "stated": alpha, "looks": looks}
            raise Fail("peeking", facts)
        _has_power(rejected, drawn, may_lose=2 * POWER_LOSS)

    return _made("experiment_early_looks", judge, points, severity, needs)


def sample_size_by_hand(
    *,
    target: str,
    points: float,
    names: Sequence[str] = ("sd", "mde", "alpha", "power"),
    within: float = 0.01,
    severity: str = "major",
    needs: Needs = (),
) -> Check:
    """Units an arm from deviation, effect, level and power: ``2 (z + z)² sd² / mde²``, two-sided.

    `names` are what the learner's function calls these four. An answer may be off by `within` or
    by two units, so that the exact t law is right, too. Reasons: size_no_number, size_one_sided,
    size_of_both_arms, size_differs.
    """
    if len(names) != len(_CASES[0]):
        raise ValueError("names are those of deviation, effect, level and power")

    def judge(work: Workspace) -> None:
        cases = [dict(zip(names, case, strict=True)) for case in _CASES]
        for case, answer in zip(_CASES, asked_sizes(work, target, cases), strict=True):
            _right_size(target, case, answer, within)

    return _made("experiment_sample_size", judge, points, severity, needs)


_CASES = (
    (10.0, 1.0, 0.05, 0.8),
    (2400.0, 100.0, 0.05, 0.8),
    (1.0, 0.05, 0.01, 0.9),
    (0.3, 0.02, 0.1, 0.95),
)
_LAWS: dict[str, Law] = {
    "mean": Law(),
    "ratio": Law(kind="ratio", units=300, effect=0.026),
    "clustered": Law(kind="clustered", units=60, effect=25.0),
    "cuped": Law(kind="cuped", units=250, effect=9.0),
}


def _right_size(
    target: str, case: tuple[float, float, float, float], answer: float | None, within: float
) -> None:
    sd, mde, alpha, power = case
    own = formula(sd=sd, mde=mde, alpha=alpha, power=power)
    facts: Said = {"target": target, "sd": sd, "mde": mde, "alpha": alpha, "power": power}
    if answer is None:
        raise Fail("size_no_number", facts)
    facts |= {"stated": round(min(abs(answer), 1e15)), "needed": own}
    if abs(answer - own) <= max(2.0, within * own):
        return
    one_sided = formula(sd=sd, mde=mde, alpha=min(2 * alpha, 0.99), power=power)
    if abs(answer - one_sided) <= max(2.0, within * own):
        raise Fail("size_one_sided", facts)
    if abs(answer - 2 * own) <= max(4.0, within * own):
        raise Fail("size_of_both_arms", facts)
    raise Fail("size_differs", facts)


def _asked(work: Workspace, target: str, law: Law, alpha: float) -> tuple[Simulated, pd.DataFrame]:
    """The simulations and what the analysis says of them, once a grading for all checks."""

    def ask() -> tuple[Simulated, pd.DataFrame]:
        drawn = simulate(law, times=TIMES, alpha=alpha, seed=work.rooms.seed)
        told = asked_analyses(work, target, drawn.rows, looks=law.looks, extra=law.extra)
        return drawn, told

    return work.once(("experiment.asked", target, law, alpha), ask)


def _rejected(told: pd.DataFrame, drawn: Simulated, looks: int, target: str) -> Bools:
    """Which simulations the analysis calls an effect, at any look."""
    stop = told["stop"].to_numpy()
    p_value = told["p_value"].to_numpy()
    known = ~np.isnan(stop) | ~np.isnan(p_value)
    bad = int((~known).sum()) + int(((p_value < 0) | (p_value > 1)).sum())
    if bad:
        facts: Said = {"target": target, "found": bad, "total": known.size}
        raise Fail("no_answer", facts)
    rejects = np.where(np.isnan(stop), p_value < drawn.alpha, stop > 0)
    return np.asarray(rejects.reshape(-1, looks).any(axis=1), dtype=np.bool_)


def _keeps_alpha(rejected: Bools, alpha: float, *, many: str = "false_alarms_many") -> None:
    least, most = _band(rejected.size, alpha)
    facts: Said = {"share": float(rejected.mean()), "stated": alpha, "times": rejected.size}
    if rejected.sum() > most:
        raise Fail(many, facts)
    if rejected.sum() < least:
        raise Fail("false_alarms_few", facts, share=0.5)


def _has_power(
    rejected: Bools, drawn: Simulated, *, low: str = "power_low", may_lose: float = POWER_LOSS
) -> None:
    share = float(rejected[~drawn.null].mean())
    if share < drawn.power - may_lose:
        raise Fail(low, {"share": share, "own": drawn.power})


def _is_unbiased(effects: Numbers, drawn: Simulated) -> None:
    """Errors average to zero, with an effect and without."""
    errors = (effects - drawn.truth) / drawn.unit
    for some in (errors[drawn.null], errors[~drawn.null]):
        if abs(some.mean()) > _ERRORS * some.std() / math.sqrt(some.size) + _TINY:
            share = float(np.mean(effects[~drawn.null] / drawn.truth[~drawn.null]))
            raise Fail("biased", {"share": min(max(share, -99.0), 99.0)})


def _has_numbers(told: pd.DataFrame, target: str) -> None:
    bad = int(told.isna().any(axis=1).sum())
    if bad:
        raise Fail("no_interval", {"target": target, "found": bad, "total": len(told)})


def _band(times: int, rate: float) -> tuple[int, int]:
    """The central 99.9 % of how often something of this rate happens."""
    low, high = stats.binom.interval(SURE, times, rate)
    return int(low), int(high)


def _made(
    name: str,
    judge: Callable[[Workspace], None],
    points: float,
    severity: str,
    needs: Needs,
) -> Check:
    made = library(name, judge, points=points, severity=severity, needs=needs, phase=Phase.PUBLIC)
    return replace(made, group=Group.METRICS, kind=JudgedAs.METRIC)
