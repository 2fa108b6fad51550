"""Whom a letter changes: the chance to leave without a letter and with it, learned from the pilot.

Only the pilot can teach this. There a coin decided, so those with a letter and those without differ
in nothing but the letter; everywhere else somebody chose, and the model would learn the choice.
"""

from typing import Any, Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from churn.data import FEATURES

Floats = NDArray[np.float64]

PARAMS: dict[str, object] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 63,
    "min_child_samples": 3,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 0.0,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
ROUNDS = 900
REGULARISATION = 0.1
COUNTS = (
    "lessons_7d",
    "lessons_28d",
    "lessons_84d",
    "days_inactive",
    "tenure_months",
    "pricing_views_30d",
    "tickets_30d",
)


class UpliftModel:
    """The mean of two models that are wrong in different ways.

    A boosted model a side of the coin finds steps and corners; one logistic regression with the
    letter and its interactions keeps what few rows can tell. Fifteen thousand rows are little.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self._sides: list[lgb.Booster] = []
        self._linear: dict[str, list[float]] = {}

    def fit(self, X: pd.DataFrame, treated: ArrayLike, y: ArrayLike) -> Self:
        """Fit on one row a pilot renewal.

        Args:
            X: frame with at least `FEATURES`.
            treated: 1 where the coin sent a letter; shape (len(X),).
            y: 1 where the person left; shape (len(X),).

        Raises:
            ValueError: lengths differ, or a side of the coin or an outcome is absent.
        """
        sent, left = np.asarray(treated, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if sent.shape != (len(X),) or left.shape != (len(X),):
            raise ValueError("X, treated and y need the same number of rows")
        if np.unique(sent).size != 2 or np.unique(left).size != 2:
            raise ValueError("both sides of the coin and both outcomes are needed")
        matrix = _matrix(X)
        self._sides = [self._boosted(matrix[sent == side], left[sent == side]) for side in (0.0, 1.0)]
        self._fit_linear(_shaped(X), sent, left)
        return self

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Chance to leave without a letter, `p0`, and with it, `p1`: float64, on the index of X."""
        if not self._sides:
            raise RuntimeError("fit or load the model before predicting")
        if not len(X):
            return pd.DataFrame({"p0": [], "p1": []}, index=X.index, dtype=np.float64)
        matrix, shaped = _matrix(X), _shaped(X)
        chances = {
            name: (self._sides[side].predict(matrix, num_threads=1) + self._chance(shaped, side)) / 2
            for side, name in enumerate(("p0", "p1"))
        }
        return pd.DataFrame(chances, index=X.index)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs, as plain data."""
        return {
            "seed": self.seed,
            "sides": [side.model_to_string() for side in self._sides],
            "linear": self._linear,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The model whose `state` this is."""
        model = cls(seed=state["seed"])
        model._sides = [lgb.Booster(model_str=side) for side in state["sides"]]
        model._linear = state["linear"]
        return model

    def _boosted(self, matrix: Floats, left: Floats) -> lgb.Booster:
        data = lgb.Dataset(matrix, label=left, feature_name=list(FEATURES))
        return lgb.train({**PARAMS, "seed": self.seed}, data, num_boost_round=ROUNDS)

    def _fit_linear(self, shaped: Floats, sent: Floats, left: Floats) -> None:
        centre, scale = shaped.mean(axis=0), shaped.std(axis=0) + 1e-9
        z = (shaped - centre) / scale
        model = LogisticRegression(C=REGULARISATION, max_iter=2_000)
        model.fit(np.hstack([z, sent[:, None], z * sent[:, None]]), left)
        self._linear = {
            "centre": centre.tolist(),
            "scale": scale.tolist(),
            "weights": model.coef_[0].tolist(),
            "intercept": model.intercept_.tolist(),
        }

    def _chance(self, shaped: Floats, side: int) -> Floats:
        z = (shaped - np.array(self._linear["centre"])) / np.array(self._linear["scale"])
        rows = np.hstack([z, np.full((len(z), 1), float(side)), z * side])
        logit = rows @ np.array(self._linear["weights"]) + self._linear["intercept"][0]
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def _matrix(X: pd.DataFrame) -> Floats:
    absent = [name for name in FEATURES if name not in X.columns]
    if absent:
        raise ValueError(f"missing features: {', '.join(absent)}")
    return X.loc[:, FEATURES].to_numpy(dtype=np.float64)


def _shaped(X: pd.DataFrame) -> Floats:
    """Features as a straight line can use them: counts on a log scale, the known corners as flags."""
    progress = X["progress_pct"].to_numpy(dtype=np.float64)
    nps = X["nps"].to_numpy(dtype=np.float64)
    columns = [np.log1p(X[name].to_numpy(dtype=np.float64)) for name in COUNTS]
    columns += [
        np.clip(X["lessons_trend_28d"].to_numpy(dtype=np.float64), -30, 30) / 10,
        np.log(X["price_rub"].to_numpy(dtype=np.float64) / 1990),
        np.minimum(X["failed_payments_30d"].to_numpy(dtype=np.float64), 2),
        X["coupons_lifetime"].to_numpy(dtype=np.float64),
        np.where(np.isnan(progress), 0.45, progress),
        np.isnan(progress).astype(np.float64),
        (progress > 0.85).astype(np.float64),
        np.where(np.isnan(nps), 0.0, nps - 7.5),
        (X["lessons_84d"].to_numpy(dtype=np.float64) <= 2).astype(np.float64),
    ]
    return np.column_stack(columns)
