"""Lets a check ask `churn.uplift`, `churn.policy` and `churn.curve`; it judges nothing."""

from datetime import datetime
from functools import cache

import numpy as np
import pandas as pd
import simkit
from churn.curve import auuc
from churn.data import load_features
from churn.policy import RetentionPolicy
from churn.uplift import UpliftModel

KEY = "lessons_7d"  # by which an answer that was given finds its row


class Told:
    """Stands in for a model: its chances are the check's own."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._known = rows.set_index(KEY)[["p0", "p1"]]

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803 - the contract's name
        """Chances of the rows asked about."""
        return self._known.loc[X[KEY].to_numpy()].set_axis(X.index, axis=0)


def curve(gain_pred: list[float], treated: list[int], profit: list[float]) -> float:
    """The area that the project's own function finds."""
    return float(auuc(np.array(gain_pred), np.array(treated), np.array(profit)))


def week(as_of: str, user_ids: list[int]) -> pd.DataFrame:
    """What the policy in the artefacts does about the renewals of one week."""
    return _policy().decide(load_features(datetime.fromisoformat(as_of), user_ids).reset_index())


def decided(batch: pd.DataFrame) -> pd.DataFrame:
    """What a policy decides where the chances are known."""
    return RetentionPolicy(Told(batch)).decide(batch.drop(columns=["p0", "p1"]))


def taught(rows: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """What a fresh model learns from rows, asked about others; the index as it comes."""
    asked = asked.set_index("user_id")
    said = UpliftModel(seed=1).fit(rows, rows["treated"], rows["churned"]).predict(asked)
    return pd.DataFrame({"user_id": said.index, "p0": said["p0"].array, "p1": said["p1"].array})


def refusal(batch: pd.DataFrame) -> str | None:
    """The type of the exception that a batch meets, or None if it was accepted."""
    try:
        _policy().decide(batch)
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None


def kept(rows: pd.DataFrame, batch: pd.DataFrame) -> pd.DataFrame:
    """Teach a policy, save it, and say what it decided before."""
    policy = RetentionPolicy(UpliftModel(seed=2).fit(rows, rows["treated"], rows["churned"]))
    policy.save(simkit.artifacts() / "again")
    return policy.decide(batch)


def brought_back(batch: pd.DataFrame) -> pd.DataFrame:
    """What the policy that `kept` left decides, in another process."""
    return RetentionPolicy.load(simkit.artifacts() / "again").decide(batch)


@cache
def _policy() -> RetentionPolicy:
    return RetentionPolicy.load(simkit.artifacts() / "policy")
