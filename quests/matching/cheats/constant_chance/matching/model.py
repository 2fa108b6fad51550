"""A model."""

from pathlib import Path


class PairModel:
    """Says what everybody likes to hear."""

    def __init__(self, *, seed=0):
        self.seed = seed

    def fit(self, pairs, y, groups):
        """Nothing."""
        return self

    def predict_proba(self, pairs):
        """One half."""
        return pairs["score"].to_numpy() * 0 + 0.5

    def save(self, path):
        """A word."""
        Path(path).write_text("half")

    @classmethod
    def load(cls, path):
        """The word."""
        return cls()
