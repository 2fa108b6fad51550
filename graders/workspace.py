"""What a check may use: the project, its rooms, the tables, the hidden truth, the numbers.

Every way in which a learner's code can end without a result is raised as `Ended` with facts;
a missing file is `Fail`. In hidden phases no text of the room is kept, not even an exception's.
"""

import fnmatch
import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.endings import OPEN, Reading
from graders.failures import Ended, Fail
from graders.parsing import ColumnType, Parser, Wanted
from graders.quest import Gate, Quest, Stage, StageKind
from graders.readouts import Readout
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.tables import to_table
from sandbox.interface import (
    Finished,
    Json,
    Limits,
    Returned,
    Room,
    Unreadable,
    Value,
)

_T = TypeVar("_T")
_RUN_SQL = "simkit._judge:run_sql"
_WARM = "_warm.sql"
_SQL_COST = "simkit._judge:cost"


@dataclass(frozen=True, kw_only=True)
class SqlResult:
    """What a learner's query answered and what it cost, as the engine counts."""

    frame: pd.DataFrame
    rows_read: int
    bytes_read: int
    seconds: float


@dataclass(kw_only=True)
class Workspace:
    """A learner's project before the judge."""

    quest: Quest
    stage: Stage
    files: Mapping[str, bytes]
    rooms: Rooms
    shown: Mapping[str, float] = field(default_factory=dict)  # by check: see `metrics.climb`
    _found: dict[Hashable, Any] = field(default_factory=dict)
    _readout: Readout | None = None

    def once(self, key: Hashable, find: Callable[[], _T]) -> _T:
        """What `find` answers, found once a grading: for what several checks look at."""
        if key not in self._found:
            self._found[key] = find()
        found: _T = self._found[key]
        return found

    def show(self, readout: Readout) -> None:
        """Put a rollout's readout on the report, beside the result of the check that runs."""
        self._readout = readout

    def take_readout(self) -> Readout | None:
        """What the check that has run has shown; told once."""
        readout, self._readout = self._readout, None
        return readout

    # The project, as files.

    def text(self, path: str) -> str:
        """A file of the project. Its absence, or other bytes than UTF-8, is the learner's Fail."""
        content = self.files.get(path)
        if content is None:
            raise Fail("file_missing", {"path": path})
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise Fail("file_not_text", {"path": path}) from None

    def matching(self, pattern: str) -> list[str]:
        """The project's paths that match a pattern like ``sql/*.sql`` (``*`` crosses folders)."""
        return sorted(path for path in self.files if fnmatch.fnmatchcase(path, pattern))

    def due(self, path: str) -> bool:
        """Whether a file belongs to this stage or one before it: what later ones bring is not due.

        A file that no stage names is always due.
        """
        owner = next((n for n, stage in enumerate(self.quest.stages) if stage.names(path)), 0)
        return owner <= self.quest.number(self.stage)

    # The numbers and tables of the quest: never seen by a room.

    def gate(self, metric: str, *, check: str | None = None) -> Gate:
        """The calibrated thresholds of a metric (`pass_`, `merit`). Raises KeyError."""
        for gate in self.quest.gates:
            if gate.metric == metric and check in (None, gate.check):
                return gate
        raise KeyError(metric)

    def number(self, key: str) -> float:
        """A number of exact.json or calibration.json, by its dotted key. Raises KeyError."""
        for file in ("exact.json", "calibration.json"):
            path = self.quest.folder / file
            value = _look_up(json.loads(path.read_text()), key) if path.is_file() else None
            if value is not None:
                return value
        raise KeyError(f"{key} is in neither exact.json nor calibration.json")

    def table(self, name: str, *, where: Sequence[tuple[str, str, Any]] = ()) -> pd.DataFrame:
        """A public table, read by the judge; `where` is like ``[("user_id", "in", [1, 2])]``."""
        path = self.rooms.datasets.public_folder / f"{name}.parquet"
        return pd.read_parquet(path, filters=list(where) or None)

    def hidden(self, name: str, *, data: str) -> pd.DataFrame:
        """A table of a hidden dataset: features that a hidden phase may hand to a room."""
        return pd.read_parquet(self._folder(data) / f"{name}.parquet")

    def truth(self, name: str) -> pd.DataFrame:
        """Hidden labels or latents. Never pass them to a room."""
        return pd.read_parquet(self.rooms.datasets.truth / f"{name}.parquet")

    # The learner's code, in rooms.

    def sql(
        self,
        path: str,
        params: Mapping[str, Json] | None = None,
        *,
        data: str | None = None,
        seconds: float | None = None,
    ) -> SqlResult:
        """Run a SQL file of the project on the public dataset, or on a hidden one by its name.

        Parameters are bound by the engine. The room holds the project's SQL files and nothing
        else, so no code of the project can answer in the engine's place. Raises Fail, Ended.
        """
        self.text(path)
        room = self.rooms.shared(self._scripts(), content="sql", data=data)
        limits = self._limits(seconds)
        args: tuple[Json, Json] = (path, dict(params or {}))
        returned = self.rooms.step(lambda: room.call(_RUN_SQL, *args, limits=limits))
        frame = self._value(returned, path, limits)
        cost = self._value(self.rooms.step(lambda: room.call(_SQL_COST)), path, limits)
        if not isinstance(frame, pd.DataFrame) or not isinstance(cost, dict):
            raise Ended(Outcome.ERROR, "rejected", {"target": path, "rule": "not_a_table"})
        return SqlResult(
            frame=frame,
            rows_read=int(cost["rows_read"]),
            bytes_read=int(cost["bytes_read"]),
            seconds=float(cost["seconds"]),
        )

    def call(
        self,
        target: str,
        *args: object,
        data: str | None = None,
        seconds: float | None = None,
        room: Room | None = None,
        called: str | None = None,
        **kwargs: object,
    ) -> Any:  # noqa: ANN401 - the learner decides what comes back; the check looks
        """Call ``"package.module:function"`` in the phase's room; tables are DataFrames.

        Calls of one phase and dataset share a process, which keeps its state; `room` is one of
        `room()` instead. `called` is what a learner calls the target, where that is a driver's
        function. Raises Ended.
        """
        room = room or self._project_room(data)
        limits = self._limits(seconds)
        sent = [_crossing(arg) for arg in args]
        named: dict[str, Any] = {name: _crossing(value) for name, value in kwargs.items()}
        returned = self.rooms.step(lambda: room.call(target, *sent, limits=limits, **named))
        return self._value(returned, called or target, limits)

    def run(
        self,
        *command: str,
        data: str | None = None,
        seconds: float | None = None,
        may_fail: bool = False,
        stdin: bytes = b"",
    ) -> Finished:
        """Run a command to its end in the phase's room.

        Raises Ended when a limit stops it, or when it fails and `may_fail` is not set.
        """
        return self._run(
            self._project_room(data),
            command,
            limits=self._limits(seconds),
            may_fail=may_fail,
            stdin=stdin,
        )

    def train(
        self,
        *command: str,
        data: str | None = None,
        seconds: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a command in a room of its own and keep what it leaves in ``/artifacts``.

        Every room that opens later finds those files at ``/artifacts``. Raises Ended.
        """
        with self.rooms.fresh(self._project(), data=data) as room:
            finished = self._run(room, command, limits=self._limits(seconds), env=env)
            try:
                self.rooms.keep_artifacts(room)
            except Unreadable:
                raise Fail("artifact_unreadable", {"path": "/artifacts"}) from None
        self.rooms.close()  # also those opened ahead: they lack what was just made
        return finished

    def artifact(self, path: str, *, max_bytes: int = 10_000_000) -> bytes:
        """A file that `train` left, relative to ``/artifacts``: bytes, never to be unpickled."""
        content = self.rooms.artifacts.get(path)
        if content is None or len(content) > max_bytes:
            raise Fail("artifact_unreadable", {"path": path})
        return content

    def csv(
        self,
        path: str,
        *,
        columns: Mapping[str, ColumnType],
        key: str | None = None,
        most_rows: int = 1_000_000,
        max_bytes: int = 10_000_000,
    ) -> pd.DataFrame:
        """A CSV file that `train` left, read in a room of ours: ``{"id": int, "score": float}``.

        UTF-8 without a mark, a header of exactly these columns, no empty cell, finite numbers,
        each `key` once. Whatever else it holds is the learner's Fail, with the rule and place.
        """
        wanted = Wanted(columns=columns, key=key, most_rows=most_rows)
        return self._parser(path, self.artifact(path, max_bytes=max_bytes)).csv(wanted)

    def arrow(
        self,
        path: str,
        *,
        columns: Mapping[str, ColumnType],
        key: str | None = None,
        most_rows: int = 1_000_000,
        max_bytes: int = 10_000_000,
    ) -> pd.DataFrame:
        """An Arrow or Parquet file that `train` left, as `csv` reads CSV."""
        wanted = Wanted(columns=columns, key=key, most_rows=most_rows)
        return self._parser(path, self.artifact(path, max_bytes=max_bytes)).arrow(wanted)

    def json(self, path: str, *, max_bytes: int = 1_000_000) -> Json:
        """A JSON file that `train` left, read in a room of ours. Its form is yours to check.

        Numbers are finite, integers have 64 bits, a key stands once, 50 levels are the most:
        anything else is the learner's Fail.
        """
        return self._parser(path, self.artifact(path, max_bytes=max_bytes)).json()

    def project_json(self, path: str) -> Json:
        """A JSON file of the project, read as `json` reads one that `train` left."""
        content = self.files.get(path)
        if content is None:
            raise Fail("file_missing", {"path": path})
        return self._parser(path, content).json()

    def notebook(self, path: str, *, most_cells: int = 1_000) -> list[dict[str, str]]:
        """The cells of a notebook of the project, ``{"kind", "source"}``; outputs are dropped."""
        content = self.files.get(path)
        if content is None:
            raise Fail("file_missing", {"path": path})
        return self._parser(path, content).notebook(most_cells=most_cells)

    @contextmanager
    def room(self, *, data: str | None = None) -> Iterator[Room]:
        """A fresh room with project, driver and artefacts, for what the words above cannot say."""
        with self.rooms.fresh(self._project(), data=data) as room:
            yield room

    def value_of(self, returned: Returned, *, target: str) -> Any:  # noqa: ANN401 - as `call`
        """What a call in a room of your own answered. Raises Ended, as `call` does."""
        return self._value(returned, target, self.rooms.limits)

    def room_files(self) -> dict[str, bytes]:
        """What a room of the project starts with: its files, the driver, the artefacts."""
        return self._project()

    def service_room(self) -> Room:
        """The phase's room in which the project's service runs, and nothing else."""
        return self.rooms.shared(self._project(), content="service", data=None)

    def read(self, path: str, *, max_bytes: int, data: str | None = None) -> bytes:
        """A file that the project wrote in the phase's room; every process there ends first."""
        room = self._project_room(data)
        try:
            return room.read(path, max_bytes=max_bytes)
        except Unreadable:
            raise Fail("artifact_unreadable", {"path": path}) from None

    def look_ahead(self) -> None:
        """Let the engine come up in the rooms that a SQL stage will ask for one phase later."""
        if self.stage.kind is not StageKind.SQL:
            return
        if self.rooms.phase is Phase.STATIC:
            self._queries_ahead(Phase.PUBLIC, None)
            if not any(path.startswith("simkit") for path in self.files):
                self.rooms.ahead(
                    self._project(),
                    phase=Phase.PUBLIC,
                    content="project",
                    data=None,
                    warm=lambda room: room.call("simkit:query", "SELECT 1"),
                )
        if self.rooms.phase is Phase.PUBLIC:
            for name in self.rooms.datasets.hidden:
                self._queries_ahead(Phase.HIDDEN, name)

    # Inside.

    def _queries_ahead(self, phase: Phase, data: str | None) -> None:
        self.rooms.ahead(
            {**self._scripts(), _WARM: b"SELECT 1"},
            phase=phase,
            content="sql",
            data=data,
            warm=lambda room: room.call(_RUN_SQL, _WARM, {}),
        )

    def _scripts(self) -> dict[str, bytes]:
        return {path: body for path, body in self.files.items() if path.endswith(".sql")}

    def _project(self) -> dict[str, bytes]:
        """What a room starts with; the quest's driver stands above a learner's own."""
        driver = self.quest.folder / "driver"
        own = {path: body for path, body in self.files.items() if not path.startswith("driver/")}
        ours = {f"driver/{path.name}": path.read_bytes() for path in sorted(driver.glob("*.py"))}
        kept = {f"/artifacts/{path}": body for path, body in self.rooms.artifacts.items()}
        return {**own, **ours, **kept}

    def _parser(self, path: str, content: bytes) -> Parser:
        open_ = self.rooms.phase in OPEN
        return Parser(rooms=self.rooms, path=path, content=content, tells_rows=open_)

    def _project_room(self, data: str | None) -> Room:
        return self.rooms.shared(self._project(), content="project", data=data)

    def _folder(self, data: str) -> Path:
        return self.rooms.datasets.public_folder.parent / self.rooms.key(data)

    def _limits(self, seconds: float | None) -> Limits:
        limits = self.rooms.limits
        return limits if seconds is None else replace(limits, wall_seconds=seconds)

    def _run(
        self,
        room: Room,
        command: tuple[str, ...],
        *,
        limits: Limits,
        may_fail: bool = False,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        finished = self.rooms.step(lambda: room.run(*command, limits=limits, stdin=stdin, env=env))
        return self._reading().finished(finished, command, limits=limits, may_fail=may_fail)

    def _value(self, returned: Returned, target: str, limits: Limits) -> Any:  # noqa: ANN401
        return self._reading().value(returned, target, limits=limits)

    def _reading(self) -> Reading:
        return Reading(phase=self.rooms.phase, files=self.files)


def _crossing(value: object) -> Value:
    """An argument as it may cross: frames as tables, NumPy as plain lists and numbers."""
    if isinstance(value, pd.DataFrame):
        return to_table(value)
    if isinstance(value, bytes | pa.Table):
        return value
    return _json(value)


def _json(value: object) -> Json:
    if isinstance(value, pd.Series | np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot cross into a room")


def _look_up(node: object, key: str) -> float | None:
    """A number by its dotted key; ``{"value": x, "how": ...}`` counts as x."""
    if isinstance(node, dict) and key in node:
        found = node[key]
        found = found.get("value", found) if isinstance(found, dict) else found
        return float(found) if isinstance(found, int | float) else None
    head, _, rest = key.partition(".")
    return _look_up(node[head], rest) if rest and isinstance(node, dict) and head in node else None
