"""What the judge calls inside: one SQL file, its rows, and the engine's own count of the work."""

from pathlib import Path

import pytest

from sandbox.simkit import QueryError, _judge
from tests.sandbox.simkit.small_data import ROWS


@pytest.fixture
def asked(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to put SQL files into; the working directory."""
    assert folder.is_dir()
    project = tmp_path / "project"
    (project / "sql").mkdir(parents=True)
    monkeypatch.chdir(project)
    return project / "sql" / "asked.sql"


def test_a_file_is_run_with_parameters_and_its_work_is_counted(asked: Path) -> None:
    asked.write_text("SELECT id FROM things WHERE moment <= {at:DateTime64(3)} ORDER BY id;\n")
    frame = _judge.run_sql("sql/asked.sql", {"at": "2024-01-01T05:00:00.005Z"})
    assert frame.id.tolist() == [0, 1, 2, 3, 4, 5]
    assert 6 <= _judge.cost()["rows_read"] <= ROWS


def test_the_engine_counts_what_a_query_reads(asked: Path) -> None:
    asked.write_text("SELECT sum(id) AS total FROM things")
    assert _judge.run_sql("sql/asked.sql").total[0] == sum(range(ROWS))
    cost = _judge.cost()
    assert cost["rows_read"] == pytest.approx(ROWS, abs=60)  # reading the counters reads, too
    assert cost["bytes_read"] >= 4 * ROWS
    assert 0 < cost["seconds"] < 30


def test_reading_a_table_twice_costs_twice(asked: Path) -> None:
    asked.write_text("SELECT max(id) AS top FROM things")
    _judge.run_sql("sql/asked.sql")
    once = _judge.cost()["rows_read"]
    asked.write_text(
        "SELECT max(id) AS top FROM (SELECT * FROM things UNION ALL SELECT * FROM things)"
    )
    _judge.run_sql("sql/asked.sql")
    assert _judge.cost()["rows_read"] == pytest.approx(2 * once, rel=0.25)


def test_two_statements_are_refused(asked: Path) -> None:
    asked.write_text("SELECT 1;\nSELECT 2;\n")
    with pytest.raises(QueryError, match="one statement a query; here are 2"):
        _judge.run_sql("sql/asked.sql")
