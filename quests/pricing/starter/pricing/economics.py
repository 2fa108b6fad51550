"""What a cell earns: a zone, a quarter hour, one multiplier. Signed; one place, no copies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class Economics:
    """What Timur (marketplace) and Zoya (finance) have signed.

    Attributes:
        commission: share of a ride's price that stays with us.
        ride_cost: roubles a served ride costs us (payments, insurance, support).
        voucher: roubles for everybody who accepted a price and got no car.
        duty_cost: roubles a cell for people and machines that watch a model; no part of a price.
        mean_cap: the promise to the regulator, ride-weighted mean of the multipliers.
        low, high, step: the grid of multipliers that the app can show.
    """

    commission: float = 0.25
    ride_cost: float = 18.0
    voucher: float = 60.0
    duty_cost: float = 10.0
    mean_cap: float = 1.25
    low: float = 0.80
    high: float = 2.50
    step: float = 0.05


ECONOMICS = Economics()


def grid(econ: Economics = ECONOMICS) -> NDArray[np.float64]:
    """Every multiplier that the app can show, ascending."""
    count = round((econ.high - econ.low) / econ.step) + 1
    return np.round(econ.low + econ.step * np.arange(count), 2)


def emin(mu: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Expected rides when `mu` riders are expected to accept and `c` cars are there.

    Args:
        mu: expected number of riders who accept, at least zero; their number is Poisson.
        c: cars, whole numbers from zero.

    Returns:
        E[min(Poisson(mu), c)], float64, broadcast as in NumPy.

    Raises:
        ValueError: `mu` is negative or missing, or `c` is negative or no whole number.
    """
    raise NotImplementedError("stage 'What we maximise'")


def contribution(
    price: ArrayLike,
    lam: ArrayLike,
    accept_prob: ArrayLike,
    cars: ArrayLike,
    base_fare_rub: ArrayLike,
    econ: Economics = ECONOMICS,
) -> NDArray[np.float64]:
    """Expected roubles of a cell: commission less costs of rides, less vouchers.

    Args:
        price: multiplier, above zero.
        lam: expected requests in the cell.
        accept_prob: chance that a rider accepts this price, from 0 to 1.
        cars: cars at hand under this price.
        base_fare_rub: fare of a mean ride at multiplier 1, roubles.

    Returns:
        Roubles per cell, float64, broadcast as in NumPy.

    Raises:
        ValueError: a price or fare is not above zero, a chance lies outside [0, 1], or what `emin`
            refuses.
    """
    raise NotImplementedError("stage 'What we maximise'")
