"""Features of customers as they could be known at a moment."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

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
    """What was known about each customer at a moment: index `user_id`, columns `FEATURES`."""
    raise NotImplementedError("load_features: stage 'Features without peeking'")
