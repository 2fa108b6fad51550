"""A classifier whose probabilities were set right on groups that it had not seen."""

from sklearn.base import BaseEstimator, ClassifierMixin


class GroupCalibratedClassifier(ClassifierMixin, BaseEstimator):
    """To write: see the brief."""
