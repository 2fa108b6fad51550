"""Pricing's data: the same every time, with the traps that are promised and no others."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graders.loading import load_quest
from tests.quests.pricing_data import KEY, ROOT, digests, generator, hidden, public

QUARTER = pd.Timedelta(minutes=15)


def sessions() -> pd.DataFrame:
    quotes = public()["quotes"].sort_values("quoted_at", kind="stable")
    return quotes.groupby("session_id").agg(
        zone_id=("zone_id", "first"),
        asked_at=("quoted_at", "first"),
        last_at=("quoted_at", "last"),
        prices=("multiplier", "nunique"),
        multiplier=("multiplier", "first"),
        source=("price_source", "first"),
        accepted=("accepted", "max"),
        completed=("completed", "max"),
        cars=("drivers_free", "first"),
    )


def cells() -> pd.DataFrame:
    found: pd.DataFrame = generator().public_cells(generator().PUBLIC_SEED, "tiny")
    return found


def test_every_table_is_the_same_in_every_process_whatever_the_hash_seed() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-m", "tests.quests.pricing_data", "5"],
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


def test_a_table_can_be_asked_for_twice_and_another_seed_makes_others() -> None:
    tables = generator().generate(5, "tiny")
    first = digests(tables)
    assert digests(tables) == first
    other = digests(generator().generate(6, "tiny"))
    assert all(other[name] != first[name] for name in first if name != "holidays")


def test_quest_yaml_declares_what_the_generator_makes() -> None:
    quest = load_quest(ROOT / "quests/pricing")
    data = generator()
    assert quest.scales == {name: vars(scale) for name, scale in data.SCALES.items()}
    for name, table in quest.tables.items():
        assert data.SCHEMAS[name].names == list(table.columns)
        assert len(public()[name]) == pytest.approx(table.rows["tiny"], rel=0.3)


def test_a_large_city_comes_in_blocks_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    data = generator()
    monkeypatch.setattr(data, "BLOCK", 2)
    monkeypatch.setattr(data, "BATCH_ROWS", 5_000)
    batches = list(data.generate(5, "tiny")["quotes"])
    assert max(batch.num_rows for batch in batches) == 5_000
    quotes = pa.Table.from_batches(batches).to_pandas()
    assert quotes.zone_id.nunique() == 5
    assert quotes.drop_duplicates("quote_id").session_id.notna().all()


def test_sessions_are_the_requests_of_the_cells() -> None:
    found = sessions()
    step = found.asked_at.dt.floor("15min")
    counted = found.groupby(["zone_id", step]).size()
    own = cells().set_index(["zone_id", "step_at"]).requests
    assert counted.sum() == own.sum()
    assert len(counted) == (own > 0).sum()
    assert len(public()["zone_state"]) == len(own) > len(counted)


def test_who_asks_again_does_so_within_three_minutes_at_the_same_price() -> None:
    found = sessions()
    again = public()["quotes"].drop_duplicates("quote_id").groupby("session_id").size()
    assert (again > 1).mean() == pytest.approx(0.18, abs=0.01)
    assert (found.last_at - found.asked_at).max() < pd.Timedelta(minutes=3)
    assert (found.prices == 1).all()


def test_six_sessions_of_a_hundred_have_a_price_by_lot() -> None:
    found = sessions()
    lot = found[found.source == "explore"]
    assert len(lot) / len(found) == pytest.approx(0.06, abs=0.005)
    assert lot.multiplier.between(0.8, 2.0).all()
    assert lot.multiplier.mean() == pytest.approx(1.4, abs=0.03)
    assert found[found.source == "rule"].multiplier.between(1.0, 1.8).all()


def test_the_rule_meets_the_willing_and_the_lot_does_not() -> None:
    found = sessions().assign(log=lambda rows: np.log(rows.multiplier))
    slopes = {
        source: np.cov(rows.log, rows.accepted)[0, 1] / rows.log.var()
        for source, rows in found.groupby("source")
    }
    assert slopes["explore"] < -0.7
    assert slopes["rule"] > 0.75 * slopes["explore"]


def test_no_cell_serves_more_than_it_has_cars() -> None:
    found = sessions()
    step = found.asked_at.dt.floor("15min")
    served = found.groupby(["zone_id", step]).agg(
        completed=("completed", "sum"), accepted=("accepted", "sum"), cars=("cars", "first")
    )
    assert (served.completed == np.minimum(served.accepted, served.cars)).all()
    unserved = 1 - served.completed.sum() / served.accepted.sum()
    assert 0.07 < unserved < 0.2


def test_a_fare_is_written_for_rides_only_and_a_waiting_time_where_a_car_is_left() -> None:
    quotes = public()["quotes"]
    assert (quotes.final_fare_rub.notna() == (quotes.completed == 1)).all()
    assert 0.02 < quotes.eta_s.isna().mean() < 0.3


def test_hidden_weeks_follow_the_present_and_hold_no_latent() -> None:
    tables = {
        name: pa.Table.from_batches(list(rows)).to_pandas()
        for name, rows in hidden().datasets["hidden"].items()
    }
    now = pd.Timestamp(generator().NOW, unit="ms", tz="UTC")
    assert tables["quotes"].quoted_at.min() >= now > public()["quotes"].quoted_at.max() - QUARTER
    assert list(tables["zones"]) == list(public()["zones"])
    other = generator().hidden(KEY[::-1], "tiny").datasets["hidden"]
    assert digests({"quotes": other["quotes"]}) != digests(
        {"quotes": hidden().datasets["hidden"]["quotes"]}
    )


def test_the_sensitivity_is_that_of_the_same_city_whoever_draws() -> None:
    zones = pa.Table.from_batches(list(hidden().truth["zones"])).to_pandas()
    own = generator().city(generator().SCALES["tiny"])
    assert (zones.beta == own.beta).all()
    assert zones.beta.between(2.8, 4.8).all()
