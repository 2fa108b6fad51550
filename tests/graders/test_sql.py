"""Two query results are compared row by row, and every difference has its name."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.quest import Quest
from graders.results import Outcome
from graders.rooms import Rooms
from graders.sql import no_lookahead, reads_at_most, same_rows
from graders.tables import to_table
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Limits, Raised, Returned, Value
from tests.fakes import FakeSandbox

OWN = pd.DataFrame(
    {
        "user_id": [1, 2, 3, 4],
        "lessons": [0, 3, 7, 1],
        "nps": [np.nan, 9.0, 7.0, np.nan],
        "plan": ["basic", "pro", None, "max"],
        "day": pd.to_datetime(["2025-01-01", "2025-01-02", "NaT", "2025-01-04"], utc=True),
    }
)


def failed(frame: pd.DataFrame, **options: Any) -> Fail:
    with pytest.raises(Fail) as failure:
        same_rows(frame, OWN, keys=["user_id"], **options)
    return failure.value


def test_the_same_rows_in_another_order_and_another_numeric_type_are_the_same() -> None:
    frame = OWN.sample(frac=1, random_state=1).astype({"lessons": "uint16", "user_id": "uint32"})
    same_rows(frame.assign(extra=1), OWN, keys=["user_id"])


def test_a_date_and_a_midnight_are_the_same_day() -> None:
    days = [date(2025, 1, 1), date(2025, 1, 2), None, date(2025, 1, 4)]
    frame = OWN.assign(day=pd.Series(days, dtype=object))
    same_rows(frame, OWN, keys=["user_id"])


def test_a_missing_column_is_named() -> None:
    assert failed(OWN.drop(columns="nps")).params == {"columns": "nps", "missing": 1}


def test_missing_extra_and_doubled_rows_are_told_apart() -> None:
    assert failed(OWN.head(3)).reason == "rows_missing"
    extra = pd.concat([OWN, OWN.tail(1).assign(user_id=9)])
    assert failed(extra).reason == "rows_extra"
    assert failed(pd.concat([OWN, OWN.tail(1)])).reason == "keys_twice"


def test_a_key_of_another_type_is_told() -> None:
    assert failed(OWN.assign(user_id=OWN["user_id"].astype(str))).reason == "key_not_comparable"


@pytest.mark.parametrize(
    ("column", "values", "rows", "reason"),
    [
        ("lessons", [0, 3, 8, 1], 1, "values_differ"),
        ("nps", [0.0, 9.0, 7.0, 0.0], 2, "values_filled"),
        ("nps", [None, None, 7.0, None], 1, "values_empty"),
        ("plan", ["basic", "pro", "None", "max"], 1, "values_filled"),
        ("plan", ["basic", "pro", "nan", "max"], 1, "values_filled"),
        ("plan", ["basic", "pro", None, "pro"], 1, "values_differ"),
        ("plan", ["basic", " PRO", None, "MAX"], 2, "texts_spelled"),
        ("day", ["2025-01-01", "2025-01-03", None, "soon"], 2, "values_differ"),
    ],
)
def test_a_column_that_differs_is_named_with_its_rows_and_the_cause(
    column: str, values: list[object], rows: int, reason: str
) -> None:
    failure = failed(OWN.assign(**{column: pd.Series(values)}))
    assert failure.reason == reason
    assert (failure.params["column"], failure.params["rows"]) == (column, rows)


def test_a_small_gap_and_an_allowed_share_are_forgiven() -> None:
    same_rows(OWN.assign(nps=OWN["nps"] + 1e-8), OWN, keys=["user_id"])
    same_rows(OWN.assign(lessons=[0, 3, 8, 1]), OWN, keys=["user_id"], allowed=0.25)
    assert failed(OWN.assign(lessons=[0, 3, 8, 1]), allowed=0.2).reason == "values_differ"


def test_the_worst_of_several_columns_is_named() -> None:
    failure = failed(OWN.assign(nps=0.0, lessons=[0, 3, 8, 1]))
    assert (failure.params["column"], failure.params["columns"]) == ("nps", 2)


def test_rows_read_have_a_budget() -> None:
    result = SqlResult(frame=OWN, rows_read=1000, bytes_read=1, seconds=0.1)
    reads_at_most(result, rows=1000)
    with pytest.raises(Fail) as failure:
        reads_at_most(result, rows=999)
    assert failure.value.params == {"rows": 1000, "limit": 999}


def workspace(quest: Quest, datasets: Datasets, sandbox: FakeSandbox) -> Workspace:
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    files = {"sql/features.sql": b"SELECT 1", "app/model.py": b"x = 1"}
    return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)


def engine(frames: list[pd.DataFrame]) -> FakeSandbox:
    """A room whose engine answers these frames, one a query."""
    answers = iter(frames)

    def run_sql(path: Value, params: Value) -> Value:
        return to_table(next(answers))

    cost = {"rows_read": 10, "bytes_read": 80, "seconds": 0.01}
    return FakeSandbox(
        answers={"simkit._judge:run_sql": run_sql, "simkit._judge:cost": lambda: cost}
    )


def test_a_query_that_changes_without_the_future_looks_ahead(
    quest: Quest, datasets: Datasets
) -> None:
    past = OWN.assign(lessons=[0, 3, 6, 1])
    work = workspace(quest, datasets, engine([OWN, past]))
    with pytest.raises(Fail) as failure:
        no_lookahead(work, "sql/features.sql", {}, keys=["user_id"], truncated="later")
    assert failure.value.reason == "looks_ahead"
    assert failure.value.params == {"column": "lessons", "rows": 1, "columns": 1, "total": 4}


def test_rows_that_come_from_the_future_look_ahead_too(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets, engine([OWN, OWN.head(3)]))
    with pytest.raises(Fail) as failure:
        no_lookahead(work, "sql/features.sql", {}, keys=["user_id"], truncated="later")
    assert failure.value.reason == "looks_ahead_rows"


def test_a_query_that_answers_the_same_does_not_look_ahead(
    quest: Quest, datasets: Datasets
) -> None:
    work = workspace(quest, datasets, engine([OWN, OWN]))
    no_lookahead(work, "sql/features.sql", {}, keys=["user_id"], truncated="later")


def test_a_query_runs_in_a_room_that_holds_no_python_of_the_project(
    quest: Quest, datasets: Datasets, tmp_path: Path
) -> None:
    sandbox = engine([OWN])
    work = workspace(quest, datasets, sandbox)
    result = work.sql("sql/features.sql", {"at": "2025-01-01"})
    assert (result.rows_read, len(result.frame)) == (10, 4)
    room = sandbox.rooms[0]
    assert (room.folder / "project" / "sql" / "features.sql").is_file()
    assert not (room.folder / "project" / "app").exists()
    work.rooms.close()


def test_a_query_that_the_engine_refuses_is_an_error_of_the_file(
    quest: Quest, datasets: Datasets
) -> None:
    refused = Returned(raised=Raised(type="QueryError", message="Unknown column"))
    sandbox = FakeSandbox(answers={"simkit._judge:run_sql": lambda *_: refused})
    with pytest.raises(Ended) as ended:
        workspace(quest, datasets, sandbox).sql("sql/features.sql")
    assert (ended.value.outcome, ended.value.reason) == (Outcome.ERROR, "query_failed")
    assert "Unknown column" in ended.value.output


def test_a_query_file_that_is_missing_is_the_learners_failure(
    quest: Quest, datasets: Datasets
) -> None:
    work = replace(workspace(quest, datasets, FakeSandbox()), files={})
    with pytest.raises(Fail, match="file_missing"):
        work.sql("sql/features.sql")
