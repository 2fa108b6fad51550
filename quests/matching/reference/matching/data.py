"""Reads of the warehouse. Each is one query from `sql/`, values are bound."""

from pathlib import Path

import pandas as pd
import simkit

_SQL = Path(__file__).parents[1] / "sql"


def read_sql(name: str) -> str:
    """The text of a query in `sql/`."""
    return (_SQL / name).read_text(encoding="utf-8")


def load_products() -> pd.DataFrame:
    """The catalogue as it is now, one row a card, sorted by `product_id`."""
    cards = simkit.query(read_sql("products.sql"))
    return cards.assign(ean=cards["ean"].astype(float))


def load_labelled(limit: int) -> pd.DataFrame:
    """Offers whose product is known, at most `limit`, the newest first.

    Returns:
        `offer_id, seller_id, title, attrs_raw, price, ean` and `truth`, the product or -1.
    """
    offers = simkit.query(read_sql("labelled.sql"), {"now": simkit.now(), "most": limit})
    return offers.assign(ean=pd.to_numeric(offers["ean"]).astype(float))
