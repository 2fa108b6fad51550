"""Handles on a learner's estimators: carried into a room with the project, judges nothing.

The judge makes estimators, fits and asks them by a name, and looks at what comes back. All of it
is the word of the learner's process.
"""

import importlib
import pickle  # noqa: TID251 - in the learner's own room, of the learner's own object
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

HELD: dict[str, Any] = {}

warnings.simplefilter("ignore")


def make(name: str, target: str, params: dict[str, Any]) -> dict[str, object]:
    """Make an estimator with these params, and its randomness fixed where it has some."""

    def work() -> None:
        module, _, attribute = target.partition(":")
        HELD[name] = getattr(importlib.import_module(module), attribute)(**params)
        if "random_state" in HELD[name].get_params() and "random_state" not in params:
            HELD[name].set_params(random_state=0)

    return _tried(work)


def change(name: str, params: dict[str, Any]) -> dict[str, object]:
    """Set params of an estimator."""
    return _tried(lambda: HELD[name].set_params(**params) is HELD[name])


def copy(name: str, new: str) -> dict[str, object]:
    """Clone an estimator under another name."""
    return _tried(lambda: HELD.update({new: clone(HELD[name])}))


def restore(name: str, new: str) -> dict[str, object]:
    """Save an estimator and load it under another name."""
    return _tried(lambda: HELD.update({new: pickle.loads(pickle.dumps(HELD[name]))}))  # noqa: S301


def fit(name: str, rows: pd.DataFrame, target: list[Any] | None, named: bool) -> dict[str, object]:  # noqa: FBT001
    """Fit an estimator; what it returned, and the rows as they are afterwards."""
    given = rows if named else rows.to_numpy(dtype=np.float64, copy=True)
    wanted = None if target is None else np.array(target)
    kept = None if wanted is None else wanted.copy()
    told = _tried(lambda: HELD[name].fit(given, wanted) is HELD[name])
    same = kept is None or np.array_equal(np.asarray(wanted), kept)
    return {**told, "rows": np.asarray(given).tolist(), "target": same}


def ask(name: str, verb: str, rows: pd.DataFrame, named: bool) -> dict[str, object]:  # noqa: FBT001
    """Call a method of an estimator with rows."""
    given = rows if named else rows.to_numpy(dtype=np.float64)
    return _tried(lambda: _plain(getattr(HELD[name], verb)(given)))


def look(name: str) -> dict[str, object]:
    """The params of an estimator, as far as they are plain, and what it learnt about its input."""

    def work() -> dict[str, object]:
        held = HELD[name]
        params = {key: _shown(value) for key, value in held.get_params(deep=False).items()}
        learnt = ("n_features_in_", "feature_names_in_", "classes_")
        found = {key: _plain(getattr(held, key)) for key in learnt if hasattr(held, key)}
        return {"params": params, **found}

    return _tried(work)


def _tried(work: Callable[[], object]) -> dict[str, object]:
    """What was answered, or the names of the exception's classes, the narrowest first."""
    try:
        return {"value": work()}
    except Exception as error:  # noqa: BLE001 - which one is the question
        return {"refused": [kind.__name__ for kind in type(error).__mro__][:20]}


def _plain(value: object) -> object:
    if hasattr(value, "toarray"):
        value = value.toarray()
    return value.tolist() if hasattr(value, "tolist") else np.asarray(value).tolist()


def _shown(value: object) -> object:
    return value if value is None or type(value) in (bool, int, float, str) else "?"
