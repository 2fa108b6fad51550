"""Who leaves if nobody writes to them."""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


class ChurnModel:
    """A probability of churn for each renewal, if no letter is sent."""

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> Self:
        """Fit on one row a renewal."""
        raise NotImplementedError("fit: stage 'A model you can count money with'")

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Probability of churn for each row, shape (len(X),)."""
        raise NotImplementedError("predict_proba: stage 'A model you can count money with'")

    def save(self, path: Path | str) -> None:
        """Write the fitted model."""
        raise NotImplementedError("save: stage 'A model you can count money with'")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote."""
        raise NotImplementedError("load: stage 'A model you can count money with'")
