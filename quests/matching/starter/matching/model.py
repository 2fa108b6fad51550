"""How likely an offer is the product of a card."""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd


class PairModel:
    """A probability a pair."""

    def fit(self, pairs: pd.DataFrame, y, groups) -> Self:
        """Learn from labelled pairs."""
        raise NotImplementedError("PairModel: stage 'Pairs and a model'")

    def predict_proba(self, pairs: pd.DataFrame) -> np.ndarray:
        """The probability of each pair, shape (len(pairs),)."""
        raise NotImplementedError("PairModel: stage 'Pairs and a model'")

    def save(self, path: Path | str) -> None:
        """Write the model, so that `load` brings it back in another process."""
        raise NotImplementedError("PairModel: stage 'Pairs and a model'")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote."""
        raise NotImplementedError("PairModel: stage 'Pairs and a model'")
