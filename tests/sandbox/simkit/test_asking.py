"""simkit.query: typed answers, bound parameters, errors in a sentence."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from sandbox import simkit
from sandbox.simkit import asking
from sandbox.simkit.statements import only_statement
from tests.sandbox.simkit.small_data import ROWS, START, TYPES

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.usefixtures("folder")
def test_columns_have_the_types_that_the_quest_declares() -> None:
    asked = ", ".join(f"toTypeName({name}) AS {name}" for name in TYPES)
    sql = f"SELECT {asked} FROM things LIMIT 1"  # noqa: S608 - our own words
    found = simkit.query(sql).iloc[0].to_dict()
    assert found == TYPES


@pytest.mark.usefixtures("folder")
def test_an_answer_is_a_frame_with_aware_moments_and_missing_values() -> None:
    frame = simkit.query("SELECT * FROM things ORDER BY id")
    assert len(frame) == ROWS
    assert frame.moment[3] == pd.Timestamp(START) + pd.Timedelta(hours=3, milliseconds=3)
    assert str(frame.second.dt.tz) == "UTC"
    assert frame.plan[:2].tolist() == ["basic", "pro"]
    assert frame.born.isna().sum() == ROWS / 4
    assert frame.share.isna().sum() == ROWS / 5


@pytest.mark.usefixtures("folder")
def test_tables_can_be_named_with_their_database_too() -> None:
    assert simkit.query("SELECT count() AS n FROM small.things").n[0] == ROWS


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "moment",
    [
        START + dt.timedelta(hours=5, milliseconds=5),
        (START + dt.timedelta(hours=5, milliseconds=5)).replace(tzinfo=None),
        (START + dt.timedelta(hours=5, milliseconds=5)).astimezone(ZoneInfo("Asia/Tokyo")),
        "2024-01-01T05:00:00.005Z",
        "2024-01-01 08:00:00.005+03:00",
        pd.Timestamp("2024-01-01T05:00:00.005Z"),
    ],
)
@pytest.mark.parametrize(
    "kind", ["DateTime64(3)", "DateTime64(3, 'UTC')", "DateTime64(3, 'Asia/Tokyo')"]
)
def test_a_moment_is_bound_to_the_millisecond_in_utc(moment: object, kind: str) -> None:
    sql = f"SELECT count() AS n FROM things WHERE moment <= {{at:{kind}}}"  # noqa: S608
    assert simkit.query(sql, {"at": moment}).n[0] == 6


@pytest.mark.usefixtures("folder")
def test_values_are_bound_and_never_pasted() -> None:
    sql = (
        "SELECT count() AS n FROM things WHERE word = {word:String} AND id IN {ids:Array(UInt32)}"
    )
    assert simkit.query(sql, {"word": "it's", "ids": [2, 5, 6]}).n[0] == 2
    assert simkit.query(sql, {"word": "' OR 1 --", "ids": [2]}).n[0] == 0


@pytest.mark.usefixtures("folder")
def test_no_rows_still_have_columns() -> None:
    sql = "SELECT id, moment FROM things WHERE moment > {at:DateTime64(3)}"
    frame = simkit.query(sql, {"at": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)})
    assert frame.empty
    assert list(frame.columns) == ["id", "moment"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("sql", "params", "sentence"),
    [
        ("SELECT momnt FROM things", {}, r"Unknown expression.*`momnt`.*Did you mean `moment`\?"),
        ("SELECT 1 FROM thing", {}, r"Unknown table.*Did you mean `things`\?"),
        ("SELECT id FROM things WHERE", {}, r"Syntax error: at the end of the query"),
        ("SELECT id\nFRM things", {}, r"Syntax error: failed at position 15.*line 2, col 5\)$"),
        ("SELECT {at:DateTime64(3)}", {"to": 1}, "asks for the parameter `at`; given: to"),
        ("SELECT {at:DateTime64(3)}", {"at": "yesterday"}, "'yesterday' is no moment"),
        ("SELECT 1; SELECT 2", {}, "one statement a query; here are 2"),
        (" -- nothing\n", {}, "one statement a query; here are 0"),
        ("DROP TABLE things", {}, "begins with SELECT or WITH, not with DROP"),
        ("INSERT INTO FUNCTION file('x.csv') SELECT 1", {}, "not with INSERT"),
    ],
)
def test_a_wrong_query_is_refused_in_one_sentence(
    sql: str, params: dict[str, object], sentence: str
) -> None:
    with pytest.raises(simkit.QueryError, match=sentence) as caught:
        simkit.query(sql, params)
    assert "\n" not in str(caught.value)
    assert "version" not in str(caught.value)


@pytest.mark.usefixtures("folder")
def test_the_tables_cannot_be_changed_through_the_client_either() -> None:
    client = simkit.connect()
    with pytest.raises(Exception, match="readonly"):
        client.command("DROP VIEW things")
    client.close()


@pytest.mark.parametrize(
    ("sql", "statement"),
    [
        ("SELECT 1;", "SELECT 1"),
        ("SELECT ';' -- a; b\n;\n", "SELECT ';' -- a; b"),
        ('/* a; b */ SELECT `x;y`, "z;" ; -- end', '/* a; b */ SELECT `x;y`, "z;"'),
        ("SELECT 'it''s; \\'; ' # no!\n", "SELECT 'it''s; \\'; ' # no!"),
        ("SELECT $x$ ; $x$", "SELECT $x$ ; $x$"),
        ("(SELECT 1) UNION ALL (SELECT 2)", "(SELECT 1) UNION ALL (SELECT 2)"),
    ],
)
def test_semicolons_in_texts_and_comments_end_nothing(sql: str, statement: str) -> None:
    assert only_statement(sql) == statement


def test_no_tables_is_said_with_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_DATA", str(tmp_path))
    monkeypatch.delenv("CLICKHOUSE_URL", raising=False)
    with pytest.raises(simkit.NoData, match=str(tmp_path)):
        simkit.connect()


def test_now_is_where_the_data_stop_unless_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert simkit.now() == dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    monkeypatch.setenv("SIM_NOW", "2024-06-03T00:00:00+03:00")
    assert simkit.now() == dt.datetime(2024, 6, 2, 21, tzinfo=dt.UTC)
    assert simkit.now().utcoffset() == dt.timedelta(0)
    monkeypatch.setenv("SIM_NOW", "2024-06-03T00:00:00")
    assert simkit.now() == dt.datetime(2024, 6, 3, tzinfo=dt.UTC)
    monkeypatch.delenv("SIM_NOW")
    monkeypatch.setenv("SIM_DATA", str(tmp_path / "nowhere"))
    assert abs(simkit.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert folder.is_dir()


def test_seed_and_artifacts_come_from_the_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SIM_SEED", raising=False)
    assert simkit.seed() == 0
    monkeypatch.setenv("SIM_SEED", "42")
    assert simkit.seed() == 42
    monkeypatch.setenv("SIM_ARTIFACTS", str(tmp_path / "kept"))
    assert simkit.artifacts() == tmp_path / "kept"
    assert simkit.artifacts().is_dir()


def test_importing_simkit_starts_no_engine_and_the_machines_zone_changes_nothing(
    folder: Path,
) -> None:
    program = (
        "import sys, threading, simkit\n"
        "assert 'chdb' not in sys.modules\n"
        "assert threading.active_count() == 1\n"
        "moment = '2024-01-01 05:00:00.005'\n"
        "sql = 'SELECT {at:DateTime64(3)} AS at, toDate(at) AS day'\n"
        "frame = simkit.query(sql, {'at': moment})\n"
        "print(frame['at'][0].isoformat(), frame.day[0].date())\n"
    )
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        finished = subprocess.run(
            [sys.executable, "-c", program],
            env={
                **{name: os.environ[name] for name in ("PATH",)},
                "PYTHONPATH": str(ROOT / "sandbox"),
                "SIM_DATA": str(folder),
                "TZ": zone,
            },
            capture_output=True,
            check=True,
            text=True,
        )
        assert finished.stdout == "2024-01-01T05:00:00.005000+00:00 2024-01-01\n"


@pytest.mark.usefixtures("folder")
def test_one_client_is_kept_for_queries_and_connect_gives_another() -> None:
    assert asking.client() is asking.client()
    other = simkit.connect()
    assert other is not asking.client()
    assert other.query("SELECT count() FROM things").first_row == (ROWS,)
    other.close()
    assert simkit.query("SELECT 1 AS one").one[0] == 1
