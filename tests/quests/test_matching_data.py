"""Matching's market: the same every time, with the traps that are promised and no others."""

import os
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graders.loading import load_module, load_quest
from tests.quests.matching_data import KEY, ROOT, digests, generator, hidden, public, read

FOLDER = ROOT / "quests/matching"
QUEST = load_quest(FOLDER)


@cache
def truth() -> dict[str, pd.DataFrame]:
    return read(hidden().truth)


@cache
def world() -> Any:
    """The market over the hidden truth at scale tiny."""
    module = load_module(FOLDER / "world.py", name="world_of_matching_tests")
    return module.open_world(lambda table: truth()[table])


def actions(step: int, code: int) -> Any:
    return np.full(len(world().observe(step)), code, dtype=np.int64)


# ------------------------------------------------------------------ the same every time


def test_every_table_is_the_same_in_every_process_whatever_the_hash_seed() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-m", "tests.quests.matching_data", "20240501"],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    assert len(answers) == 1
    assert answers.pop().count("\n") == 4 + 1 + 1


def test_offers_differ_by_seed_and_by_key_and_the_catalogue_does_not() -> None:
    one, other = (digests(generator().generate(seed, "tiny")) for seed in (5, 6))
    assert one["products"] == other["products"]
    assert all(one[name] != other[name] for name in generator().HISTORY)
    ours = digests(hidden().datasets["hidden"])
    theirs = digests(generator().hidden(KEY[::-1], "tiny").datasets["hidden"])
    assert ours["offers"] != theirs["offers"]


def test_a_large_history_comes_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    data = generator()
    monkeypatch.setattr(data, "BLOCK", 400)
    batches = list(data.generate(5, "tiny")["offers"])
    assert max(batch.num_rows for batch in batches) < 440
    offers = pa.Table.from_batches(batches).to_pandas()
    assert offers.offer_id.is_unique
    assert len(offers) == pytest.approx(1_530, rel=0.02)


def test_quest_yaml_declares_what_the_generator_makes() -> None:
    data = generator()
    assert QUEST.scales == {name: vars(scale) for name, scale in data.SCALES.items()}
    for name, table in QUEST.tables.items():
        assert data.SCHEMAS[name].names == list(table.columns)
        assert len(public()[name]) == pytest.approx(table.rows["tiny"], rel=0.1)


# ------------------------------------------------------------------ the catalogue


def test_families_have_siblings_that_differ_in_what_can_be_read() -> None:
    products = public()["products"]
    code = products["attrs"].str.extract(r"code=(\S+)")[0]
    sizes = products.groupby([code, "category"], observed=True).size()
    assert sizes.mean() == pytest.approx(5.0, abs=1.5)
    assert not products.duplicated("title").any()
    assert products.product_id.is_unique
    assert products.ean.is_unique


def test_the_learners_dictionary_is_the_sellers() -> None:
    words = load_module(FOLDER / "starter/matching/words.py", name="words_of_matching_tests")
    sellers = {ru.replace("ё", "е"): en for en, ru in generator().RUSSIAN.items()}
    assert sellers == words.RUSSIAN_WORDS
    assert set(words.ACCESSORY_OPENINGS) == set(generator().EXTRAS)
    kinds = {word for kind in generator().KINDS for word in kind.variants}
    assert kinds == words.VARIANTS


# ------------------------------------------------------------------ the traps, at their rates


def test_barcodes_are_there_for_half_and_some_are_a_siblings() -> None:
    rows, cards = truth()["world"], truth()["catalogue"].set_index("ean")["product_id"]
    assert rows.ean.notna().mean() == pytest.approx(0.45, abs=0.03)
    known = rows[rows.ean.notna() & (rows.product_id >= 0)]
    named = known.ean.map(cards)
    right = named[named.notna()] == known.product_id[named.notna()]
    assert right.mean() == pytest.approx(0.94, abs=0.02)


def test_labels_favour_offers_with_a_barcode_and_sellers_claim_too_much() -> None:
    tables = public()
    labelled = tables["offers"].offer_id.isin(tables["match_labels"].offer_id)
    with_code = tables["offers"].ean.notna()
    assert with_code[labelled].mean() > with_code[~labelled].mean() + 0.1
    shares = tables["match_labels"].source.astype(str).value_counts(normalize=True)
    assert shares["seller_claim"] == pytest.approx(0.2, abs=0.05)
    top = tables["match_labels"][tables["match_labels"].source.astype(str) == "top5"]
    assert (top.product_id >= 0).all()


def test_some_offers_come_twice_under_another_number() -> None:
    offers = public()["offers"]
    again = offers.duplicated(["seller_id", "title", "price"])
    assert again.mean() == pytest.approx(0.02, abs=0.012)


def test_what_customers_did_gives_the_answer_away_and_is_not_there_on_the_day() -> None:
    tables = public()
    rows = tables["match_labels"].merge(tables["offer_outcomes"], on="offer_id")
    exists = rows.product_id >= 0
    assert rows.card_views_7d[exists].median() > 3 * rows.card_views_7d[~exists].median()
    assert len(read(hidden().datasets["hidden"])["offer_outcomes"]) == 0
    assert len(read(hidden().datasets["hidden"])["match_labels"]) == 0


def test_hidden_offers_are_other_offers_and_some_families_are_new() -> None:
    theirs = read(hidden().datasets["hidden"])
    assert not set(theirs["offers"].offer_id) & set(public()["offers"].offer_id)
    new = set(theirs["products"].product_id) - set(public()["products"].product_id)
    assert 0.05 < len(new) / len(theirs["products"]) < 0.2
    assert truth()["offers"].product_id.isin(new).mean() > 0.03


def test_the_canary_is_in_truth_alone() -> None:
    (token,) = truth()["canary"].token
    assert len(token) == 32
    for frame in read(hidden().datasets["hidden"]).values():
        texts = frame.select_dtypes(exclude=["number", "datetimetz"]).astype(str)
        assert not texts.apply(lambda column: column.str.contains(token)).any().any()


# ------------------------------------------------------------------ the world


def test_a_policy_sees_what_the_seller_sent_and_no_latent() -> None:
    assert world().steps == 4
    assert list(world().observe(0).columns) == [
        "offer_id",
        "seller_id",
        "title",
        "attrs_raw",
        "price",
        "ean",
    ]


def test_money_is_that_of_the_note() -> None:
    data = generator()
    best, exists = world().best(0), world().best(0) >= 2
    right = world().worth(0, best)
    assert set(right[exists]) == {data.RIGHT}
    assert set(right[~exists]) == {data.OPENED}
    assert set(world().worth(0, actions(0, 2))[best != 2]) == {data.WRONG}
    review = world().worth(0, actions(0, 0))
    assert set(review[exists]) == {data.REVIEW + data.RIGHT}
    assert set(review[~exists]) == {data.REVIEW + data.OPENED}
    assert set(world().worth(0, actions(0, 1))[exists]) == {data.DOUBLED}


def test_no_action_is_worth_more_than_the_best() -> None:
    best = world().worth(1, world().best(1))
    for other in (world().usual(1), actions(1, 0), actions(1, 1), actions(1, 7)):
        assert (world().worth(1, other) <= best).all()


def test_the_barcode_rule_earns_less_than_a_moderator_who_looks_at_everything() -> None:
    rule = np.concatenate([world().worth(n, world().usual(n)) for n in range(4)]).mean()
    review = np.concatenate([world().worth(n, actions(n, 0)) for n in range(4)]).mean()
    assert rule < review


def test_an_answer_is_read_with_its_card_or_not_at_all() -> None:
    batch = world().observe(0).head(4)
    card = int(truth()["catalogue"]["product_id"].iloc[3])
    answer = pd.DataFrame(
        {
            "offer_id": batch.offer_id,
            "action": ["match", "match", "review", 5],
            "product_id": [card, -7, 0, 0],
        }
    )
    assert world().codes(answer).tolist() == [5, -1, 0, -1]
    assert world().codes(answer.drop(columns="product_id")).tolist() == [-1, -1, 0, -1]


def test_segments_are_a_partition_and_guardrails_have_limits_and_counts() -> None:
    assert (np.sum(list(world().segments(0).values()), axis=0) == 1).all()
    counts = world().outcome(0, world().usual(0)).counts
    for rail in world().rails:
        assert rail.count in counts
        assert rail.over is None or rail.over in counts
    limits = {limit.metric for limit in QUEST.guardrails}
    assert {rail.metric for rail in world().rails} == limits
