"""Pricing's market: what is seen, what happens, and whether its optimum is one."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graders.loading import load_module, load_quest
from tests.quests.pricing_data import ROOT, generator, hidden

FOLDER = ROOT / "quests" / "pricing"


@cache
def truth(name: str) -> pd.DataFrame:
    frame: pd.DataFrame = pa.Table.from_batches(list(hidden().truth[name])).to_pandas()
    return frame


@cache
def module() -> Any:
    return load_module(FOLDER / "world.py", name="world_of_pricing_tests")


@cache
def world() -> Any:
    """Return the market over the hidden truth at scale tiny."""
    return module().open_world(truth)


def at(price: float, count: int) -> Any:
    return np.full(count, round((price - 0.8) / 0.05), dtype=np.int64)


@pytest.mark.parametrize(
    ("mu", "cars", "rides"), [(3.0, 2, 1.751065), (10.0, 8, 7.539649), (2.0, 0, 0.0)]
)
def test_expected_rides_are_those_of_the_brief(mu: float, cars: int, rides: float) -> None:
    assert module().emin(np.array([mu]), np.array([cars]))[0] == pytest.approx(rides, abs=1e-6)


def test_a_policy_sees_the_batch_and_no_latent() -> None:
    batch = world().observe(0)
    assert list(batch.columns) == [*generator().BATCH, "block"]
    assert batch.zone_id.is_monotonic_increasing
    assert world().steps == 14 * 96


def test_a_block_is_a_zone_in_an_hour() -> None:
    blocks = pd.concat([world().observe(step) for step in range(8)])
    assert (blocks.groupby("block").size() == 4).all()
    assert (blocks.groupby("block").zone_id.nunique() == 1).all()


def test_fewer_accept_a_higher_price_and_the_mean_is_the_expectation() -> None:
    market, count = world(), world().zones
    low = [market.outcome(step, at(1.0, count)).counts["accepted"] for step in range(400)]
    high = [market.outcome(step, at(1.5, count)).counts["accepted"] for step in range(400)]
    assert all((few <= many).all() for few, many in zip(high, low, strict=True))
    own = market.exact.accepted[: 400 * count, at(1.5, 1)[0]].sum()
    assert np.concatenate(high).sum() == pytest.approx(own, abs=4 * np.sqrt(own))


def test_money_that_happens_is_the_money_that_is_expected() -> None:
    market, count = world(), world().zones
    steps = range(market.steps)
    happened = sum(market.outcome(step, market.usual(step)).money.sum() for step in steps)
    expected = sum(market.worth(step, market.usual(step)).sum() for step in steps)
    assert happened == pytest.approx(expected, rel=0.04)
    assert count * market.steps == len(truth("world"))


def test_the_optimum_keeps_the_promise_and_nothing_that_does_earns_more() -> None:
    market = world()
    best = np.concatenate([market.best(step) for step in range(market.steps)])
    rows = np.arange(len(best))
    money = market.exact.money
    assert market.mean_multiplier(best) <= 1.25
    draw = np.random.default_rng(4)
    for _ in range(20):
        other = best.copy()
        some = draw.random(len(best)) < 0.02
        other[some] = np.clip(other[some] + draw.integers(-3, 4, some.sum()), 0, 34)
        if market.mean_multiplier(other) <= market.mean_multiplier(best):
            assert money[rows, other].sum() <= money[rows, best].sum()


def test_one_price_for_all_earns_less_than_the_rule_and_the_rule_less_than_the_best() -> None:
    market = world()
    steps = range(market.steps)

    def total(actions: Any) -> float:
        return float(sum(market.worth(step, actions(step)).sum() for step in steps))

    flat = max(
        total(lambda step, name=name: market.simple(step)[name]) for name in ("base", "capped")
    )
    assert flat < total(market.usual) < total(market.best)


def test_halves_of_the_riders_share_the_cars_and_hide_most_of_the_effect() -> None:
    market = world()
    draw = np.random.default_rng(8)
    shown, whole = [], []
    for step in range(market.steps):
        new = draw.random(len(market.people(step))) < 0.5
        brought = market.split(step, market.usual(step), market.best(step), new)
        shown.append((brought[new].sum(), new.sum(), brought[~new].sum(), (~new).sum()))
        gain = market.worth(step, market.best(step)) - market.worth(step, market.usual(step))
        whole.append((gain.sum(), market.told_per(step).sum()))
    a, b, c, d = np.array(shown).sum(axis=0)
    gain, asked = np.array(whole).sum(axis=0)
    assert a / b - c / d < 0.7 * gain / asked


def test_feedback_comes_at_the_full_hour_with_its_four_quarters() -> None:
    market = module().open_world(truth)
    told = [market.feedback(step, market.usual(step)) for step in range(4)]
    assert told[:3] == [None] * 3
    assert len(told[3]) == 4 * market.zones
    assert (told[3].served <= told[3].accepted).all()


def test_segments_are_a_partition() -> None:
    parts = np.sum(list(world().segments(80).values()), axis=0)
    assert (parts == 1).all()


def test_every_guardrail_has_its_limit_and_every_count_is_there() -> None:
    limits = {limit.metric for limit in load_quest(FOLDER).guardrails}
    counts = world().outcome(0, world().usual(0)).counts
    assert {rail.metric for rail in world().rails} == limits
    for rail in world().rails:
        assert rail.count in counts
        assert rail.over is None or rail.over in counts
