"""Estimators of ours that keep the contract: what a suite must say of a class of each kind."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The class whose mean is nearest."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: ANN401, N803 - scikit-learn's words
        """Learn the mean of each class."""
        X, y = validate_data(self, X, y)  # noqa: N806
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        self.means_ = np.array([X[places == n].mean(axis=0) for n in range(len(self.classes_))])
        return self

    def predict(self, X: Any) -> Any:  # noqa: ANN401, N803
        """The nearest class of each row."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)  # noqa: N806
        distances = ((X[:, None, :] - self.means_[None]) ** 2).sum(axis=2)
        return self.classes_[distances.argmin(axis=1)]


class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Least squares."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: ANN401, N803
        """Learn a weight a column."""
        X, y = validate_data(self, X, y, y_numeric=True)  # noqa: N806
        self.weights_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y, rcond=None)[0]
        return self

    def predict(self, X: Any) -> Any:  # noqa: ANN401, N803
        """The weighted sum of each row."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)  # noqa: N806
        return (X * self.weights_[:-1]).sum(axis=1) + self.weights_[-1]


class Transformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns less their means."""

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ANN401, ARG002, N803
        """Learn the means."""
        self.means_ = validate_data(self, X).mean(axis=0)
        return self

    def transform(self, X: Any) -> Any:  # noqa: ANN401, N803
        """Take the means away."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False) - self.means_
