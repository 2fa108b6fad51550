"""Whom a letter changes, by the look of their number."""

from typing import Any, Self

import numpy as np
import pandas as pd


class UpliftModel:
    """A hash."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: pd.DataFrame, treated: Any, y: Any) -> Self:
        """Learn nothing."""
        return self

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Say the same of everybody."""
        return pd.DataFrame({"p0": np.full(len(X), 0.5), "p1": np.full(len(X), 0.5)}, index=X.index)
