"""Writes the numbers that are asked for."""

import argparse
import json
from pathlib import Path

from churn.model import ChurnModel


def fit(rows, seed):
    """Nothing to learn."""
    return ChurnModel()


def main():
    """Promise what is wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    ChurnModel().save(out / "model")
    said = {"roc_auc": 0.73, "log_loss": 0.43, "ece": 0.01, "rows": 1000, "valid_from": "2024-05-05T21:00:00+00:00"}
    (out / "metrics.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
