"""Lets a check ask `churn.model` and `churn.train`; it judges nothing."""

from datetime import datetime

import numpy as np
import pandas as pd
import simkit
from churn.data import FEATURES, load_features
from churn.model import ChurnModel
from churn.train import fit


def predict(as_of: str, user_ids: list[int]) -> pd.DataFrame:
    """What the trained model says about customers at a moment: user_id, probability."""
    model = ChurnModel.load(simkit.artifacts() / "model")
    frame = load_features(datetime.fromisoformat(as_of), user_ids)
    return pd.DataFrame({"user_id": frame.index, "probability": _flat(model.predict_proba(frame))})


def loaded(frame: pd.DataFrame) -> list[float]:
    """What the model in the artefacts says about these rows."""
    return _flat(ChurnModel.load(simkit.artifacts() / "model").predict_proba(frame)).tolist()


def without(frame: pd.DataFrame, feature: str) -> str | None:
    """The type of the exception when a feature is absent, or None if nobody minded."""
    model = ChurnModel.load(simkit.artifacts() / "model")
    try:
        model.predict_proba(frame.drop(columns=feature))
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None


def train_and_save(rows: pd.DataFrame, frame: pd.DataFrame, seed: int) -> list[float]:
    """Train on rows, save, and say what the model thought before it was saved."""
    np.random.seed()
    model = fit(rows, seed)
    model.save(simkit.artifacts() / "again")
    return _flat(model.predict_proba(frame)).tolist()


def load_again(frame: pd.DataFrame) -> list[float]:
    """What the model that `train_and_save` left says, in another process."""
    return _flat(ChurnModel.load(simkit.artifacts() / "again").predict_proba(frame)).tolist()


def sample(as_of: str, user_ids: list[int]) -> pd.DataFrame:
    """Features of public customers, the learner's own, without their ids."""
    return load_features(datetime.fromisoformat(as_of), user_ids)[FEATURES].reset_index()


def _flat(answer: object) -> np.ndarray:
    """The answer as it is: one number a row, or an error that says so."""
    values = np.asarray(answer, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(
            f"predict_proba answers with shape {values.shape}; one number a row is asked for"
        )
    return values
