"""Churn's market: what is seen, what is not, and whether its optimum is one."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.loading import load_module, load_quest
from tests.quests.churn_data import KEY, ROOT, generator, hidden

FOLDER = ROOT / "quests" / "churn"
QUEST = load_quest(FOLDER)


@cache
def rows() -> pd.DataFrame:
    frame: pd.DataFrame = pa.Table.from_batches(list(hidden().truth["world"])).to_pandas()
    return frame


@cache
def world() -> Any:
    """Return the market over the hidden truth at scale tiny."""
    return load_module(FOLDER / "world.py", name="world_of_churn_tests").open_world(
        lambda table: {"world": rows()}[table]
    )


def letters(step: int) -> Any:
    return np.ones(len(world().observe(step)), dtype=np.int64)


def test_the_same_key_draws_the_same_market_and_another_key_another() -> None:
    again = pa.Table.from_batches(list(generator().hidden(KEY, "tiny").truth["world"])).to_pandas()
    pd.testing.assert_frame_equal(again, rows())
    other = generator().hidden(KEY[::-1], "tiny").truth["world"]
    assert not pa.Table.from_batches(list(other)).to_pandas().equals(rows())


def test_there_are_eight_weeks_and_everybody_is_decided_once() -> None:
    assert world().steps == 8
    assert not rows().user_id.duplicated().any()
    assert rows().groupby("week").size().between(200, 320).all()


def test_a_policy_sees_the_canonical_features_and_no_latent() -> None:
    batch = world().observe(0)
    assert list(batch.columns) == ["user_id", *generator().FEATURES]
    assert batch.user_id.is_monotonic_increasing  # the order tells nothing


def test_prices_rise_in_the_fourth_week() -> None:
    prices = [set(world().observe(week).price_rub) for week in range(8)]
    assert all(seen <= {990, 1990, 3990} for seen in prices[:3])
    assert all(seen <= {1089, 2189, 4389} for seen in prices[3:])


def test_the_money_is_that_of_the_quests_own_formula() -> None:
    week = rows()[rows().week == 1]
    gain = world().worth(0, letters(0)) - world().worth(0, 0 * letters(0))
    own = generator().gain(week.p0.to_numpy(), week.p1.to_numpy(), week.price_rub.to_numpy())
    np.testing.assert_allclose(gain, own)
    np.testing.assert_allclose(world().gain(0), own)


def test_luck_is_the_same_whatever_is_done_and_its_mean_is_the_expectation() -> None:
    moved = 0.0
    for step in range(8):
        both = [world().outcome(step, side * letters(step)) for side in (0, 1)]
        part = rows()[rows().week == step + 1]
        changed = both[0].counts["left"] != both[1].counts["left"]
        between = (part.luck < part[["p0", "p1"]].max(axis=1)) & (
            part.luck >= part[["p0", "p1"]].min(axis=1)
        )
        assert (changed == between.to_numpy()).all()
        moved += float((both[0].counts["left"] - part.p0.to_numpy()).sum())
    assert abs(moved) < 3 * np.sqrt((rows().p0 * (1 - rows().p0)).sum())


def test_no_list_within_the_limit_earns_more_than_the_best() -> None:
    draw = np.random.default_rng(4)
    for step in (0, 5):
        gain, best = world().gain(step), world().best(step)
        places = int(0.15 * len(gain))
        assert best.sum() <= places
        assert (gain[best == 1] > 0).all()
        for _ in range(200):
            other = np.zeros(len(gain), dtype=np.int64)
            other[draw.permutation(len(gain))[:places]] = 1
            assert world().worth(step, other).sum() <= world().worth(step, best).sum()
        worst_in, best_out = gain[best == 1].min(), gain[best == 0].max()
        assert worst_in >= best_out or best.sum() < places


def test_the_silent_lose_money_and_are_the_old_rules_favourites() -> None:
    gains = np.concatenate([world().gain(step) for step in range(8)])
    silent = np.concatenate([world().segments(step)["silent"] for step in range(8)])
    usual = np.concatenate([world().usual(step) for step in range(8)])
    assert gains[silent].mean() < -300
    assert usual[silent].mean() > 0.6
    assert usual[~silent].mean() < 0.1


def test_segments_are_a_partition() -> None:
    parts = np.sum(list(world().segments(2).values()), axis=0)
    assert (parts == 1).all()


def test_every_guardrail_has_its_limit_and_every_count_is_there() -> None:
    limits = {limit.metric for limit in QUEST.guardrails}
    counts = world().outcome(0, letters(0)).counts
    assert {rail.metric for rail in world().rails} == limits
    for rail in world().rails:
        assert rail.count in counts
        assert rail.over is None or rail.over in counts


def test_facts_of_the_brief_are_those_of_the_market() -> None:
    facts = QUEST.folder / "exact.json"
    told = pd.read_json(facts, typ="series")["rollout"]
    assert told["weeks"]["value"] == generator().ROLLOUT_WEEKS
    assert told["weekly"]["value"] == generator().SCALES["default"].weekly
    assert told["monthly"]["value"] == world().case.monthly
    for limit in QUEST.guardrails:
        assert told[limit.metric]["value"] == limit.value
