"""Features of customers as they could be known at a moment."""

from pathlib import Path

FEATURES = [
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


def read_sql(name):
    return (SQL / name).read_text(encoding="utf-8").rstrip().removesuffix(";")


def load_features(as_of, user_ids=None):
    # Stage "Features without peeking": run sql/features.sql as of that moment with
    # simkit.query(sql, {"as_of": as_of}) and keep the promises of the brief.
    raise NotImplementedError("load_features: stage 'Features without peeking'")
