"""Money, by hand and by property."""

import numpy as np
import pytest

from churn.economics import Economics
from churn.metrics import expected_gain, policy_value, realised_profit


@pytest.mark.parametrize(
    ("p0", "p1", "price", "roubles"),
    [
        (0.40, 0.25, 1990, 167.10),  # worth a letter
        (0.20, 0.12, 1990, -203.04),  # two in five are kept, and it still loses
        (0.05, 0.05, 990, -294.15),  # a gift
        (0.03, 0.24, 1990, -1343.31),  # a sleeping dog
    ],
)
def test_gains_computed_on_paper(p0: float, p1: float, price: float, roubles: float) -> None:
    assert expected_gain(p0, p1, price) == pytest.approx(roubles, abs=0.005)


def test_the_discount_is_paid_only_by_those_who_stay() -> None:
    nobody_stays = expected_gain(1.0, 1.0, 990)
    assert nobody_stays == pytest.approx(-11.0)


def test_a_longer_horizon_is_worth_more() -> None:
    assert expected_gain(0.4, 0.2, 990, Economics(months=6)) > expected_gain(0.4, 0.2, 990)


def test_more_to_save_is_worth_more() -> None:
    assert (np.diff(expected_gain(np.linspace(0, 1, 11), 0.2, 1990)) > 0).all()


def test_shapes_broadcast() -> None:
    grid = expected_gain(np.full((3, 1), 0.4), np.full((1, 2), 0.2), 990)
    assert grid.shape == (3, 2)
    assert grid.dtype == np.float64


@pytest.mark.parametrize(
    ("p0", "p1", "price"),
    [(np.nan, 0.1, 990), (0.1, np.nan, 990), (0.1, 0.1, np.nan), (1.1, 0.1, 990), (0.1, 0.1, 0)],
)
def test_what_is_no_number_is_refused(p0: float, p1: float, price: float) -> None:
    with pytest.raises(ValueError, match=r"missing|must lie|above zero"):
        expected_gain(p0, p1, price)


def test_the_four_fates_of_a_renewal() -> None:
    profit = realised_profit([0, 0, 1, 1], [0, 1, 0, 1], 990)
    assert profit == pytest.approx([2079.0, 1770.0, 0.0, -12.0])


def test_nobody_and_everybody_are_the_two_halves_of_the_pilot() -> None:
    churned, treated, price = [0, 1, 0, 0], [0, 0, 1, 1], [990] * 4
    assert policy_value([0] * 4, churned, treated, price) == pytest.approx(2079.0 / 2)
    assert policy_value([1] * 4, churned, treated, price) == pytest.approx(1770.0)


def test_a_side_without_witnesses_is_refused() -> None:
    with pytest.raises(ValueError, match="no pilot row speaks for"):
        policy_value([1, 0], [0, 0], [0, 0], [990, 990])
