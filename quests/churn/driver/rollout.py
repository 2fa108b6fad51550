"""Lets a check ask `churn.policy` and `churn.launch`; it judges nothing."""

from functools import cache

import pandas as pd
import simkit
from churn.launch import decide_launch
from churn.policy import RetentionPolicy


def decide(batch: pd.DataFrame) -> pd.DataFrame:
    """What the policy in the artefacts does about the renewals of a week."""
    return _policy().decide(batch)


def launch(readout: dict[str, object]) -> object:
    """What the project's own rule makes of a readout."""
    return decide_launch(readout)


@cache
def _policy() -> RetentionPolicy:
    return RetentionPolicy.load(simkit.artifacts() / "policy")
