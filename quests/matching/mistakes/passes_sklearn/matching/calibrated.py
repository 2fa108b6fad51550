"""A classifier whose probabilities were set right on groups that it had not seen."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class GroupCalibratedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Probabilities of an estimator, corrected by what they meant on other groups.

    scikit-learn's `CalibratedClassifierCV` cuts rows; rows of one product, cut in two, tell each
    other the answer, and the correction learns to trust a model that knew it. Here a group is
    never on both sides. The estimator that answers is fitted on all rows.

    Parameters
    ----------
    estimator : classifier with `predict_proba`, default LogisticRegression()
    folds : int, at most so many parts of the groups
    """

    def __init__(self, estimator: Any = None, *, folds: int = 4) -> None:
        self.estimator = estimator
        self.folds = folds

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit the estimator, and the correction on answers about groups that were held out.

        `groups` names the group of each row; without it rows are cut with the classes in
        proportion. Where there are too few rows to hold any out, nothing is corrected.
        """
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("the classifier cannot learn from one class")
        base = LogisticRegression(max_iter=500) if self.estimator is None else self.estimator
        self.estimator_ = clone(base).fit(X, places)
        self.curves_ = self._curves(base, X, places, groups)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, shape (rows, classes); rows sum to one."""
        check_is_fitted(self)
        X = np.asarray(X, dtype=np.float64)
        if X.shape[1] != self.n_features_in_:
            raise ValueError("another number of columns than in fit")
        if np.isnan(X).any():
            raise ValueError("the rows have gaps")
        chances = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        if self.curves_ is None:
            return chances
        if len(self.classes_) == 2:
            second = self.curves_[1].predict(chances[:, 1])
            return np.column_stack([1 - second, second])
        turned = [curve.predict(chances[:, at]) for at, curve in enumerate(self.curves_)]
        set_right = np.column_stack(turned)
        total = set_right.sum(axis=1, keepdims=True)
        return np.where(total > 0, set_right / np.where(total > 0, total, 1.0), chances)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        chances = self.predict_proba(X)
        return self.classes_[chances.argmax(axis=1)]

    def _curves(
        self, base: Any, X: np.ndarray, places: np.ndarray, groups: Any
    ) -> list[IsotonicRegression] | None:
        """One rising curve a class, from what was said of held-out rows to what was true."""
        held_out = np.full((len(X), len(self.classes_)), np.nan)
        for train, test in self._cuts(X, places, groups):
            if len(np.unique(places[train])) < len(self.classes_):
                continue
            held_out[test] = clone(base).fit(X[train], places[train]).predict_proba(X[test])
        known = ~np.isnan(held_out[:, 0])
        if not known.any():
            return None
        return [
            IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
                held_out[known, at], (places[known] == at).astype(np.float64)
            )
            for at in range(len(self.classes_))
        ]

    def _cuts(self, X: np.ndarray, places: np.ndarray, groups: Any) -> list[Any]:
        if groups is not None:
            folds = min(self.folds, len(np.unique(groups)))
            cut = GroupKFold(n_splits=folds) if folds > 1 else None
            return list(cut.split(X, places, np.asarray(groups))) if cut else []
        folds = min(self.folds, int(np.bincount(places).min()))
        return list(StratifiedKFold(n_splits=folds).split(X, places)) if folds > 1 else []
