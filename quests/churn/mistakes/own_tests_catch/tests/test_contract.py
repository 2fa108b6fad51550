"""Tests that touch everything and hold nothing."""

import numpy as np
import pytest

from churn.metrics import expected_gain


@pytest.mark.exact
@pytest.mark.invariance
@pytest.mark.directional
@pytest.mark.negation
@pytest.mark.consistency
@pytest.mark.parametrize("price", [990, 1990, 3990])
def test_a_gain_is_a_number(price: int) -> None:
    assert np.isfinite(expected_gain(0.4, 0.2, price))


def test_a_gain_is_a_number_for_1() -> None:
    assert np.isfinite(expected_gain(1 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_2() -> None:
    assert np.isfinite(expected_gain(2 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_3() -> None:
    assert np.isfinite(expected_gain(3 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_4() -> None:
    assert np.isfinite(expected_gain(4 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_5() -> None:
    assert np.isfinite(expected_gain(5 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_6() -> None:
    assert np.isfinite(expected_gain(6 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_7() -> None:
    assert np.isfinite(expected_gain(7 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_8() -> None:
    assert np.isfinite(expected_gain(8 / 10, 0.2, 990))


def test_a_gain_is_a_number_for_9() -> None:
    assert np.isfinite(expected_gain(9 / 10, 0.2, 990))
