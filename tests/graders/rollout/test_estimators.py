"""The estimators against scipy, against what is known exactly, and against simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from graders.rollout import assignment, estimators
from graders.rollout.sequential import obrien_fleming


def draws(seed: int, *sizes: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(10, 3, size) for size in sizes]


def test_welch_is_scipys() -> None:
    control, treatment = draws(1, 400, 150)
    treatment = treatment * 2 + 1
    effect = estimators.welch(control, treatment)
    theirs = stats.ttest_ind(treatment, control, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    assert effect.p_value == pytest.approx(theirs.pvalue)
    assert (effect.low, effect.high) == pytest.approx((interval.low, interval.high))
    assert effect.value == pytest.approx(treatment.mean() - control.mean())


def test_no_spread_is_certain_and_no_difference_is_none() -> None:
    assert estimators.welch([1, 1, 1], [1, 1]).p_value == 1
    assert estimators.welch([1, 1, 1], [2, 2]).p_value == 0
    assert not estimators.welch([1, 1, 1], [2, 2]).covers_zero


@pytest.mark.parametrize("arm", [[1.0], [1.0, math.nan], [[1.0], [2.0]], [1.0, math.inf]])
def test_an_arm_that_is_none_is_refused(arm: list[float]) -> None:
    with pytest.raises(ValueError, match="an arm is"):
        estimators.welch(arm, [1.0, 2.0])


def test_a_ratio_with_denominators_of_one_is_a_difference_of_means() -> None:
    control, treatment = draws(2, 5000, 5000)
    ones = np.ones(5000)
    by_ratio = estimators.ratio((control, ones), (treatment, ones))
    by_welch = estimators.welch(control, treatment)
    assert (by_ratio.value, by_ratio.se) == pytest.approx((by_welch.value, by_welch.se))


def test_clusters_of_one_row_change_nothing_and_copies_add_no_knowledge() -> None:
    control, treatment = draws(3, 800, 800)
    units = np.arange(800)
    plain = estimators.welch(control, treatment)
    single = estimators.clustered((control, units), (treatment, units))
    copied = estimators.clustered(
        (np.repeat(control, 7), np.repeat(units, 7)),
        (np.repeat(treatment, 7), np.repeat(units, 7)),
    )
    assert single.se == pytest.approx(plain.se)
    assert copied.se == pytest.approx(plain.se)
    naive = estimators.welch(np.repeat(control, 7), np.repeat(treatment, 7))
    assert naive.se < 0.4 * copied.se  # what the naive analyst believes


def test_cuped_takes_the_explained_part_of_the_variance_and_keeps_the_effect() -> None:
    rng = np.random.default_rng(4)
    before = rng.normal(0, 1, 20_000)
    after = 0.9 * before + rng.normal(0, math.sqrt(1 - 0.81), 20_000)
    after[10_000:] += 0.05
    plain = estimators.welch(after[:10_000], after[10_000:])
    adjusted = estimators.cuped(
        (after[:10_000], before[:10_000]), (after[10_000:], before[10_000:])
    )
    assert adjusted.se / plain.se == pytest.approx(math.sqrt(1 - 0.81), rel=0.03)
    assert adjusted.value == pytest.approx(0.05, abs=4 * adjusted.se)


@pytest.mark.parametrize("method", ["welch", "ratio", "clustered", "cuped"])
def test_intervals_cover_as_often_as_they_say(method: str) -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        x = rng.gamma(2.0, 1.0, 400)
        y = x + rng.normal(0, 1, 400)
        arms = [(y[:200], x[:200]), (y[200:], x[200:])]
        match method:
            case "welch":
                effect = estimators.welch(arms[0][0], arms[1][0])
            case "clustered":
                ids = np.arange(200) // 2
                pair = [(np.repeat(a[0][::2], 2), ids) for a in arms]
                effect = estimators.clustered(*pair)
            case "ratio":
                effect = estimators.ratio(*arms)
            case _:
                effect = estimators.cuped(*arms)
        covered += effect.covers_zero
    assert 0.93 <= covered / 1000 <= 0.97


def test_sample_size_and_power_answer_each_other() -> None:
    n = estimators.sample_size(sd=10, mde=1)
    assert n == 1570  # 2 (1.95996 + 0.84162)^2 100
    assert estimators.power_of(n=n, sd=10, effect=1) == pytest.approx(0.8, abs=1e-3)
    assert estimators.power_of(n=n, sd=10, effect=0) == pytest.approx(0.05)


def test_a_broken_split_alarms_and_a_fair_one_does_not() -> None:
    assert estimators.srm(50_000, 50_300) > estimators.SRM_ALARM
    assert estimators.srm(50_000, 52_000) < estimators.SRM_ALARM
    assert estimators.srm(9_000, 1_000, share=0.1) == 1


def test_early_looks_have_the_bounds_of_the_literature() -> None:
    """Jennison and Turnbull 2000, table 2.3: c at alpha 0.05 for 1, 2, 3 and 5 looks."""
    known = {1: 1.960, 2: 1.977, 3: 2.004, 5: 2.040}
    for looks, c in known.items():
        bounds = obrien_fleming(looks)
        assert bounds[-1] == pytest.approx(c, abs=0.001)
        assert bounds[0] == pytest.approx(c * math.sqrt(looks), abs=0.003)


def test_an_assignment_is_fair_repeatable_and_new_with_every_salt() -> None:
    units = assignment.keys(np.arange(100_000))
    one = assignment.treated(units, salt="one")
    other = assignment.treated(units, salt="other")
    assert (one == assignment.treated(units, salt="one")).all()
    assert estimators.srm(int((~one).sum()), int(one.sum())) > estimators.SRM_ALARM
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0, abs=0.015)
    few = assignment.treated(units, salt="canary", share=0.01)
    assert few.mean() == pytest.approx(0.01, abs=0.001)
    assert not assignment.treated(units, salt="x", share=0).any()


def test_a_thousand_splits_of_the_same_data_find_nothing_five_times_in_a_hundred() -> None:
    units = assignment.keys([f"user-{n}" for n in range(2000)])
    metric = np.random.default_rng(6).exponential(1.0, 2000)
    found = 0
    for salt in range(1000):
        arm = assignment.treated(units, salt=str(salt))
        found += estimators.welch(metric[~arm], metric[arm]).p_value < 0.05
    assert 0.035 <= found / 1000 <= 0.065
