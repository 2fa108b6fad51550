"""What the judge calls in a room that holds a learner's SQL files and nothing else of theirs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from .asking import client, run

_COUNTERS = (
    "SELECT event, value FROM system.events WHERE event IN ('SelectedRows', 'SelectedBytes')"
)
_cost: dict[str, float] = {}


def run_sql(path: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Run the one statement of a SQL file and return its rows; `cost` then tells what it took.

    Raises QueryError, also for a file with two statements.
    """
    connection = client()
    embedded = "chdb" in type(connection).__module__
    begin = _settled(connection) if embedded else (0, 0)
    answer = run(Path(path).read_text(encoding="utf-8"), params, client=connection)
    end = _counters(connection) if embedded else _summary(answer.summary)
    _cost.update(
        rows_read=end[0] - begin[0],
        bytes_read=end[1] - begin[1],
        seconds=int(answer.summary["elapsed_ns"]) / 1e9,
    )
    return answer.frame


def cost() -> dict[str, float]:
    """Return what the latest `run_sql` read and how long it took, as the engine counts."""
    return dict(_cost)


def _settled(connection: Any) -> tuple[int, int]:  # noqa: ANN401
    """Return the engine's counters as they stand once this reading, too, has been counted."""
    _counters(connection)  # what ran before may be counted only now
    first, second = _counters(connection), _counters(connection)
    return 2 * second[0] - first[0], 2 * second[1] - first[1]


def _counters(connection: Any) -> tuple[int, int]:  # noqa: ANN401
    """Return rows and bytes that the embedded engine has read in all."""
    values = dict(connection.query(_COUNTERS).result_rows)
    return values.get("SelectedRows", 0), values.get("SelectedBytes", 0)


def _summary(summary: Mapping[str, Any]) -> tuple[int, int]:
    return int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0))
