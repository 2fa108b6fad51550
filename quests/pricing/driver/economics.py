"""Lets a check ask `pricing.economics`; it judges nothing."""

import math
from collections.abc import Callable

import numpy as np
from pricing import economics

Rows = list[float | None] | list[list[float | None]] | float | None


def numbers(function: str, *given: Rows) -> dict[str, object]:
    """What a function of `pricing.economics` answers: shape, type and the values in a row."""
    answer = np.asarray(_function(function)(*map(_array, given)))
    flat = [float(value) for value in answer.ravel().tolist()]
    values = [value if math.isfinite(value) else None for value in flat]
    return {"shape": list(answer.shape), "type": str(answer.dtype), "values": values}


def refusal(function: str, *given: Rows) -> str | None:
    """The type of the exception that these values meet, or None if they were accepted."""
    try:
        _function(function)(*map(_array, given))
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None


def _function(name: str) -> Callable[..., object]:
    found: Callable[..., object] = getattr(economics, name)
    return found


def _array(given: Rows) -> object:
    """Numbers as they were meant: None is a missing value, a list an array."""
    if isinstance(given, list):
        return np.array(given, dtype=np.float64)
    return math.nan if given is None else given
