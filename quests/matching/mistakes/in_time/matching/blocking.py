"""Candidates: the few cards of the catalogue that an offer could belong to."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from matching.text import normalize_title

ROWS_AT_ONCE = 256  # offers whose scores lie in memory together
COMMON = 0.25  # a piece that more cards have tells nothing
FEW = 20  # in so few cards nothing is common


class Blocker:
    """Nearest cards by pieces of normalised titles, weighted by how rare they are.

    The weights are those of the catalogue, learned in `fit` and never again: an offer's candidates
    do not depend on the offers beside it. Whole words and pieces of three letters are counted, so
    that a misspelt word still finds its card.
    """

    def __init__(self, *, common: float = COMMON) -> None:
        self.common = common

    def fit(self, products: pd.DataFrame) -> Self:
        """Learn the catalogue.

        Args:
            products: one row a card: `product_id`, `title`.

        Raises:
            ValueError: there are no cards, or a `product_id` stands twice.
        """
        if products.empty or products["product_id"].duplicated().any():
            raise ValueError("products must have rows, each product_id once")
        cards = products.sort_values("product_id")
        self._ids = cards["product_id"].to_numpy(dtype=np.int64)
        titles = [normalize_title(title) for title in cards["title"]]
        most = max(FEW, int(self.common * len(titles)))
        self._words = TfidfVectorizer(analyzer=str.split, max_df=most, sublinear_tf=True)
        self._pieces = TfidfVectorizer(analyzer=_pieces, max_df=most, sublinear_tf=True)
        self._titles = titles
        self._cards = self._both(titles, fit=True).T.tocsr()
        return self

    def candidates(self, offers: pd.DataFrame, k: int = 10) -> pd.DataFrame:
        """The best `k` cards of each offer.

        Args:
            offers: one row an offer: `offer_id`, `title`.
            k: how many at most.

        Returns:
            `offer_id, product_id, rank, score`, in the order of the offers, then by `rank` from 1;
            equal scores go to the smaller `product_id`. An offer that shares nothing with any card
            has no row.
        """
        titles = [normalize_title(title) for title in offers["title"]]
        ids = offers["offer_id"].to_numpy(dtype=np.int64)
        parts = [
            self._nearest(ids[at : at + ROWS_AT_ONCE], titles[at : at + ROWS_AT_ONCE], k)
            for at in range(0, len(ids), ROWS_AT_ONCE)
        ]
        return pd.concat([_none(), *parts], ignore_index=True)

    def _both(self, titles: Sequence[str], *, fit: bool = False) -> sparse.csr_matrix:
        """Words and pieces side by side, each half of a title's weight."""
        halves = [
            (one.fit_transform if fit else one.transform)(titles) for one in (self._words, self._pieces)
        ]
        return sparse.hstack(halves, format="csr", dtype=np.float32)

    def _nearest(self, ids: NDArray[np.int64], titles: Sequence[str], k: int) -> pd.DataFrame:
        scores = np.array([[_alike(title, card) for card in self._titles] for title in titles])
        k = min(k, scores.shape[1])
        # One more than asked, so that a tie at the edge is seen, then the exact order of those.
        best = np.argpartition(-scores, min(4 * k, scores.shape[1]) - 1, axis=1)[:, : 4 * k]
        found = np.take_along_axis(scores, best, axis=1).round(6)
        order = np.lexsort((self._ids[best], -found), axis=1)[:, :k]
        best = np.take_along_axis(best, order, axis=1)
        found = np.take_along_axis(found, order, axis=1)
        keep = found > 0
        return pd.DataFrame(
            {
                "offer_id": np.repeat(ids, keep.sum(axis=1)),
                "product_id": self._ids[best][keep],
                "rank": (np.cumsum(keep, axis=1))[keep].astype(np.int64),
                "score": found[keep].astype(np.float64) / 2,
            }
        )


def _alike(title: str, card: str) -> float:
    """How alike two titles are: the mean of both directions, letter by letter and from the end."""
    pairs = ((title, card), (card, title), (title[::-1], card[::-1]), (card[::-1], title[::-1]))
    return sum(SequenceMatcher(None, *pair).quick_ratio() for pair in pairs) / len(pairs)


def _none() -> pd.DataFrame:
    """No candidates, with the right types."""
    kinds = {"offer_id": "int64", "product_id": "int64", "rank": "int64", "score": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _pieces(title: str) -> list[str]:
    """Pieces of three characters of each word, its ends marked."""
    marked = (f"^{word}$" for word in title.split())
    return [word[at : at + 3] for word in marked for at in range(len(word) - 2)]
