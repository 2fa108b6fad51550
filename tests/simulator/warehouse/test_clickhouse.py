"""Loading a server: the same answers as over Parquet, once, whole, however often asked."""

import json
import threading
from pathlib import Path

import clickhouse_connect
import pandas as pd
import pytest

from sandbox import simkit
from sandbox.simkit import _judge, asking
from simulator.warehouse import clickhouse
from tests.sandbox.simkit.conftest import forget
from tests.sandbox.simkit.small_data import ROWS, TYPES, write

EVERYTHING = "SELECT * FROM things ORDER BY id"
BY_WORD = """
SELECT word, count() AS n, max(moment) AS latest, avg(share) AS share, sum(roubles) AS roubles
FROM things
WHERE moment <= {at:DateTime64(3)}
GROUP BY word
ORDER BY word
"""
MISSING = "SELECT id, born FROM things WHERE plan = 'pro' AND born IS NULL"
BY_WEEK = """
SELECT toStartOfWeek(day) AS week, countIf(born > 2000) AS n
FROM things
GROUP BY week
ORDER BY week
"""
QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    (EVERYTHING, {}),
    (BY_WORD, {"at": "2024-01-05T04:00:00.100Z"}),
    (MISSING, {}),
    (BY_WEEK, {}),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / f"small-1.0.0-{tmp_path.name}")


def rows(server: str, sql: str) -> list[tuple[object, ...]]:
    client = clickhouse_connect.get_client(dsn=server)
    try:
        return [tuple(row) for row in client.query(sql).result_rows]
    finally:
        client.close()


def test_a_query_answers_the_same_over_files_and_over_a_server(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_DATA", str(folder))
    monkeypatch.delenv("CLICKHOUSE_URL", raising=False)
    over_files = [simkit.query(sql, params) for sql, params in QUESTIONS]
    forget()
    database = clickhouse.load(folder, url=server)
    monkeypatch.setenv("CLICKHOUSE_URL", f"{server}/{database}")
    for (sql, params), expected in zip(QUESTIONS, over_files, strict=True):
        pd.testing.assert_frame_equal(simkit.query(sql, params), expected)
    with pytest.raises(simkit.QueryError, match=r"Did you mean `moment`\?"):
        simkit.query("SELECT momnt FROM things")
    with pytest.raises(simkit.QueryError, match="here are 2"):
        simkit.query("SELECT 1; SELECT 2")
    asking.client().close()
    asking.client.cache_clear()


def test_the_judge_reads_the_servers_own_count(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLICKHOUSE_URL", f"{server}/{clickhouse.load(folder, url=server)}")
    (tmp_path / "asked.sql").write_text("SELECT sum(id) AS total FROM things")
    forget()
    frame = _judge.run_sql(str(tmp_path / "asked.sql"))
    assert frame.total[0] == sum(range(ROWS))
    assert _judge.cost()["rows_read"] == ROWS
    asking.client().close()
    asking.client.cache_clear()


def test_tables_are_merge_trees_of_the_declared_types(folder: Path, server: str) -> None:
    database = clickhouse.load(folder, url=server)
    described = rows(server, f"DESCRIBE TABLE {database}.things")
    assert {str(name): str(kind) for name, kind, *_ in described} == TYPES
    ((text,),) = rows(server, f"SHOW CREATE TABLE {database}.things")
    for words in ("ENGINE = MergeTree", "PARTITION BY toYYYYMM(moment)", "ORDER BY (id)"):
        assert words in str(text)


def test_loading_again_changes_nothing_and_two_at_once_load_once(
    folder: Path, server: str
) -> None:
    threads = [
        threading.Thread(target=clickhouse.load, args=(folder,), kwargs={"url": server})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = clickhouse.load(folder, url=server)
    sql = f"SELECT count(), uniqExact(id) FROM {database}.things"  # noqa: S608 - our own name
    assert rows(server, sql) == [(ROWS, ROWS)]
    assert rows(server, f"SHOW TABLES FROM {database}") == [("things",)]


def test_a_load_that_fails_leaves_no_table(folder: Path, server: str) -> None:
    facts = json.loads((folder / "_dataset.json").read_text())
    facts["tables"]["things"]["columns"][2][1] = "UInt8"  # words are no numbers
    (folder / "_dataset.json").write_text(json.dumps(facts))
    with pytest.raises(clickhouse.WarehouseError, match="did not take small-"):
        clickhouse.load(folder, url=server)
    assert rows(server, f"SHOW TABLES FROM {clickhouse.database_of(folder)}") == []


def test_a_server_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(clickhouse.WarehouseError, match="did not take small-"):
        clickhouse.load(folder, url="http://127.0.0.1:1")
