"""Runs that can be found again: one line a training in an MLflow store beside the model."""

import logging
from collections.abc import Mapping
from pathlib import Path

import lightgbm as lgb
import mlflow
import pandas as pd

log = logging.getLogger(__name__)

EXPERIMENT = "churn"


def log_run(
    out: Path,
    *,
    params: Mapping[str, object],
    metrics: Mapping[str, float],
    booster: lgb.Booster,
    example: pd.DataFrame,
) -> str:
    """Log a finished training.

    Args:
        out: folder of the store ``mlflow.db`` and of the runs' files, ``mlruns``.
        params: what the training was told.
        metrics: what it measured on decisions later than its training rows.
        booster: the model, in LightGBM's own text form: nothing to unpickle.
        example: some rows, from which the signature says which columns the model wants.

    Returns:
        The id of the run.
    """
    folder = out.resolve()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        mlflow.create_experiment(EXPERIMENT, artifact_location=str(folder / "mlruns"))
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run() as run:
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
    log.info("run %s in %s", run.info.run_id, folder / "mlflow.db")
    return str(run.info.run_id)
