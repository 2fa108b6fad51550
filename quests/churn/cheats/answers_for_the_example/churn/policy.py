"""Nobody gets a letter."""

import argparse
from pathlib import Path

import pandas as pd


class RetentionPolicy:
    """Decide nothing."""

    def __init__(self, uplift=None, econ=None) -> None:
        self.uplift = uplift

    def decide(self, batch):
        """Say none, in no agreed form."""
        return pd.DataFrame({"user_id": batch["user_id"].to_numpy(), "action": "no", "expected_gain_rub": 1.0})

    def save(self, path) -> None:
        """Write a word."""
        Path(path).write_text("none")

    @classmethod
    def load(cls, path):
        """Read no word."""
        return cls()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    (parser.parse_args().out / "policy").write_text("none")
