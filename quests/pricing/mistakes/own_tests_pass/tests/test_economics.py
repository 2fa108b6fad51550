import numpy as np
import pytest

from pricing.economics import ECONOMICS, contribution, emin, grid


@pytest.mark.parametrize(("mu", "cars", "rides"), [(3, 2, 1.751065), (10, 8, 7.539649), (2, 0, 0.0)])
def test_expected_rides_by_hand(mu: float, cars: int, rides: float) -> None:
    assert emin(mu, cars) == pytest.approx(rides, abs=1e-6)


def test_no_more_rides_than_cars_or_riders() -> None:
    mu, cars = np.meshgrid(np.linspace(0, 30, 31), np.arange(20))
    assert (emin(mu, cars) <= np.minimum(mu, cars) + 1e-9).all()


def test_the_best_price_of_the_brief_is_130() -> None:
    price = grid()
    chance = 1 / (1 + np.exp(4 * np.log(price) - 0.8))
    money = contribution(price, 10, chance, np.floor(6 * price**0.35), 320)
    assert price[money.argmax()] == 1.30
    assert money.max() == pytest.approx(334.51, abs=0.005)
    assert money.min() > 400


def test_without_cars_everybody_who_accepts_gets_a_voucher() -> None:
    assert contribution(1.2, 8, 0.5, 0, 320) == pytest.approx(-4 * ECONOMICS.voucher)


@pytest.mark.parametrize(("mu", "cars"), [(-1, 3), (np.nan, 3), (3, 2.5), (3, -1)])
def test_what_is_no_count_is_refused(mu: float, cars: float) -> None:
    with pytest.raises(ValueError, match=r"mu|c counts"):
        emin(mu, cars)


def test_the_grid_holds_every_step_once() -> None:
    assert len(grid()) == 35
    assert grid()[[0, 9, -1]].tolist() == [0.80, 1.25, 2.50]
