"""What becomes of an offer: matched, looked at by a moderator, or given a card of its own."""

from typing import Any

import numpy as np
import pandas as pd

from matching.blocking import Blocker
from matching.economics import COSTS, Costs
from matching.model import PairModel
from matching.money import MATCH, REVIEW, best_action
from matching.pairs import pair_features
from matching.text import extract_attrs
from matching.train import best_of


class MatchPolicy:
    """The action of the largest expected roubles, for each offer by itself."""

    def __init__(
        self, blocker: Blocker, model: PairModel, products: pd.DataFrame, costs: Costs = COSTS
    ) -> None:
        self.blocker = blocker
        self.model = model
        self.products = products
        self.costs = costs

    def decide(self, offers: pd.DataFrame) -> pd.DataFrame:
        """Decide about offers.

        Args:
            offers: one row an offer: `offer_id, seller_id, title, attrs_raw, price, ean`.

        Returns:
            One row an offer, in their order: `offer_id`, `action` (`match`, `review` or `new`),
            `product_id` (the best candidate, -1 where there is none), `p_match` (that it is the
            right card) and `p_exists` (that there is a right card at all).
        """
        candidates = self.blocker.candidates(offers)
        return self.answer(offers, pair_features(offers, self.products, candidates))

    def answer(self, offers: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
        """Decide about offers whose candidate pairs are known, see `decide`."""
        answer = pd.DataFrame({"offer_id": offers["offer_id"].to_numpy(dtype=np.int64)})
        known = answer.merge(self._chances(pairs), on="offer_id", how="left")
        answer["product_id"] = known["product_id"].fillna(-1).astype(np.int64)
        answer["p_match"] = known["p_match"].fillna(0.0)
        answer["p_exists"] = known["p_exists"].fillna(0.0)
        action = best_action(answer["p_match"], answer["p_exists"], self.costs)
        action[no_go(offers) & (action == MATCH)] = REVIEW
        action[(answer["product_id"] < 0).to_numpy()] = REVIEW  # nothing found is not nothing there
        answer.insert(1, "action", action)
        return answer

    def _chances(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """The best candidate of each offer that has one, and the two probabilities."""
        pairs = pairs.assign(p=self.model.predict_proba(pairs))
        # At most one candidate is right, so their chances add up.
        exists = pairs.groupby("offer_id")["p"].sum().clip(upper=1.0)
        best = best_of(pairs).assign(p_exists=lambda one: one["offer_id"].map(exists))
        best = best.rename(columns={"p": "p_match"})
        return best[["offer_id", "product_id", "p_match", "p_exists"]]


def no_go(offers: pd.DataFrame) -> np.ndarray:
    """Which offers nothing automatic is done about: disks that say neither barcode nor capacity."""
    barcoded = pd.to_numeric(offers["ean"], errors="coerce").notna().to_numpy()
    said: list[Any] = [
        extract_attrs(f"{title} {more or ''}")["capacity"]
        for title, more in zip(offers["title"], offers["attrs_raw"], strict=True)
    ]
    sized = np.array([one is not None for one in said])
    disks = offers["title"].str.lower().str.contains("ssd|диск|laptop|ноутбук").to_numpy()
    return disks & ~barcoded & ~sized
