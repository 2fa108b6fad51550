"""Lets a check ask `matching.model` about pairs of offers and cards; it judges nothing."""

from functools import cache

import numpy as np
import pandas as pd
import simkit
from matching.blocking import Blocker
from matching.data import load_products
from matching.model import PairModel
from matching.pairs import pair_features


def chances(offers: pd.DataFrame) -> pd.DataFrame:
    """What the trained model says of each candidate: offer_id, product_id, p."""
    offers = offers.assign(ean=pd.to_numeric(offers["ean"]).astype(float))
    products, blocker = _catalogue()
    pairs = pair_features(offers, products, blocker.candidates(offers))
    said = np.asarray(_model().predict_proba(pairs), dtype=np.float64)
    if said.shape != (len(pairs),):
        raise ValueError(f"predict_proba answers with shape {said.shape}; one number a pair")
    return pd.DataFrame(
        {"offer_id": pairs["offer_id"], "product_id": pairs["product_id"], "p": said}
    )


@cache
def _catalogue() -> tuple[pd.DataFrame, Blocker]:
    products = load_products()
    return products, Blocker().fit(products)


@cache
def _model() -> PairModel:
    return PairModel.load(simkit.artifacts() / "model")
