import numpy as np
import pandas as pd
import pytest

from pricing.baseline import acceptance_at, house_rule, replay, table

CURVE = pd.DataFrame({"multiplier": [0.8, 1.2, 2.0], "share": [0.8, 0.5, 0.1]})


def cells(size: int = 200, seed: int = 4) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "requests": draw.poisson(6, size),
            "requests_prev_15m": draw.poisson(6, size),
            "drivers_free": draw.poisson(4, size),
            "base_fare_rub": draw.uniform(260, 400, size),
        }
    )


@pytest.mark.parametrize(
    ("requests", "drivers", "multiplier"),
    [(4, 10, 1.0), (9, 10, 1.0), (14, 10, 1.25), (30, 10, 1.8)],
)
def test_the_house_rule_by_hand(requests: int, drivers: int, multiplier: float) -> None:
    assert house_rule([requests], [drivers])[0] == multiplier


def test_the_curve_is_straight_between_points_and_flat_beyond() -> None:
    assert acceptance_at([0.7, 1.0, 2.4], CURVE).tolist() == pytest.approx([0.8, 0.65, 0.1])


def test_the_mean_is_weighted_by_rides() -> None:
    two = cells(2).assign(requests=[20, 0], drivers_free=[9, 9])
    assert replay(two, np.array([1.5, 1.0]), CURVE)["mean_multiplier"] == pytest.approx(1.5)


def test_a_flat_price_is_its_own_mean() -> None:
    assert replay(cells(), 1.15, CURVE)["mean_multiplier"] == pytest.approx(1.15)


def test_the_table_has_every_line_and_says_what_follows() -> None:
    found = table(cells(), CURVE)
    assert list(found["policies"]) == ["rule", "1.00", "1.05", "1.10", "1.15", "1.20", "1.25"]
    flat = found["policies"][found["best_flat"]]["roubles_per_request"]
    rule = found["policies"]["rule"]["roubles_per_request"]
    assert found["keep_rule"] == (rule >= flat)
