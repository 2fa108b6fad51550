"""The policy: a catalogue of two siblings, a model that says what it is told."""

import numpy as np
import pandas as pd
import pytest

from matching.blocking import Blocker
from matching.launch import decide_launch
from matching.policy import MatchPolicy

PRODUCTS = pd.DataFrame(
    {
        "product_id": [7, 8],
        "title": ["smartphone sony nova 7 128gb black", "smartphone sony nova 7 256gb black"],
        "attrs": ["capacity=128gb;code=AB-1234", "capacity=256gb;code=AB-1234"],
        "brand": ["sony", "sony"],
        "price_rub": [1000.0, 1200.0],
        "ean": [5.0, 6.0],
    }
)


class Said:
    """A model that gives the candidates these chances, best first."""

    def __init__(self, *chances: float) -> None:
        self.chances = chances

    def predict_proba(self, pairs: pd.DataFrame) -> np.ndarray:
        """One chance a rank."""
        return np.array([self.chances[int(rank) - 1] for rank in pairs["rank"]])


def decided(title: str, *chances: float, ean: float = np.nan) -> pd.Series:
    offers = pd.DataFrame(
        {
            "offer_id": [1],
            "seller_id": [2],
            "title": [title],
            "attrs_raw": [""],
            "price": [1000.0],
            "ean": [ean],
        }
    )
    policy = MatchPolicy(Blocker().fit(PRODUCTS), Said(*chances), PRODUCTS)
    return policy.decide(offers).iloc[0]


@pytest.mark.parametrize(
    ("chances", "action"),
    [((0.99, 0.005), "match"), ((0.9, 0.05), "review"), ((0.02, 0.01), "new")],
)
def test_the_action_is_the_one_that_is_worth_most(chances: tuple[float, float], action: str) -> None:
    found = decided("sony nova 7 128gb black", *chances)
    assert found["action"] == action
    assert found["product_id"] == 7
    assert found["p_exists"] == pytest.approx(sum(chances))


def test_two_siblings_that_are_equally_likely_are_left_to_a_moderator() -> None:
    assert decided("sony nova 7 black", 0.5, 0.5)["action"] == "review"


def test_an_offer_without_a_candidate_is_looked_at() -> None:
    found = decided("")
    assert (found["action"], found["product_id"]) == ("review", -1)


def test_a_disk_that_says_neither_barcode_nor_capacity_stays_with_people() -> None:
    assert decided("ssd sony nova 7 black", 0.99, 0.0)["action"] == "review"
    assert decided("ssd sony nova 7 black", 0.99, 0.0, ean=5.0)["action"] == "match"


def test_a_broken_guardrail_holds_whatever_was_earned() -> None:
    seen = {"low": 5.0, "high": 9.0, "srm_p": 0.4, "guardrails_breached": ["review_share"]}
    assert decide_launch(seen) == "hold"
    assert decide_launch(seen | {"guardrails_breached": []}) == "ship"
