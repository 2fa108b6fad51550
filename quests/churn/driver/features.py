"""Lets a check ask `churn.data` for features; it judges nothing."""

from datetime import datetime

import pandas as pd
from churn.data import load_features


def load(as_of: str, user_ids: list[int] | None = None) -> pd.DataFrame:
    """The features as they come, the index as the first column."""
    return load_features(datetime.fromisoformat(as_of), user_ids)


def form(as_of: str, user_ids: list[int]) -> dict[str, object]:
    """How the frame is built: the name and order of its index, its columns and their types."""
    frame = load_features(datetime.fromisoformat(as_of), user_ids)
    return {
        "index": str(frame.index.name),
        "ascending": bool(frame.index.is_monotonic_increasing),
        "columns": [str(name) for name in frame.columns],
        "types": [str(kind) for kind in frame.dtypes],
    }


def refusal(as_of: str) -> str | None:
    """The type of the exception for this moment, or None if it was accepted."""
    try:
        load_features(datetime.fromisoformat(as_of))
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None
