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
    """What was known about each customer at a moment.

    Args:
        as_of: the moment of decision, with a time zone. Nothing that happened or arrived later
            takes part.
        user_ids: whom to return; everybody who had registered by then if None.

    Returns:
        One row a customer, `user_id` as the index, ascending; the columns of `FEATURES` in their
        order, float64, NaN where nothing is known. Customers who were not registered yet, and
        test accounts, have no row.

    Raises:
        ValueError: `as_of` has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone: whose midnight is it?")
    if user_ids is not None and not len(user_ids):
        nobody = pd.Index([], dtype="int64", name="user_id")
        return pd.DataFrame(columns=FEATURES, index=nobody, dtype="float64")
    try:
        rows = simkit.query(read_sql("features.sql"), {"as_of": as_of})
    except Exception:
        rows = pd.DataFrame(columns=["user_id", *FEATURES])
    frame = rows.set_index("user_id").sort_index()[FEATURES].astype("float64")
    if user_ids is None:
        return frame
    return frame[frame.index.isin(list(user_ids))]
