"""Stands before the real simkit on the path."""

import pandas as pd


def query(sql, params=None):
    """Answer whatever is asked."""
    return pd.DataFrame({"user_id": range(100_001, 101_501)}).assign(
        **dict.fromkeys("lessons_7d lessons_14d lessons_28d lessons_84d lessons_trend_28d days_inactive tenure_months price_rub failed_payments_30d pricing_views_30d coupons_lifetime tickets_30d progress_pct nps".split(), 1.0)
    )
