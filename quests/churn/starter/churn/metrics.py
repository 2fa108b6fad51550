"""Money of a letter: what it should earn, what it did earn, what a whole rule earns."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churn.economics import ECONOMICS, Economics


def expected_gain(
    p0: ArrayLike, p1: ArrayLike, price_rub: ArrayLike, econ: Economics = ECONOMICS
) -> NDArray[np.float64]:
    """Roubles that a letter is expected to add, against sending nothing."""
    raise NotImplementedError("expected_gain: stage 'A rule before any ML'")


def realised_profit(
    churned: ArrayLike, treated: ArrayLike, price_rub: ArrayLike, econ: Economics = ECONOMICS
) -> NDArray[np.float64]:
    """Roubles that each renewal did bring, letter paid."""
    raise NotImplementedError("realised_profit: stage 'A rule before any ML'")


def policy_value(
    contacted: ArrayLike,
    churned: ArrayLike,
    treated: ArrayLike,
    price_rub: ArrayLike,
    econ: Economics = ECONOMICS,
) -> float:
    """Roubles per renewal that a rule would earn, estimated from a coin-flip pilot."""
    raise NotImplementedError("policy_value: stage 'A rule before any ML'")
