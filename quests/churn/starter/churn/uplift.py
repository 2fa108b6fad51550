"""Whom a letter changes: the chance to leave without a letter and with it."""

from typing import Self

import pandas as pd
from numpy.typing import ArrayLike


class UpliftModel:
    """What the pilot teaches about letters."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: pd.DataFrame, treated: ArrayLike, y: ArrayLike) -> Self:
        """Fit on one row a pilot renewal: features, 1 where a letter was sent, 1 where the person left."""
        raise NotImplementedError("stage 'Whom a letter changes'")

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Chance to leave without a letter, `p0`, and with it, `p1`, on the index of X."""
        raise NotImplementedError("stage 'Whom a letter changes'")
