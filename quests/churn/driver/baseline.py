"""Lets a check ask `churn.metrics` and `churn.baseline`; it judges nothing."""

import math
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd
import simkit
from churn import baseline, metrics
from churn.data import read_sql

Rows = list[float | None] | list[list[float | None]] | float | None


def numbers(function: str, *given: Rows) -> dict[str, object]:
    """What a function of `churn.metrics` answers: shape, type and the values in a row."""
    answer = np.asarray(_function(function)(*map(_array, given)))
    flat = [None if math.isnan(value) else float(value) for value in answer.ravel().tolist()]
    return {"shape": list(answer.shape), "type": str(answer.dtype), "values": flat}


def refusal(function: str, *given: Rows) -> str | None:
    """The type of the exception that these values meet, or None if they were accepted."""
    try:
        _function(function)(*map(_array, given))
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None


def contacts(as_of: str, user_ids: list[int], rule: str = "rule.sql") -> pd.DataFrame:
    """Whom a rule would write to at a moment, the index as the first column."""
    chosen = baseline.contact(datetime.fromisoformat(as_of), user_ids, rule)
    return pd.DataFrame({"user_id": list(chosen.index), "contact": chosen.to_numpy(dtype=bool)})


def on_pilot(rule: str = "rule.sql") -> pd.DataFrame:
    """Whom a rule would write to on each row of the project's own pilot query."""
    pilot = simkit.query(read_sql("pilot.sql"))
    parts = []
    for moment, rows in pilot.groupby("decision_at"):
        as_of = pd.Timestamp(moment)
        as_of = as_of.tz_localize("UTC") if as_of.tz is None else as_of
        users = [int(user) for user in rows["user_id"]]
        chosen = baseline.contact(as_of.to_pydatetime(), users, rule)
        parts.append(
            pd.DataFrame(
                {"user_id": users, "decision_at": as_of, "contact": chosen.to_numpy(dtype=bool)}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _function(name: str) -> Callable[..., object]:
    found: Callable[..., object] = getattr(metrics, name)
    return found


def _array(given: Rows) -> object:
    """Numbers as they were meant: None is a missing value, a list an array."""
    if isinstance(given, list):
        return np.array(given, dtype=np.float64)
    return math.nan if given is None else given
