"""What decisions are worth, in roubles: before anybody knows the truth, and after."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching.economics import COSTS, Costs

MATCH, REVIEW, NEW = "match", "review", "new"
ACTIONS = (MATCH, REVIEW, NEW)


def expected(p_match: ArrayLike, p_exists: ArrayLike, costs: Costs = COSTS) -> NDArray[np.float64]:
    """Expected roubles of each action.

    Args:
        p_match: probability that the best candidate is the offer's product.
        p_exists: probability that the product has a card at all.
        costs: what each outcome earns.

    Returns:
        Shape (n, 3), columns in the order of `ACTIONS`.

    Raises:
        ValueError: a probability is missing or outside [0, 1], or the shapes differ.
    """
    p, q = np.atleast_1d(_chance(p_match)), np.atleast_1d(_chance(p_exists))
    if p.shape != q.shape or p.ndim != 1:
        raise ValueError(f"p_match has shape {p.shape}, p_exists {q.shape}")
    match = costs.match_right * p + costs.match_wrong * (1 - p)
    review = costs.review + costs.review_exists * q + costs.new_right * (1 - q)
    new = costs.new_right * (1 - q) + costs.new_wrong * q
    return np.column_stack([match, review, new])


def best_action(
    p_match: ArrayLike, p_exists: ArrayLike, costs: Costs = COSTS
) -> NDArray[np.str_]:
    """The action of the largest expectation; ties go to `review`, where a person looks."""
    values = expected(p_match, p_exists, costs)[:, [1, 0, 2]]
    return np.array([REVIEW, MATCH, NEW])[values.argmax(axis=1)]


def match_threshold(p_exists: float = 1.0, costs: Costs = COSTS) -> float:
    """The least `p_match` at which an automatic match beats a review."""
    review = float(expected([0.0], [p_exists], costs)[0, 1])
    return (review - costs.match_wrong) / (costs.match_right - costs.match_wrong)


def realised(
    action: ArrayLike, product_id: ArrayLike, truth: ArrayLike, costs: Costs = COSTS
) -> NDArray[np.float64]:
    """Roubles of each offer, once the truth is known.

    Args:
        action: `match`, `review` or `new`.
        product_id: the card it was put on; read for `match` only.
        truth: the right card, -1 where the product has none.

    Raises:
        ValueError: an action is none of the three, or the shapes differ.
    """
    done = np.atleast_1d(np.asarray(action, dtype=str))
    chosen, right = (np.atleast_1d(np.asarray(one)) for one in (product_id, truth))
    if not done.shape == chosen.shape == right.shape:
        raise ValueError("action, product_id and truth need the same length")
    if not np.isin(done, ACTIONS).all():
        raise ValueError(f"an action is one of {', '.join(ACTIONS)}")
    exists = right >= 0
    matched = np.where(exists & (chosen == right), costs.match_right, costs.match_wrong)
    reviewed = costs.review + np.where(exists, costs.review_exists, costs.new_right)
    opened = np.where(exists, costs.new_wrong, costs.new_right)
    return np.select([done == MATCH, done == REVIEW], [matched, reviewed], opened).astype(float)


def _chance(values: ArrayLike) -> NDArray[np.float64]:
    """Probabilities, or an error that says what is none."""
    chances = np.asarray(values, dtype=np.float64)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("a probability lies between 0 and 1")
    return chances
