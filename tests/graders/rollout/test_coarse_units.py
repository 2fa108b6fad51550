"""Units that decide many things: a coin for each shop, a decision about each of its items."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from graders.rollout.counting import counted
from graders.rollout.estimators import clustered
from graders.rollout.policies import understood
from graders.rollout.worlds import Codes, Outcome, Reads
from tests.graders.rollout.market import Market, even, rollout

A_SHOP = 10


@dataclass(kw_only=True)
class Shops(Market):
    """The market of even and odd customers, ten of them a shop, with luck that a shop shares."""

    unit: str = "shop"
    size: int = 1_000

    def observe(self, step: int) -> pd.DataFrame:
        return super().observe(step).assign(shop=self.users(step) // A_SHOP)

    def outcome(self, step: int, actions: Codes) -> Outcome:
        luck = np.random.default_rng(5 + step).normal(0.0, 40.0, self.size // A_SHOP)
        seen = super().outcome(step, actions)
        return Outcome(money=seen.money + np.repeat(luck, A_SHOP), counts=seen.counts)


@dataclass(kw_only=True)
class Spelled(Market):
    """A market that reads answers itself."""

    def codes(self, answer: pd.DataFrame) -> Codes:
        return (answer["action"] + answer["paper"]).eq("letterred").to_numpy(np.int64) * 2 - 1


def test_the_interval_is_that_of_the_shops_not_of_their_items() -> None:
    found = rollout(even, market=Shops()).ab.effect
    assert found.method == "clustered"
    assert found.n_control + found.n_treatment == 400  # shops


def test_a_split_of_shops_is_not_taken_for_a_broken_split_of_items() -> None:
    assert rollout(even, market=Shops()).ab.srm_p > 0.0005


def test_a_a_of_shops_is_quiet_where_items_of_a_shop_are_alike() -> None:
    assert rollout(even, market=Shops()).aa.share == pytest.approx(0.05, abs=0.03)


def test_sums_a_shop_give_the_same_alarms_as_the_items_themselves() -> None:
    begun = rollout(even, market=Shops())
    money, _ = begun.control
    shops = np.concatenate([np.repeat(np.arange(100), A_SHOP) + 1_000 * n for n in range(4)])
    new = shops % 2 == 0
    effect = clustered((money[~new], shops[~new]), (money[new], shops[new]))
    rows = counted([Outcome(money=money)], [shops.astype(np.uint64)], coarse=True)
    own = rows.effect(rows.units % 2 == 0, alpha=0.05)
    assert own.value == pytest.approx(effect.value)
    assert own.se == pytest.approx(effect.se)


def test_a_world_may_read_more_than_one_column_of_an_answer() -> None:
    assert isinstance(Spelled(), Reads)
    assert not isinstance(Market(), Reads)
    answer = pd.DataFrame({"user": [1, 2, 3], "action": "letter", "paper": ["red", "red", "blue"]})
    found = understood(Spelled(), answer, pd.Series([1, 2, 3]), np.zeros(3, dtype=np.int64))
    assert found.actions.tolist() == [1, 1, 0]
    assert found.invalid == 1
