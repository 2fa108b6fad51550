"""Call a learner's split for many units in one crossing: carried into a room.

One sign a unit goes out: 0, 1, or ? for what is no arm. As a program it does the same in a process
that begins cold, and so imports nothing that a split does not.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

ARMS = {"0": "0", "1": "1", "false": "0", "true": "1", "control": "0", "treatment": "1"}
ARMS |= {"a": "0", "b": "1", "test": "1", "treated": "1", "0.0": "0", "1.0": "1"}


def arms(target: str, ids: Sequence[Any], salts: Sequence[str]) -> list[str]:
    """The arms of units under each salt: a text of 0, 1 and ?, one sign a unit."""
    function = _found(target)
    return ["".join(_arm(function(unit, salt)) for unit in ids) for salt in salts]


def _found(target: str) -> Callable[..., Any]:
    if os.getcwd() not in sys.path:  # noqa: PTH109 - a room has no need of paths
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for step in name.split("."):
        found = getattr(found, step)
    return found  # type: ignore[no-any-return]


def _arm(answer: object) -> str:
    return ARMS.get(str(answer).strip().lower(), "?")


if __name__ == "__main__":  # other hashes, nothing remembered
    asked = sys.stdin.read().split("\n")
    sys.stdout.write("\n" + arms(sys.argv[1], asked[1:], asked[:1])[0] + "\n")
