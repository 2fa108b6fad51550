"""The sandbox with everything that crosses its walls looked at, for canaries."""

import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from graders.workshop.canaries import Canaries, Floats, numeric
from sandbox.interface import (
    Answer,
    Ask,
    Finished,
    Heard,
    Limits,
    Made,
    Returned,
    Room,
    Sandbox,
    Service,
)


@dataclass
class Watch:
    """What was seen during one grading; safe to fill from several threads."""

    canaries: Canaries
    leaks: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: set[float] = field(default_factory=set)  # fractions that a room said by itself

    def goes_in(self, what: str, value: object) -> None:
        """Look at something that a room is given."""
        for body in _bytes_in(value):
            if self.canaries.in_bytes(body):
                self._leak(f"{what} holds the canary of the truth")
        for values in _numbers_in(value):
            name = self.canaries.labels_in(self._unheard(values))
            if name:
                self._leak(f"{what} holds {name} of the truth")

    def comes_out(self, what: str, value: object) -> None:
        """Look at something that a room answered or left."""
        for body in _bytes_in(value):
            if self.canaries.in_bytes(body):
                self._leak(f"{what} holds the canary of the truth")
        for values in _numbers_in(value):
            own = values[np.isin(values, self.canaries.fractions)]
            with self._lock:
                self._told.update(own.tolist())

    def _unheard(self, values: Floats) -> Floats:
        """Without what a room worked out by itself: a check may hand that back to it."""
        with self._lock:
            told = np.array(sorted(self._told))
        return values[~np.isin(values, told)] if len(told) else values

    def _leak(self, sentence: str) -> None:
        with self._lock:
            if sentence not in self.leaks:
                self.leaks.append(sentence)


def watched(sandbox: Sandbox, watch: Watch) -> Sandbox:
    """The sandbox, with everything that crosses its walls looked at."""
    return _WatchedSandbox(sandbox, watch)


class _WatchedSandbox:
    def __init__(self, sandbox: Sandbox, watch: Watch) -> None:
        self._sandbox, self._watch = sandbox, watch

    @contextmanager
    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Iterator[Room]:
        opening = self._sandbox.open(runtime=runtime, limits=limits, data=data, seed=seed, now=now)
        with opening as room:
            yield _WatchedRoom(room, self._watch)


class _WatchedRoom:
    """A room whose words in and out are looked at; it promises what the room promises."""

    def __init__(self, room: Room, watch: Watch) -> None:
        self._room, self._watch = room, watch

    @property
    def made(self) -> Made:
        return self._room.made

    def upload(self, files: Mapping[str, bytes]) -> None:
        for path, body in files.items():
            self._watch.goes_in(f"the file {path}", body)
        self._room.upload(files)

    def run(self, *command: str, stdin: bytes = b"", **options: Any) -> Finished:  # noqa: ANN401
        told = f"the command {command[0]}"
        self._watch.goes_in(told, [*command, stdin, *_texts(options.get("env"))])
        finished = self._room.run(*command, stdin=stdin, **options)
        self._watch.comes_out(f"the output of {command[0]}", [finished.stdout, finished.stderr])
        return finished

    def call(self, target: str, *args: Any, **options: Any) -> Returned:  # noqa: ANN401
        self._watch.goes_in(f"a call of {target}", [*args, *options.values()])
        returned = self._room.call(target, *args, **options)
        said = [returned.value, returned.stdout, returned.stderr]
        said += [returned.raised.message] if returned.raised else []
        self._watch.comes_out(f"the answer of {target}", said)
        return returned

    def serve(self, *command: str, **options: Any) -> AbstractContextManager[Service]:  # noqa: ANN401
        self._watch.goes_in(f"the command {command[0]}", [*command, *_texts(options.get("env"))])
        return _watched_service(self._room.serve(*command, **options), self._watch)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        body = self._room.read(path, max_bytes=max_bytes)
        self._watch.comes_out(f"the file {path}", body)
        return body

    def files(self, folder: str, *, max_files: int, max_bytes: int) -> Mapping[str, bytes]:
        found = self._room.files(folder, max_files=max_files, max_bytes=max_bytes)
        for path, body in found.items():
            self._watch.comes_out(f"the file {path}", body)
        return found

    def close(self) -> None:
        self._room.close()


@contextmanager
def _watched_service(serving: AbstractContextManager[Service], watch: Watch) -> Iterator[Service]:
    with serving as service:
        yield _WatchedService(service, watch)


class _WatchedService:
    def __init__(self, service: Service, watch: Watch) -> None:
        self._service, self._watch = service, watch

    @property
    def up_seconds(self) -> float:
        return self._service.up_seconds

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self._watch.goes_in(f"{method} {path}", [path, body, *_texts(headers)])
        answer = self._service.request(method, path, body, headers)
        self._watch.comes_out(f"the answer to {method} {path}", answer.body)
        return answer

    def load(
        self, asks: Sequence[Ask], *, patience: float = 10.0, most_open: int = 64
    ) -> Sequence[Heard]:
        for ask in asks:
            self._watch.goes_in(f"{ask.method} {ask.path}", [ask.path, ask.body])
        heard = self._service.load(asks, patience=patience, most_open=most_open)
        answers = [one for one in heard if isinstance(one, Answer)]
        for answer in answers:
            self._watch.comes_out("an answer under load", answer.body)
        return heard

    def kill(self) -> Finished:
        return self._service.kill()

    def close(self) -> Finished:
        return self._service.close()


# ------------------------------------------------------------------ what is looked at
def _bytes_in(value: object) -> Iterator[bytes]:
    match value:
        case bytes():
            yield value
        case str():
            yield value.encode(errors="replace")
        case pa.Table():
            yield _as_ipc(value)
        case list() | tuple() | dict():
            yield json.dumps(value, default=_as_text, ensure_ascii=False).encode(errors="replace")


def _numbers_in(value: object) -> Iterator[Floats]:
    """The sequences of numbers in a value: columns of tables, lists of JSON."""
    match value:
        case pa.Table():
            yield from numeric(value).values()
        case dict():
            yield from _numbers_of(list(value.values()))
        case list() | tuple():
            yield from _numbers_of(value)


def _numbers_of(values: Iterable[object]) -> Iterator[Floats]:
    items = list(values)
    plain = [float(one) for one in items if isinstance(one, bool | int | float)]
    if plain:
        yield np.array(plain, dtype=np.float64)
    for one in items:
        if isinstance(one, dict | list | tuple | pa.Table):
            yield from _numbers_in(one)
    records = [one for one in items if isinstance(one, dict)]
    for name in records[0] if records else ():
        told = [one.get(name) for one in records]
        yield np.array([float(n) for n in told if isinstance(n, bool | int | float)])


def _as_ipc(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, pa.Table):
        return _as_ipc(value).decode("latin-1")
    return str(value)


def _texts(pairs: Mapping[str, str] | None) -> list[str]:
    return [text for pair in (pairs or {}).items() for text in pair]
