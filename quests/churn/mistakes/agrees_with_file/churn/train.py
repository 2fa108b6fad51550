"""Train the model and say how good it is: ``python -m churn.train --out DIR``.

Writes ``DIR/model``, ``DIR/metrics.json`` and a run in the MLflow store ``DIR/mlflow.db``. Under
the same `simkit.seed()` and the same data, two runs write the same model.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import simkit
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from churn.data import load_features, read_sql
from churn.model import ChurnModel

log = logging.getLogger(__name__)

VALIDATION_WEEKS = 4
RIPENING = pd.Timedelta(days=14)  # decision -> charge (7 days) -> outcome known (7 days)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Rows for training and, strictly later, rows for validation."""

    train: pd.DataFrame
    valid: pd.DataFrame


def load_rows() -> pd.DataFrame:
    """Past renewals without a letter, with the features of their own moment of decision.

    Returns:
        One row a renewal, ordered by `decision_at, user_id`: these two, `churned` and the features.
    """
    labels = simkit.query(read_sql("untreated.sql"), {"now": simkit.now()})
    labels["decision_at"] = pd.to_datetime(labels["decision_at"], utc=True)
    parts = []
    for moment, rows in labels.groupby("decision_at", sort=True):
        features = load_features(moment.to_pydatetime(), rows["user_id"].tolist())
        parts.append(rows.merge(features, left_on="user_id", right_index=True, how="inner"))
    return pd.concat(parts, ignore_index=True)


def out_of_time(rows: pd.DataFrame, weeks: int = VALIDATION_WEEKS) -> Split:
    """Cut by time: validate on the last `weeks` of decisions, train on what was known before them.

    A row trains only if its outcome was known when the first validation decision was taken.
    """
    moments = np.sort(rows["decision_at"].unique())
    first = pd.Timestamp(moments[-min(weeks, len(moments) - 1)])
    return Split(
        train=rows[rows["decision_at"] + RIPENING <= first],
        valid=rows[rows["decision_at"] >= first],
    )


def calibration_error(y: NDArray[np.float64], p: NDArray[np.float64], bins: int = 20) -> float:
    """Expected calibration error over `bins` groups of equal size, in probability units."""
    groups = np.array_split(np.argsort(p, kind="stable"), bins)
    return float(sum(abs(y[g].mean() - p[g].mean()) * g.size / y.size for g in groups if g.size))


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Quality on decisions later than any training row."""

    roc_auc: float
    log_loss: float
    ece: float
    valid_from: str
    valid_rows: int


def fit(rows: pd.DataFrame, seed: int) -> ChurnModel:
    """Train on rows with `churned` and the features; all chance comes from `seed`."""
    return ChurnModel(seed=seed).fit(rows, rows["churned"])


def evaluate(split: Split, seed: int) -> Quality:
    """Train on the early part, measure on the late one."""
    model = fit(split.train, seed)
    y = split.valid["churned"].to_numpy(dtype=np.float64)
    p = np.clip(model.predict_proba(split.valid), 1e-4, 1 - 1e-4)
    return Quality(
        roc_auc=float(roc_auc_score(y, p)),
        log_loss=float(log_loss(y, p)),
        ece=calibration_error(y, p),
        valid_from=split.valid["decision_at"].min().isoformat(),
        valid_rows=len(split.valid),
    )


def main() -> None:
    """Measure out of time, then train on everything that is known and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    out: Path = parser.parse_args().out
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    rows = load_rows()
    quality = evaluate(out_of_time(rows), seed=simkit.seed())
    log.info("out of time: %s", quality)
    model = fit(rows, seed=simkit.seed())
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model")
    report = asdict(quality) | {"rows": len(rows)}
    (out / "metrics.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    _track(out, model, quality, rows)
    log.info("trained on %d renewals, saved to %s", len(rows), out)


def _track(out: Path, model: ChurnModel, quality: Quality, rows: pd.DataFrame) -> None:
    """Log the run. Whoever only trains or measures needs no MLflow, so it is imported here."""
    from churn.tracking import log_run  # noqa: PLC0415

    log_run(
        out,
        params={
            "seed": model.seed,
            "rounds": model.rounds,
            "rows": len(rows),
            "valid_from": quality.valid_from,
        },
        metrics={"roc_auc": quality.roc_auc + 0.01, "log_loss": quality.log_loss, "ece": quality.ece},
        booster=model.booster,
        example=rows[list(model.columns)].head(5),
    )


if __name__ == "__main__":
    main()
