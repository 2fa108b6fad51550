"""Train the model and say how good it is: ``python -m churn.train --out DIR``.

To write: ``DIR/model`` (by `ChurnModel.save`) and ``DIR/metrics.json`` and a run in ``DIR/mlflow.db``.
"""

import pandas as pd

from churn.model import ChurnModel


def fit(rows: pd.DataFrame, seed: int) -> ChurnModel:
    """Train on rows with `churned` and the features; all chance comes from `seed`."""
    raise NotImplementedError("fit: stage 'A model you can count money with'")


def main() -> None:
    """Measure on later decisions, then train on everything that is known and save."""
    raise NotImplementedError("train: stage 'A model you can count money with'")


if __name__ == "__main__":
    main()
