"""A learner's estimators on the judge's bench: made, fitted and asked in a room."""

import builtins
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Fail
from graders.workspace import Workspace
from sandbox.interface import Json, Room

Rows = npt.NDArray[np.float64]

_TOOL = Path(__file__).parents[1] / "inside" / "estimator_handles.py"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What an estimator answered: a plain value, or the classes of the exception it raised."""

    value: Any = None
    refused: tuple[str, ...] = ()

    def must(self, doing: str) -> Any:  # noqa: ANN401 - the caller looks at it
        """The value; an exception where none belongs is the learner's Fail."""
        if self.refused:
            raise Fail("estimator_raises", {"doing": doing, "error": _known(self.refused)})
        return self.value


def _known(names: tuple[str, ...]) -> str:
    """The narrowest class that is Python's own: one of the learner's could be named anything."""
    own = (
        n for n in names if n == "NotFittedError" or isinstance(getattr(builtins, n, None), type)
    )
    return next(own, "Exception")


class Bench:
    """Estimators of one class, by a name each, in one room."""

    def __init__(self, work: Workspace, room: Room, target: str) -> None:
        self._work, self._room, self._target = work, room, target
        self._tool = f"_handles_{secrets.token_hex(8)}"  # no project can have taken it
        room.upload({f"{self._tool}.py": _TOOL.read_bytes()})

    def make(self, name: str, params: Mapping[str, Json] | None = None) -> Said:
        """Make an estimator."""
        return self._said("make", name, self._target, dict(params or {}))

    def change(self, name: str, params: Mapping[str, Json]) -> Said:
        """Set its params; whether it returned itself."""
        return self._said("change", name, dict(params))

    def copy(self, name: str, new: str) -> Said:
        """Clone it under another name."""
        return self._said("copy", name, new)

    def restore(self, name: str, new: str) -> Said:
        """Save it and load it under another name."""
        return self._said("restore", name, new)

    def fit(
        self, name: str, rows: pd.DataFrame, target: list[Any] | None, *, named: bool = False
    ) -> tuple[Said, bool]:
        """Fit it: whether it returned itself, and whether it left rows and target alone."""
        told = self._told("fit", name, rows, target, named)
        after = told.get("rows")
        same = after == rows.to_numpy(dtype=np.float64).tolist() and told.get("target") is True
        return self._form(told), same

    def ask(self, name: str, verb: str, rows: pd.DataFrame, *, named: bool = False) -> Said:
        """Call one of its methods with rows."""
        return self._said("ask", name, verb, rows, named)

    def look(self, name: str) -> dict[str, Any]:
        """Its params, and what it learnt about its input."""
        seen = self._said("look", name).must("get_params")
        return seen if isinstance(seen, dict) else self._odd()

    def answers(self, name: str, verb: str, rows: pd.DataFrame, *, named: bool = False) -> Any:  # noqa: ANN401
        """The answers of a method, as an array with a row for each of `rows`. Raises Fail."""
        value = self.ask(name, verb, rows, named=named).must(verb)
        if not isinstance(value, list) or len(value) != len(rows):
            found = len(value) if isinstance(value, list) else 0
            raise Fail("rows_differ", {"expected": len(rows), "found": found})
        try:
            return np.array(value)
        except ValueError:  # ragged rows
            raise Fail("not_one_column", {"name": verb, "found": 0}) from None

    def _said(self, function: str, *args: object) -> Said:
        return self._form(self._told(function, *args))

    def _told(self, function: str, *args: object) -> dict[str, Any]:
        target = f"{self._tool}:{function}"
        told = self._work.call(target, *args, room=self._room, called=self._target)
        return told if isinstance(told, dict) else self._odd()

    def _form(self, told: dict[str, Any]) -> Said:
        refused = told.get("refused")
        if refused is None:
            return Said(value=told.get("value"))
        plain = isinstance(refused, list) and refused and all(isinstance(n, str) for n in refused)
        return Said(refused=tuple(refused)) if plain else self._odd()

    def _odd(self) -> NoReturn:
        """Our own tool never answers so: somebody else has."""
        raise Fail("checks_touched")
