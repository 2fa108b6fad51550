"""Call a learner's analysis many times in one crossing: carried into a room.

A batch protocol: the rows of many simulated experiments come in at once, and one answer a
simulation goes out. What an answer means is decided here by its shape; what is none is NaN. All of
it is a claim: the judge knows what the numbers have to be.
"""

import importlib
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NAMES = {
    "effect": ("effect", "difference", "diff", "estimate", "uplift", "value"),
    "low": ("low", "ci_low", "lower", "lo"),
    "high": ("high", "ci_high", "upper", "hi"),
    "p_value": ("p_value", "pvalue", "p"),
    "stop": ("stop", "significant", "reject", "rejected", "decision"),
}
STOPS = {"ship": 1.0, "stop": 1.0, "reject": 1.0, "continue": 0.0, "wait": 0.0, "hold": 0.0}


def analyses(target: str, rows: pd.DataFrame, looks: int, extra: bool) -> pd.DataFrame:  # noqa: FBT001 - it crosses a wall by place
    """What the analysis says of each simulation, and at each of its looks.

    `rows` is sorted by simulation and arm, with the columns value and, with `extra`, second. The
    function is called with the values of the control and of the treatment; with `extra` each is
    followed by its second column; with looks above one by `look` and `looks`, and with the rows
    that had come until then.
    """
    function = _found(target)
    told = []
    for simulation, pieces in _pieces(rows, extra):
        for look in range(1, looks + 1):
            given = [piece[: math.ceil(len(piece) * look / looks)] for piece in pieces]
            named = {"look": look, "looks": looks} if looks > 1 else {}
            told.append([simulation, look, *_numbers(function(*given, **named))])
    return pd.DataFrame(told, columns=["simulation", "look", *NAMES])


def sizes(target: str, cases: Sequence[Mapping[str, float]]) -> list[float | None]:
    """What a function of named arguments answers to each case."""
    function = _found(target)
    return [_number(function(**case)) for case in cases]


def _found(target: str) -> Callable[..., Any]:
    if os.getcwd() not in sys.path:  # noqa: PTH109 - a room has no need of paths
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for step in name.split("."):
        found = getattr(found, step)
    return found  # type: ignore[no-any-return]


def _pieces(rows: pd.DataFrame, extra: bool) -> Iterable[tuple[int, list[Any]]]:  # noqa: FBT001
    keys = rows["simulation"].to_numpy() * 2 + rows["arm"].to_numpy()
    columns = [rows[name].to_numpy() for name in (("value", "second") if extra else ("value",))]
    borders = np.flatnonzero(np.diff(keys)) + 1
    starts = [0, *borders.tolist(), len(keys)]
    for n in range(0, len(starts) - 1, 2):
        arms_of = [slice(starts[n], starts[n + 1]), slice(starts[n + 1], starts[n + 2])]
        yield int(keys[starts[n]]) // 2, [c[arm].copy() for arm in arms_of for c in columns]


def _numbers(answer: object) -> list[float]:
    """Effect, low, high, p-value and stop, as far as an answer holds them."""
    if isinstance(answer, int | float | np.number) and not isinstance(answer, bool):
        answer = {"p_value": answer}
    if isinstance(answer, bool | np.bool_ | str):
        answer = {"stop": answer}
    found = [_named(answer, names) for names in NAMES.values()]
    return [float("nan") if value is None else value for value in found]


def _named(answer: object, names: Sequence[str]) -> float | None:
    for name in names:
        value = answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)
        if value is not None:
            return _number(value)
    return None


def _number(value: object) -> float | None:
    if isinstance(value, str):
        return STOPS.get(value.strip().lower())
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever it is
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
