"""Money of a letter: what it should earn, what it did earn, what a whole rule earns.

Every number is in roubles per renewal and follows from `churn.economics`. A renewal is worth
``V = margin_rate * months * price`` if the person stays and nothing otherwise; a letter costs
``contact_cost`` at once and a discount ``D = discount * price`` if the person stays.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churn.economics import ECONOMICS, Economics

Floats = NDArray[np.float64]


def expected_gain(p0: ArrayLike, p1: ArrayLike, price_rub: ArrayLike, econ: Economics = ECONOMICS) -> Floats:
    """Roubles that a letter is expected to add, against sending nothing.

    ``(p0 - p1) * V - (1 - p1) * D - contact_cost``: kept customers pay, and everybody who stays
    takes the discount, also those who would have stayed anyway.

    Args:
        p0: probability of churn without a letter, in [0, 1].
        p1: probability of churn with a letter, in [0, 1].
        price_rub: monthly price, roubles, above zero.
        econ: rules of the campaign.

    Returns:
        float64 array of the broadcast shape. Negative where the letter costs more than it keeps.

    Raises:
        ValueError: a value is missing, a probability lies outside [0, 1] or a price is not positive.
    """
    without = _probability(p0, "p0")
    with_letter = _probability(p1, "p1")
    price = _price(price_rub)
    value = econ.margin_rate * price
    discount = econ.discount * price
    return np.asarray((without - with_letter) * value - (1.0 - with_letter) * discount - econ.contact_cost)


def realised_profit(
    churned: ArrayLike, treated: ArrayLike, price_rub: ArrayLike, econ: Economics = ECONOMICS
) -> Floats:
    """Roubles that each renewal did bring, letter paid.

    Args:
        churned: 1 where the person left, 0 where the person stayed; shape (n,).
        treated: 1 where a letter was sent, else 0; shape (n,).
        price_rub: monthly price, roubles; shape (n,) or a scalar.
        econ: rules of the campaign.

    Returns:
        float64 array of the broadcast shape: ``V`` for a person who stayed, 0 for one who left,
        less ``D`` (only if the person stayed) and ``contact_cost`` where a letter was sent.

    Raises:
        ValueError: a value is missing, a flag is neither 0 nor 1, or a price is not positive.
    """
    stayed = 1.0 - _flag(churned, "churned")
    sent = _flag(treated, "treated")
    price = _price(price_rub)
    value = econ.margin_rate * econ.months * price
    discount = econ.discount * price
    return np.asarray(stayed * value - sent * (stayed * discount + econ.contact_cost))


def policy_value(
    contacted: ArrayLike,
    churned: ArrayLike,
    treated: ArrayLike,
    price_rub: ArrayLike,
    econ: Economics = ECONOMICS,
) -> float:
    """Roubles per renewal that a rule would earn, estimated from a coin-flip pilot.

    A pilot row tells what happened under the coin's choice, not under the rule's. So take, of the
    rows the rule would contact, those that did get a letter, and of the others those that did
    not; average each side and weigh the averages by the rule's own shares.

    Args:
        contacted: 1 where the rule would send a letter, else 0; shape (n,).
        churned: 1 where the person left; shape (n,).
        treated: 1 where the coin sent a letter; shape (n,).
        price_rub: monthly price, roubles; shape (n,).
        econ: rules of the campaign.

    Returns:
        Roubles per renewal.

    Raises:
        ValueError: the input is empty or invalid, or one side of the rule has no row in the pilot
            that can speak for it (nobody it would contact got a letter, or the reverse).
    """
    chosen = _flag(contacted, "contacted") == 1.0
    sent = _flag(treated, "treated") == 1.0
    profit = realised_profit(churned, treated, price_rub, econ)
    if not chosen.size:
        raise ValueError("no rows: the value of a rule needs at least one renewal")
    total = 0.0
    for side in (True, False):
        rows = chosen == side
        if not rows.any():
            continue
        witnesses = rows & (sent == side)
        if not witnesses.any():
            raise ValueError(f"no pilot row speaks for contacted={side}")
        total += float(rows.mean() * profit[witnesses].mean())
    return total


def _probability(values: ArrayLike, name: str) -> Floats:
    numbers = _numbers(values, name)
    if ((numbers < 0.0) | (numbers > 1.0)).any():
        raise ValueError(f"{name} must lie in [0, 1]")
    return numbers


def _price(values: ArrayLike) -> Floats:
    numbers = _numbers(values, "price_rub")
    if (numbers <= 0.0).any():
        raise ValueError("price_rub must be above zero")
    return numbers


def _flag(values: ArrayLike, name: str) -> Floats:
    numbers = _numbers(values, name)
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise ValueError(f"{name} must hold 0 and 1 only")
    return numbers


def _numbers(values: ArrayLike, name: str) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if np.isnan(numbers).any():
        raise ValueError(f"{name} has missing values")
    return numbers
