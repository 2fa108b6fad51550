"""What a rule promises, whatever it says."""

from datetime import UTC, datetime

import pandas as pd
import pytest
import simkit

from churn.baseline import contact, load_pilot

MOMENT = datetime(2024, 5, 5, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def customers() -> list[int]:
    known = simkit.query("SELECT user_id FROM users WHERE NOT is_test ORDER BY user_id LIMIT 200")
    return [int(user) for user in known["user_id"]]


@pytest.mark.parametrize("size", [1, 6, 7, 20, 200])
def test_a_rule_keeps_to_the_limit(customers: list[int], size: int) -> None:
    assert contact(MOMENT, customers[:size]).sum() <= 0.15 * size


def test_answers_come_in_the_order_asked(customers: list[int]) -> None:
    backwards = customers[::-1]
    there = contact(MOMENT, customers)
    assert list(contact(MOMENT, backwards).index) == backwards
    pd.testing.assert_series_equal(contact(MOMENT, backwards).loc[customers], there)


def test_strangers_are_left_alone() -> None:
    assert not contact(MOMENT, [4_000_000_000]).any()
    assert contact(MOMENT, []).empty


def test_the_pilot_is_a_coin() -> None:
    pilot = load_pilot()
    assert not pilot.duplicated(["user_id", "decision_at"]).any()
    assert abs(pilot["treated"].mean() - 0.5) < 0.1
