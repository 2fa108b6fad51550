"""Lets a check ask `matching.blocking`; it judges nothing."""

from functools import cache

import pandas as pd
import simkit
from matching.blocking import Blocker

COLUMNS = ["offer_id", "product_id", "rank", "score"]


def ask(products: pd.DataFrame, offers: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    """Fit on a few cards and ask about a few offers."""
    return _plain(Blocker().fit(products).candidates(offers, k))


def form(products: pd.DataFrame, offers: pd.DataFrame, k: int) -> dict[str, object]:
    """How an answer is built: columns and types."""
    answer = Blocker().fit(products).candidates(offers, k)
    return {
        "columns": [str(name) for name in getattr(answer, "columns", [])],
        "types": [str(kind) for kind in getattr(answer, "dtypes", [])],
    }


def refusal(products: pd.DataFrame) -> str | None:
    """The type of the exception that this catalogue meets, or None."""
    try:
        Blocker().fit(products)
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None


def of_warehouse(offers: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    """Ask about offers, with the whole catalogue of the warehouse behind it."""
    return _plain(_fitted().candidates(offers, k))


@cache
def _fitted() -> Blocker:
    return Blocker().fit(simkit.query("SELECT * FROM products ORDER BY product_id"))


def _plain(answer: pd.DataFrame) -> pd.DataFrame:
    return answer[[name for name in COLUMNS if name in answer.columns]].reset_index(drop=True)
