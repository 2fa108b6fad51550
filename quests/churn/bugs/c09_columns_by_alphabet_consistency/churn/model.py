"""Who leaves if nobody writes to them: a calibrated probability for each renewal."""

import json
from pathlib import Path
from typing import Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from churn.data import FEATURES

PARAMS: dict[str, object] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_child_samples": 60,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbosity": -1,
    # The same model twice: one order of summation, one layout of the histograms.
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
ROUNDS = 220


class ChurnModel:
    """Gradient-boosted probability of churn without a letter.

    Log-loss is minimised on rows as they are: no class weights and no resampling, because money
    is counted from these probabilities and an inflated probability is an inflated rouble.
    """

    def __init__(self, *, seed: int = 0, rounds: int = ROUNDS) -> None:
        self.seed = seed
        self.rounds = rounds
        self.columns: tuple[str, ...] = tuple(FEATURES)
        self._booster: lgb.Booster | None = None

    @property
    def booster(self) -> lgb.Booster:
        """The fitted trees. Raises RuntimeError before `fit`."""
        if self._booster is None:
            raise RuntimeError("fit or load the model first")
        return self._booster

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> Self:
        """Fit on one row a renewal.

        Args:
            X: frame with at least `FEATURES`; numbers, NaN where unknown. Other columns are ignored.
            y: 1 where the person left, else 0; shape (len(X),).

        Raises:
            ValueError: a feature is absent, or `y` has another length or one class only.
        """
        target = np.asarray(y, dtype=np.float64)
        if target.shape != (len(X),):
            raise ValueError(f"y has shape {target.shape}, X has {len(X)} rows")
        if np.unique(target).size != 2:
            raise ValueError("y must hold both 0 and 1")
        data = lgb.Dataset(self._matrix(X), label=target, feature_name=list(self.columns))
        self._booster = lgb.train(PARAMS | {"seed": self.seed}, data, num_boost_round=self.rounds)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Probability that each person leaves if no letter is sent.

        Args:
            X: frame with at least `FEATURES`, in any order of columns and rows.

        Returns:
            float64 array of shape (len(X),), row by row; a row's answer depends on that row alone.

        Raises:
            ValueError: a feature is absent.
            RuntimeError: the model has not been fitted or loaded.
        """
        if self._booster is None:
            raise RuntimeError("fit or load the model before predicting")
        matrix = self._matrix(X)
        if not len(matrix):
            return np.empty(0, dtype=np.float64)
        return np.asarray(self._booster.predict(matrix, num_threads=1), dtype=np.float64)

    def save(self, path: Path | str) -> None:
        """Write the model as JSON text: readable, comparable, and nothing to unpickle."""
        if self._booster is None:
            raise RuntimeError("fit the model before saving")
        state = {
            "columns": self.columns,
            "seed": self.seed,
            "rounds": self.rounds,
            "booster": self._booster.model_to_string(),
        }
        Path(path).write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote; the same rows get the same probabilities."""
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        model = cls(seed=state["seed"], rounds=state["rounds"])
        model.columns = tuple(sorted(state["columns"]))
        model._booster = lgb.Booster(model_str=state["booster"])
        return model

    def _matrix(self, X: pd.DataFrame) -> NDArray[np.float64]:
        absent = [name for name in self.columns if name not in X.columns]
        if absent:
            raise ValueError(f"missing features: {', '.join(absent)}")
        return X.loc[:, list(self.columns)].to_numpy(dtype=np.float64)
