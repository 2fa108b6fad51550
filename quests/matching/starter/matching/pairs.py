"""What can be said of an offer beside a card: one row of numbers a pair."""

import pandas as pd

FEATURES: list[str] = []


def pair_features(
    offers: pd.DataFrame, products: pd.DataFrame, candidates: pd.DataFrame
) -> pd.DataFrame:
    """`offer_id`, `product_id` and `FEATURES`, a row a candidate."""
    raise NotImplementedError("pair_features: stage 'Pairs and a model'")
