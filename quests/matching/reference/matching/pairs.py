"""What can be said of an offer beside a card: one row of numbers a pair."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from matching.text import Attrs, extract_attrs, normalize_title

FEATURES = [
    "score", "rank", "behind_best", "ahead_of_next", "price_off", "price_under",
    "ean_same", "ean_other", "ean_elsewhere", "capacity_same", "capacity_differs",
    "color_same", "color_differs", "suffix_same", "generation_found", "numbers_strange",
    "code_same", "code_differs", "brand_found", "words_found", "words_strange",
    "accessory", "agreement", "rivals", "candidates",
]  # fmt: skip
KOPECKS = 30.0  # a price so many times the card's was typed in kopecks


@dataclass(frozen=True, kw_only=True)
class _Side:
    """What one side of a pair says."""

    attrs: Attrs
    words: frozenset[str]
    code: str | None


def pair_features(offers: pd.DataFrame, products: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Features of each candidate pair.

    Args:
        offers: `offer_id, title, attrs_raw, price, ean` (missing where there is none).
        products: `product_id, title, attrs, brand, price_rub, ean`.
        candidates: `offer_id, product_id, rank, score`.

    Returns:
        A row a candidate, in their order: `offer_id`, `product_id` and `FEATURES`, float64 without
        gaps. A row depends on its offer and the offer's candidates alone.
    """
    left = offers.set_index("offer_id").loc[candidates["offer_id"].to_numpy()]
    right = products.set_index("product_id").loc[candidates["product_id"].to_numpy()]
    ours = {key: _offer(row) for key, row in _records(offers, "offer_id", candidates)}
    theirs = {key: _card(row) for key, row in _records(products, "product_id", candidates)}
    pairs = zip(candidates["offer_id"].tolist(), candidates["product_id"].tolist(), strict=True)
    brands = right["brand"].tolist()
    said = [
        _compared(ours[offer], theirs[card], brand)
        for (offer, card), brand in zip(pairs, brands, strict=True)
    ]
    columns = [name for name in FEATURES if name in _COMPARED]
    frame = pd.DataFrame(said, columns=columns, dtype=np.float64)
    frame.insert(0, "offer_id", candidates["offer_id"].to_numpy())
    frame.insert(1, "product_id", candidates["product_id"].to_numpy())
    _add_prices(frame, left["price"].to_numpy(float), right["price_rub"].to_numpy(float))
    _add_barcodes(frame, left["ean"].to_numpy(float), right["ean"].to_numpy(float))
    frame["score"] = candidates["score"].to_numpy(dtype=np.float64)
    frame["rank"] = candidates["rank"].to_numpy(dtype=np.float64)
    _add_rivals(frame)
    return frame[["offer_id", "product_id", *FEATURES]].astype(dict.fromkeys(FEATURES, float))


_COMPARED = {
    "capacity_same", "capacity_differs", "color_same", "color_differs", "suffix_same",
    "generation_found", "numbers_strange", "code_same", "code_differs", "brand_found",
    "words_found", "words_strange", "accessory",
}  # fmt: skip


def _records(frame: pd.DataFrame, key: str, candidates: pd.DataFrame) -> list[tuple[int, Mapping[str, str]]]:
    """The rows that some candidate names, by their key."""
    some = frame[frame[key].isin(candidates[key])]
    texts = [name for name in ("title", "attrs", "attrs_raw") if name in some.columns]
    return list(zip(some[key].tolist(), some[texts].to_dict("records"), strict=True))


def _offer(row: Mapping[str, str]) -> _Side:
    """An offer: what its title does not say, its attributes may."""
    attrs, more = extract_attrs(row["title"]), extract_attrs(row["attrs_raw"] or "")
    attrs["capacity"] = attrs["capacity"] or more["capacity"]
    attrs["color"] = attrs["color"] or more["color"]
    words = normalize_title(row["title"]).split()
    return _Side(attrs=attrs, words=frozenset(words), code=_code(words))


def _card(row: Mapping[str, str]) -> _Side:
    """A card: its code stands among its attributes."""
    said = dict(part.split("=", 1) for part in row["attrs"].split(";"))
    words = normalize_title(row["title"]).split()
    code = _code(normalize_title(said.get("code", "")).split())
    return _Side(attrs=extract_attrs(row["title"]), words=frozenset(words), code=code)


def _code(words: list[str]) -> str | None:
    """A model code: two letters, then four digits."""
    for letters, digits in zip(words, words[1:], strict=False):
        if len(letters) == 2 and letters.isalpha() and len(digits) == 4 and digits.isdigit():
            return letters + digits
    return None


def _compared(offer: _Side, card: _Side, brand: str) -> tuple[float, ...]:
    """The columns of `_COMPARED`, in the order of `FEATURES`."""
    ours, theirs = offer.attrs, card.attrs
    size, bare = ours["capacity"], _bare(theirs)
    same_size = size == theirs["capacity"] if size else bare in ours["numbers"]
    differs = bool(size and theirs["capacity"] and size != theirs["capacity"])
    strange = ours["numbers"] - theirs["numbers"] - {bare, offer.code and offer.code[2:]}
    return (
        float(same_size and theirs["capacity"] is not None),
        float(differs),
        float(ours["color"] is not None and ours["color"] == theirs["color"]),
        float(ours["color"] is not None and ours["color"] != theirs["color"]),
        float(ours["suffix"] == theirs["suffix"]),
        float(bool(ours["numbers"] & theirs["numbers"])),
        float(len(strange)),
        float(offer.code is not None and offer.code == card.code),
        float(offer.code is not None and offer.code != card.code),
        float(brand in offer.words),
        len(offer.words & card.words) / len(card.words),
        len(offer.words - card.words) / max(1, len(offer.words)),
        float(ours["accessory"]),
    )


def _bare(attrs: Attrs) -> str:
    """The capacity as a number without its unit."""
    return f"{attrs['capacity'][0]:g}" if attrs["capacity"] else "-"


def _add_prices(frame: pd.DataFrame, asked: NDArray[np.float64], listed: NDArray[np.float64]) -> None:
    """How far the price is off the card's, kopecks taken for what they are."""
    times = np.maximum(asked, 0.01) / listed
    times = np.where(times > KOPECKS, times / 100, times)
    frame["price_off"] = np.abs(np.log(times))
    frame["price_under"] = (times < 0.4).astype(float)


def _add_barcodes(frame: pd.DataFrame, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    """Whether the barcode is the card's, another's, or another candidate's."""
    same = ours == theirs
    frame["ean_same"] = same.astype(float)
    frame["ean_other"] = (~np.isnan(ours) & ~same).astype(float)
    found = frame.groupby("offer_id")["ean_same"].transform("max")
    frame["ean_elsewhere"] = found - frame["ean_same"]


def _add_rivals(frame: pd.DataFrame) -> None:
    """How a candidate stands among the others of its offer."""
    offer = frame["offer_id"]
    agreement = (
        frame["capacity_same"] - 2 * frame["capacity_differs"]
        + frame["color_same"] - 2 * frame["color_differs"]
        + 2 * frame["suffix_same"] + frame["generation_found"]
        + frame["code_same"] - 2 * frame["code_differs"] + 3 * frame["words_found"]
    )  # fmt: skip
    frame["agreement"] = agreement
    best = frame.groupby(offer)["score"].transform("max")
    frame["behind_best"] = best - frame["score"]
    next_best = frame.groupby(offer)["score"].shift(-1).fillna(0.0)
    frame["ahead_of_next"] = frame["score"] - next_best
    levels = agreement.groupby(offer).rank(method="max", ascending=False)
    frame["rivals"] = levels - 1
    frame["candidates"] = frame.groupby(offer)["score"].transform("size").astype(float)
