"""Features of customers as they could be known at a moment: the same path for yesterday and today."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import simkit

FEATURES: list[str] = [
    "lessons_7d",
    "lessons_14d",
    "lessons_28d",
    "lessons_84d",
    "lessons_trend_28d",
    "days_inactive",
    "tenure_months",
    "price_rub",
    "failed_payments_30d",
    "pricing_views_30d",
    "coupons_lifetime",
    "tickets_30d",
    "progress_pct",
    "nps",
]

SQL = Path(__file__).resolve().parent.parent / "sql"


def read_sql(name: str) -> str:
    """Text of a query of this project, without the semicolon at its end."""
    return (SQL / name).read_text(encoding="utf-8").rstrip().removesuffix(";")


def load_features(as_of: datetime, user_ids: Sequence[int] | None = None) -> pd.DataFrame:
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone: whose midnight is it?")
    rows = simkit.query(read_sql("features.sql"), {"as_of": as_of})
    frame = rows.set_index("user_id").sort_index()[FEATURES].astype("float64")
    if user_ids is None:
        return frame
    return frame[frame.index.isin(list(user_ids))]
