"""Asking a learner's functions in batches, in rooms that hold our tool beside the project."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Ended, Fail
from graders.results import Outcome, Param
from graders.workspace import Workspace
from sandbox.interface import Json, Room

MOST_ROWS = 1_000_000  # of one crossing
_INSIDE = Path(__file__).parent.parent / "inside"
_TOOLS = ("dealing", "experimenting")

Arms = npt.NDArray[np.int8]


def asked_arms(
    work: Workspace, room: Room, target: str, ids: Sequence[Json], salts: Sequence[str]
) -> list[Arms]:
    """The arms of units under each salt, 0 or 1. Raises Fail for what is neither, and Ended."""
    answer = _call(work, room, "_dealing:arms", target, list(ids), list(salts))
    texts = answer if isinstance(answer, list) else []
    if len(texts) != len(salts):
        _broken(target)
    return [_arms(text, len(ids), target) for text in texts]


def cold_arms(work: Workspace, room: Room, target: str, ids: Sequence[Json], salt: str) -> Arms:
    """As `asked_arms` in a new process with other hashes, as on another host."""
    finished = work.rooms.step(
        lambda: room.run(
            *("python", "-X", "utf8", "_dealing.py", target),  # not the warm interpreter
            stdin="\n".join(map(str, [salt, *ids])).encode(),
            env={"PYTHONHASHSEED": "1"},
        )
    )
    if finished.stopped:
        raise Ended.of_limit(finished.stopped, target=target, limits=work.rooms.limits)
    if finished.exit_code != 0:
        facts: dict[str, Param] = {"command": target, "exit_code": finished.exit_code or -1}
        raise Ended(Outcome.ERROR, "command_failed", facts)
    lines = finished.stdout.decode("utf-8", errors="replace").split("\n")
    return _arms(lines[-2] if len(lines) > 1 else "", len(ids), target)


def asked_analyses(
    work: Workspace, target: str, rows: pd.DataFrame, *, looks: int, extra: bool
) -> pd.DataFrame:
    """What the analysis says of each simulation, by simulation and look; NaN for what it is not.

    Columns: effect, low, high, p_value, stop. Raises Ended, and Fail for an answer out of form.
    """
    told = []
    with work.room() as room:
        equip(room)
        for batch in _batches(rows):
            answer = _call(work, room, "_experimenting:analyses", target, batch, looks, extra)
            told.append(_told(answer, batch, looks, target))
    return pd.concat(told, ignore_index=True)


def asked_sizes(
    work: Workspace, target: str, cases: Sequence[dict[str, float]]
) -> list[float | None]:
    """What a function answers to each case of named numbers. Raises Ended and Fail."""
    with work.room() as room:
        equip(room)
        answer = _call(work, room, "_experimenting:sizes", target, [dict(case) for case in cases])
    if not isinstance(answer, list) or len(answer) != len(cases):
        _broken(target)
    return [float(value) if _is_number(value) else None for value in answer]


def equip(room: Room) -> None:
    """Lay our tools beside the learner's project."""
    room.upload({f"_{name}.py": (_INSIDE / f"{name}.py").read_bytes() for name in _TOOLS})


def _call(work: Workspace, room: Room, function: str, target: str, *args: object) -> Any:  # noqa: ANN401
    return work.call(function, target, *args, room=room, called=target)


def _batches(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows in pieces of whole simulations."""
    simulation = rows["simulation"].to_numpy()
    starts = np.flatnonzero(np.diff(simulation, prepend=simulation[0] - 1))
    pieces, begin = [], 0
    for start in [*starts[1:].tolist(), len(rows)]:
        if start - begin >= MOST_ROWS or start == len(rows):
            pieces.append(rows.iloc[begin:start])
            begin = start
    return pieces


def _told(answer: object, batch: pd.DataFrame, looks: int, target: str) -> pd.DataFrame:
    columns = ["simulation", "look", "effect", "low", "high", "p_value", "stop"]
    simulations = np.unique(batch["simulation"].to_numpy())
    if not isinstance(answer, pd.DataFrame) or list(answer.columns) != columns:
        _broken(target)
    numeric = all(pd.api.types.is_numeric_dtype(answer[name]) for name in columns)
    if not numeric or len(answer) != len(simulations) * looks:
        _broken(target)
    if not np.array_equal(answer["simulation"], np.repeat(simulations, looks)):
        _broken(target)
    return answer.astype(float)


def _arms(text: object, count: int, target: str) -> Arms:
    if not isinstance(text, str) or len(text) != count or set(text) - set("01?"):
        _broken(target)
    bad = text.count("?")
    if bad:
        raise Fail("not_an_arm", {"target": target, "found": bad, "total": count})
    return np.frombuffer(text.encode(), dtype=np.int8) - ord("0")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _broken(target: str) -> NoReturn:
    """The tool never answers so: the project has changed it."""
    raise Ended(Outcome.ERROR, "rejected", {"target": target, "rule": "not-the-tool"})
