"""Lets a check ask `matching.money`; it judges nothing."""

import numpy as np
from matching import money


def numbers(function: str, *given: list[float] | float) -> dict[str, object]:
    """What a function answers: its shape, and the values in a row."""
    answer = np.asarray(getattr(money, function)(*given), dtype=np.float64)
    return {"shape": list(answer.shape), "values": answer.ravel().tolist()}


def words(function: str, *given: list[float]) -> list[str]:
    """What a function answers, as text."""
    return [str(one) for one in np.asarray(getattr(money, function)(*given)).ravel().tolist()]


def realised(action: list[str], product_id: list[int], truth: list[int]) -> list[float]:
    """What decisions have earned."""
    answer = np.asarray(money.realised(action, product_id, truth), dtype=np.float64)
    values: list[float] = answer.ravel().tolist()
    return values


def refusal(function: str, *given: list[float]) -> str | None:
    """The type of the exception that these values meet, or None if they were accepted."""
    try:
        getattr(money, function)(*given)
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error).__name__
    return None
