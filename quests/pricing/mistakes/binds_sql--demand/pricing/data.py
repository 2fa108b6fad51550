"""Cells and sessions from the warehouse: the same path for yesterday and for tonight."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import simkit

COLUMNS: list[str] = [
    "zone_id",
    "step_at",
    "requests",
    "drivers_free",
    "app_opens_5m",
    "requests_prev_15m",
    "requests_prev_60m",
    "rain",
    "event",
    "holiday",
    "local_hour",
    "free_day",
    "base_fare_rub",
    "tz",
    "kind",
]

SQL = Path(__file__).resolve().parent.parent / "sql"


def read_sql(name: str) -> str:
    """Text of a query of this project, without the semicolon at its end."""
    return (SQL / name).read_text(encoding="utf-8").rstrip().removesuffix(";")


def load_cells(begin: datetime, end: datetime) -> pd.DataFrame:
    """Every zone and quarter hour from `begin` (included) to `end` (left out).

    Args:
        begin, end: moments with a time zone.

    Returns:
        One row a cell, ordered by `zone_id, step_at`, columns `COLUMNS`; `step_at` is aware, UTC.

    Raises:
        ValueError: a moment has no time zone, or `end` is not after `begin`.
    """
    if begin.tzinfo is None or end.tzinfo is None:
        raise ValueError("begin and end need a time zone: whose midnight is it?")
    if end <= begin:
        raise ValueError("end must be after begin")
    sql = read_sql("demand.sql")
    first = simkit.query(f"SELECT min(step_at) AS t FROM zone_state WHERE step_at < '{end:%Y-%m-%d}'")
    if first.empty:
        raise ValueError("end must be after begin")
    rows = simkit.query(sql, {"begin": begin, "end": end})
    rows["step_at"] = pd.to_datetime(rows["step_at"], utc=True)
    return rows[COLUMNS].sort_values(["zone_id", "step_at"], ignore_index=True)
