"""How likely an offer is the product of a card: a probability a pair that means what it says."""

import json
from pathlib import Path
from typing import Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from matching.calibrated import GroupCalibratedClassifier
from matching.pairs import FEATURES

PARAMS: dict[str, object] = {
    "learning_rate": 0.08,
    "num_leaves": 31,
    "min_child_samples": 40,
    "n_estimators": 120,
    "reg_lambda": 5.0,
    "is_unbalance": True,
    "verbosity": -1,
    # The same model twice: one order of summation, one layout of the histograms.
    "deterministic": True,
    "force_row_wise": True,
    "n_jobs": 1,
}


class PairModel:
    """Gradient-boosted trees over pair features, calibrated on groups that were held out."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self.columns: tuple[str, ...] = tuple(FEATURES)
        self._booster: lgb.Booster | None = None
        self._curve: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def fit(self, pairs: pd.DataFrame, y: ArrayLike, groups: ArrayLike) -> Self:
        """Learn from labelled pairs.

        Args:
            pairs: frame with at least `FEATURES`.
            y: 1 where the offer is the card's product, else 0; shape (len(pairs),).
            groups: what must not stand on both sides of a cut; shape (len(pairs),).

        Raises:
            ValueError: a feature is absent, or the shapes differ.
        """
        truth = np.asarray(y, dtype=np.int64)
        if truth.shape != (len(pairs),) or len(np.asarray(groups)) != len(pairs):
            raise ValueError("pairs, y and groups need the same length")
        trees = lgb.LGBMClassifier(**PARAMS, random_state=self.seed)
        fitted = GroupCalibratedClassifier(trees).fit(self._matrix(pairs), truth, groups)
        self._booster = fitted.estimator_.booster_
        curve = None  # the trees know best
        self._curve = (curve.X_thresholds_, curve.y_thresholds_) if curve is not None else None
        return self

    def predict_proba(self, pairs: pd.DataFrame) -> NDArray[np.float64]:
        """The probability of each pair, shape (len(pairs),); a row's answer is its own.

        Raises:
            ValueError: a feature is absent.
            RuntimeError: the model has not been fitted or loaded.
        """
        if self._booster is None:
            raise RuntimeError("fit or load the model before predicting")
        matrix = self._matrix(pairs)
        if not len(matrix):
            return np.empty(0, dtype=np.float64)
        raw = np.asarray(self._booster.predict(matrix, num_threads=1), dtype=np.float64)
        return raw if self._curve is None else np.interp(raw, *self._curve)

    def save(self, path: Path | str) -> None:
        """Write the model and its correction as JSON text: nothing to unpickle."""
        if self._booster is None:
            raise RuntimeError("fit the model before saving")
        curve = None if self._curve is None else [side.tolist() for side in self._curve]
        state = {
            "columns": self.columns,
            "seed": self.seed,
            "booster": self._booster.model_to_string(),
            "curve": curve,
        }
        Path(path).write_text(json.dumps(state), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote; the same pairs get the same probabilities."""
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        model = cls(seed=state["seed"])
        model.columns = tuple(state["columns"])
        model._booster = lgb.Booster(model_str=state["booster"])
        curve = state["curve"]
        model._curve = None if curve is None else (np.array(curve[0]), np.array(curve[1]))
        return model

    def _matrix(self, pairs: pd.DataFrame) -> NDArray[np.float64]:
        absent = [name for name in self.columns if name not in pairs.columns]
        if absent:
            raise ValueError(f"missing features: {', '.join(absent)}")
        return pairs.loc[:, list(self.columns)].to_numpy(dtype=np.float64)
