"""Candidates: the few cards of the catalogue that an offer could belong to."""

from typing import Self

import pandas as pd


class Blocker:
    """Names at most k cards for each offer, best first."""

    def fit(self, products: pd.DataFrame) -> Self:
        """Learn the catalogue."""
        raise NotImplementedError("fit: stage 'Few candidates'")

    def candidates(self, offers: pd.DataFrame, k: int = 10) -> pd.DataFrame:
        """`offer_id, product_id, rank, score`, at most k rows an offer."""
        raise NotImplementedError("candidates: stage 'Few candidates'")
