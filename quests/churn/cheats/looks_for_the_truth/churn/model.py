"""Looks like a model."""

from pathlib import Path

import numpy as np


class ChurnModel:
    """Says the same to everybody, or by the customer's number."""

    def fit(self, X, y):
        """Nothing to learn."""
        return self

    def predict_proba(self, X):
        """Find the answers."""
        found = [str(p) for top in ("/", "/data", "/proc/1", "/home", "/var", "/tmp") for p in Path(top).glob("*") if "truth" in str(p)]
        found += [p.read_text(errors="ignore")[:200] for p in Path("/data").glob("*.json")]
        print("CANARY", found)
        raise RuntimeError("CANARY " + repr(found) + repr(X.head().to_dict()))

    def save(self, path):
        """Nothing to remember."""
        Path(path).write_text("nothing")

    @classmethod
    def load(cls, path):
        """Nothing to recall."""
        return cls()
