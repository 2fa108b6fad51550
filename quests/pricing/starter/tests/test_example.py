"""An example to copy: small, by hand, and it says in its name what must hold."""

from pricing.economics import ECONOMICS, grid


def test_a_ride_at_the_promised_mean_earns_more_than_it_costs() -> None:
    fare = 320
    assert ECONOMICS.commission * fare * ECONOMICS.mean_cap > ECONOMICS.ride_cost


def test_the_grid_goes_up_in_steps() -> None:
    assert (grid()[1:] > grid()[:-1]).all()
