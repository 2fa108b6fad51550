"""Lets a check ask `matching.policy` and `matching.launch`; it judges nothing."""

from functools import cache

import pandas as pd
import simkit
from matching.blocking import Blocker
from matching.data import load_products
from matching.launch import decide_launch
from matching.model import PairModel
from matching.policy import MatchPolicy


def decide(batch: pd.DataFrame) -> pd.DataFrame:
    """What the policy does about the offers of a week, with today's catalogue."""
    return _policy().decide(batch.assign(ean=pd.to_numeric(batch["ean"]).astype(float)))


def launch(readout: dict[str, object]) -> object:
    """What the project's own rule makes of a readout."""
    return decide_launch(readout)


@cache
def _policy() -> MatchPolicy:
    products = load_products()
    model = PairModel.load(simkit.artifacts() / "model")
    return MatchPolicy(Blocker().fit(products), model, products)
