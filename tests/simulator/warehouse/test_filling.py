"""Filling and exploring: done once, told in the page's language, nobody waits."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django import Settings

from graders.quest import Quest
from simulator.warehouse import clickhouse
from simulator.warehouse.counting import COUNTED
from simulator.warehouse.exploring import tables
from simulator.warehouse.filling import fill, filled


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("fill_warehouse", *words, stdout=out)
    return out.getvalue()


def test_filling_makes_the_datasets_of_the_scale_that_is_graded_on(small: Quest) -> None:
    assert filled(small) is None
    datasets = fill(small)
    assert filled(small) == datasets
    assert "-tiny-" in datasets.public
    counted = datasets.public_folder / COUNTED
    before = counted.stat().st_mtime_ns
    assert fill(small) == datasets
    assert counted.stat().st_mtime_ns == before
    assert counted.stat().st_mode & 0o777 == 0o644


def test_the_command_fills_every_quest_and_names_one_that_does_not_exist(small: Quest) -> None:
    assert told().startswith("small at tiny: small-1.0.0-tiny-")
    assert filled(small) is not None
    assert told("small").startswith("small at tiny")
    with pytest.raises(CommandError, match="no quest 'smal'; there are small"):
        told("smal")
    with pytest.raises(CommandError, match="no scale 'huge', only tiny"):
        told("--scale", "huge")


def test_public_tables_go_to_the_server_and_hidden_ones_do_not(
    small: Quest, settings: Settings, server: str
) -> None:
    settings.CLICKHOUSE_URL = server
    datasets = fill(small)
    client = clickhouse._connect(server)
    databases = {name for (name,) in client.query("SHOW DATABASES").result_rows}
    client.close()
    assert clickhouse.database_of(datasets.public_folder) in databases
    assert clickhouse.database_of(datasets.folder("later")) not in databases


def test_a_table_is_told_in_the_language_of_the_page(small: Quest) -> None:
    assert tables(small) == ()
    fill(small)
    with translation.override("ru"):
        (things,) = tables(small)
    assert (things.name, things.meaning, things.rows) == ("things", "Вещи", 50)
    number, word = things.columns
    assert (number.name, number.type, number.meaning) == ("number", "UInt32", "Номер")
    assert (number.null_share, word.distinct, word.low, word.high) == (None, 1, "w", "w")
    assert len(things.sample) == 50
    assert things.sample[0][1] == "w"
    with translation.override("de"):
        assert tables(small)[0].meaning == "Things"


def test_what_is_counted_is_what_lies_there(small: Quest) -> None:
    datasets = fill(small)
    counted = json.loads((datasets.public_folder / COUNTED).read_text())
    number = counted["things"]["columns"]["number"]
    sample = [row[0] for row in counted["things"]["sample"]]
    assert number["distinct"] == len(set(sample))
    assert (number["low"], number["high"]) == (str(min(sample)), str(max(sample)))
    assert number["null_share"] == 0
    assert sum(count for _, count in number["shape"]) == len(sample)
    assert counted["things"]["columns"]["word"]["shape"] == [["w", 50]]


def test_a_column_has_bars_of_its_values_or_of_its_range(small: Quest) -> None:
    fill(small)
    (things,) = tables(small)
    number, word = things.columns
    assert [(bar.label, bar.count, bar.share) for bar in word.shape] == [("w", 50, 1.0)]
    assert sum(bar.count for bar in number.shape) == 50
    assert max(bar.share for bar in number.shape) == 1.0
