"""What becomes of an offer: matched, looked at by a moderator, or given a card of its own."""

import pandas as pd

from matching.blocking import Blocker
from matching.economics import COSTS, Costs
from matching.model import PairModel


class MatchPolicy:
    """Decides about each offer by itself."""

    def __init__(
        self, blocker: Blocker, model: PairModel, products: pd.DataFrame, costs: Costs = COSTS
    ) -> None:
        self.blocker = blocker
        self.model = model
        self.products = products
        self.costs = costs

    def decide(self, offers: pd.DataFrame) -> pd.DataFrame:
        """`offer_id, action, product_id, p_match, p_exists`, one row an offer."""
        raise NotImplementedError("stage 'Four weeks of offers'")
