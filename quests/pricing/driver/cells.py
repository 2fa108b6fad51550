"""Lets a check ask `pricing.data` for cells; it judges nothing."""

from datetime import datetime

import pandas as pd
from pricing.data import load_cells


def load(begin: str, end: str) -> pd.DataFrame:
    """The cells as they come."""
    return load_cells(datetime.fromisoformat(begin), datetime.fromisoformat(end))


def form(begin: str, end: str) -> dict[str, object]:
    """How the frame is built: its columns, its order, and whether moments are aware."""
    frame = load_cells(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    ordered = frame.sort_values(["zone_id", "step_at"], kind="stable", ignore_index=True)
    return {
        "columns": [str(name) for name in frame.columns],
        "ordered": bool(frame.reset_index(drop=True)["step_at"].equals(ordered["step_at"])),
        "aware": getattr(frame["step_at"].dtype, "tz", None) is not None,
    }


def refusal(begin: str, end: str) -> str | None:
    """The type of the exception for these moments, or None if they were accepted."""
    try:
        load_cells(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None
