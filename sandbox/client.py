"""Rooms for the judge and the site: `RunnerSandbox` asks the runner of this host over its socket.

Blocking, and without any state between rooms, so it may be used from a Celery child after a fork.
"""

import io
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, TypeVar

import pyarrow as pa

from sandbox import answers, requests
from sandbox.agent.caps import LARGEST_ANSWER
from sandbox.agent.frames import HEAD_LENGTH, MessageReader, Verb, Violation, message, split
from sandbox.interface import (
    Ask,
    Finished,
    Heard,
    Limits,
    Made,
    Network,
    Returned,
    SandboxError,
    ServiceDown,
    Unreadable,
    Value,
)
from sandbox.served import RunnerService

_Read = TypeVar("_Read")

REQUEST_LENGTH = struct.Struct("<I")
PIECE = 256 * 1024
OPENING_SECONDS = 150.0  # a runtime's first room waits for its template's imports
HEALTH_SECONDS = 5.0  # a page waits for the answer
HEARING_SECONDS = 5.0  # above a load's own end: a busy host is late with everything
GRACE_SECONDS = 30.0  # above a step's own wall limit: then it is the room that does not answer


class RunnerSandbox:
    """Opens rooms of the runner that listens on a socket."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    @contextmanager
    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Iterator["RunnerRoom"]:
        """Open a fresh room. Raises SandboxError when none can be had."""
        asked = {
            "runtime": runtime,
            "limits": asdict(limits),
            "data": data,
            "seed": seed,
            "now": now,
        }
        room = RunnerRoom(_connect(self._path, {"open": asked}), limits)
        try:
            room.wait_until_open()
            yield room
        finally:
            room.close()

    def health(self) -> dict[str, Any]:
        """Ask the runner how it is. Raises SandboxError when it does not answer."""
        return self._told({"health": True})

    def prepare(self, runtime: str) -> dict[str, Any]:
        """Begin to build a runtime where it is missing; say whether it is there, or how far.

        ``{"ready": bool, "step": str, "seconds": int, "failed": str}``. Raises SandboxError.
        """
        return self._told({"prepare": runtime})

    def _told(self, question: Mapping[str, Any]) -> dict[str, Any]:
        line = _connect(self._path, question)
        line.settimeout(HEALTH_SECONDS)
        with line, line.makefile("rb") as answer:
            try:
                return dict(json.loads(answer.readline()))
            except (OSError, ValueError) as error:
                raise SandboxError(f"the runner does not answer: {error}") from None


class RunnerRoom:
    """One room, as `sandbox.interface.Room` promises it."""

    def __init__(self, line: socket.socket, limits: Limits) -> None:
        self._line = line
        self._limits = limits
        self._messages = MessageReader()
        self._inbox: list[tuple[Verb, bytes]] = []
        self._asked = answers.asked(None, limits=limits)
        self._closed = False
        self._made: Made | None = None

    @property
    def made(self) -> Made:
        """Where it was made. Raises SandboxError before the room is open."""
        if self._made is None:
            raise SandboxError("the room is not open yet")
        return self._made

    def __enter__(self) -> "RunnerRoom":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait_until_open(self) -> None:
        """Wait for the room to be ready. Raises SandboxError."""
        self._asked = answers.asked(None, limits=self._limits)
        _, head, _ = self._hear(OPENING_SECONDS)
        self._made = self._in_form(lambda: answers.made(head))

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Write files, by path relative to the project, or below ``/artifacts``."""
        for path in files:
            _check_path(path)
        listed = [[path, len(content)] for path, content in files.items()]
        self._tell(Verb.UPLOAD, {"files": listed}, *files.values())
        self._done(GRACE_SECONDS)

    def run(
        self,
        *command: str,
        limits: Limits | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a command to its end."""
        if not command:
            raise ValueError("a command has at least one word")
        asked, seconds = self._step(limits, env)
        self._tell(Verb.RUN, {"command": list(command), **asked}, stdin)
        head, rest = self._done(seconds)
        return self._in_form(lambda: answers.finished(head, rest))

    def call(
        self,
        target: str,
        *args: Value,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        **kwargs: Value,
    ) -> Returned:
        """Call ``"app.model:predict"`` in the room's one warm process, which keeps its state."""
        if target.count(":") != 1:
            raise ValueError(f'{target!r}: a target reads "package.module:name"')
        packed = [_pack(value) for value in (*args, *kwargs.values())]
        request = json.dumps(
            {
                "target": target,
                "positional": len(args),
                "names": list(kwargs),
                "kinds": [kind for kind, _ in packed],
                "sizes": [len(content) for _, content in packed],
            }
        ).encode()
        asked, seconds = self._step(limits, env)
        contents = [content for _, content in packed]
        self._tell(Verb.CALL, asked, REQUEST_LENGTH.pack(len(request)), request, *contents)
        head, rest = self._done(seconds)
        return self._in_form(lambda: answers.returned(head, rest))

    @contextmanager
    def serve(
        self,
        *command: str,
        port: int,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> Iterator["RunnerService"]:
        """Start an HTTP service and wait until its port answers. Raises ServiceDown."""
        asked, seconds = self._step(limits, env)
        if not command:
            raise ValueError("a command has at least one word")
        asked["within"] = min(within or seconds, seconds)
        self._tell(Verb.SERVE, {"command": list(command), "port": port, **asked})
        head, rest = self._done(seconds)
        if not head.get("up"):
            ended = self._in_form(lambda: answers.finished(head, rest))
            raise ServiceDown("the service did not come up", finished=ended)
        service = RunnerService(
            self.ask, self.stop, up_seconds=self._in_form(lambda: answers.up(head))
        )
        try:
            yield service
        finally:
            if not self._closed:
                service.close()

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Read a regular file, after every process of the room is dead. Raises Unreadable."""
        asked = {"path": path, "max_bytes": max_bytes}
        self._tell(Verb.READ, asked, max_bytes=max_bytes)
        _, rest = self._found()
        return rest

    def files(self, folder: str, *, max_files: int, max_bytes: int) -> Mapping[str, bytes]:
        """Read a folder as `read` reads a file."""
        asked = {"path": folder, "max_files": max_files, "max_bytes": max_bytes}
        self._tell(Verb.FILES, asked, max_bytes=max_bytes)
        head, rest = self._found()
        return self._in_form(lambda: answers.files(head, rest))

    def ask(self, asks: Sequence[Ask], *, patience: float, most_open: int) -> list[Heard]:
        """Ask the room's running service. Raises ServiceDown when nothing can be heard."""
        if len(asks) > requests.MOST:
            raise ValueError(f"at most {requests.MOST} requests at once")
        seconds = max((ask.due for ask in asks), default=0.0) + patience + HEARING_SECONDS
        asked = {
            "requests": [requests.written(ask) for ask in asks],
            "patience": patience,
            "most_open": most_open,
            "most_body": LARGEST_ANSWER,
            "seconds": seconds,
        }
        self._tell(Verb.REQUEST, asked, *(ask.body for ask in asks))
        head, rest = self._done(seconds)
        if "down" in head:
            raise ServiceDown(f"the service does not answer: {head['down']}")
        return self._in_form(lambda: answers.served(head, rest, asked=len(asks)))

    def stop(self, *, kill: bool) -> Finished:
        """Stop the room's running service and say how it ended."""
        self._tell(Verb.STOP, {"kill": kill})
        head, rest = self._done(GRACE_SECONDS)
        return self._in_form(lambda: answers.finished(head, rest))

    def close(self) -> None:
        """End the room: the runner kills it when its connection closes."""
        if not self._closed:
            self._closed = True
            # Another thread may wait in recv: only a shutdown wakes it.
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
            self._line.close()

    def _step(
        self, limits: Limits | None, env: Mapping[str, str] | None
    ) -> tuple[dict[str, Any], float]:
        step = limits or self._limits
        seconds = min(step.wall_seconds, self._limits.wall_seconds)
        if self._limits.network is Network.NONE and step.network is not Network.NONE:
            raise ValueError("a step's limits lie inside its room's; the room has no loopback")
        return {"limits": asdict(step), "env": dict(env or {})}, seconds

    def _tell(
        self, verb: Verb, head: Mapping[str, Any], *parts: bytes, max_bytes: int = 0
    ) -> None:
        """Ask for something, and know from then on what may be answered."""
        if self._closed:
            raise SandboxError("the room is closed")
        self._asked = answers.asked(verb, limits=self._limits, max_bytes=max_bytes)
        text = json.dumps(head).encode()
        try:
            self._line.settimeout(GRACE_SECONDS)
            self._line.sendall(message(verb, HEAD_LENGTH.pack(len(text)), text, *parts))
        except OSError as error:
            raise self._broken(f"the room is gone: {error}") from None

    def _done(self, seconds: float) -> tuple[dict[str, Any], bytes]:
        verb, head, rest = self._hear(seconds + GRACE_SECONDS)
        if verb is Verb.REFUSED:
            raise ValueError(self._in_form(lambda: answers.rule(head)))
        return head, rest

    def _found(self) -> tuple[dict[str, Any], bytes]:
        verb, head, rest = self._hear(GRACE_SECONDS)
        if verb is Verb.REFUSED:
            raise Unreadable(self._in_form(lambda: answers.rule(head)))
        return head, rest

    def _in_form(self, read: Callable[[], _Read]) -> _Read:
        """Read an answer; one that is out of form ends the room. Raises SandboxError."""
        try:
            return answers.in_form(read)
        except Violation as error:
            raise self._broken(f"the room does not answer: {error}") from None

    def _hear(self, seconds: float) -> tuple[Verb, dict[str, Any], bytes]:
        """Wait for one answer of the warden. Whatever is out of order ends the room."""
        try:
            verb, body = self._next(time.monotonic() + seconds)
            self._asked.check(verb)
            head, rest = split(body)
        except (OSError, Violation) as error:
            reason = str(error) or type(error).__name__
            raise self._broken(f"the room does not answer: {reason}") from None
        if verb is Verb.BROKEN:
            raise self._broken(str(head.get("why")))
        return verb, head, rest

    def _next(self, until: float) -> tuple[Verb, bytes]:
        while not self._inbox:
            self._line.settimeout(max(0.01, until - time.monotonic()))
            data = self._line.recv(PIECE)
            if not data:
                raise Violation("it is gone")
            self._inbox.extend(self._messages.feed(data, most=self._asked.most))
        if len(self._inbox) > 1:
            raise Violation("it answered more than it was asked")
        return self._inbox.pop()

    def _broken(self, why: str) -> SandboxError:
        self.close()
        return SandboxError(why)


def _connect(path: Path, asked: Mapping[str, Any]) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(OPENING_SECONDS)
        line.connect(str(path))
        line.sendall(json.dumps(asked).encode() + b"\n")
    except OSError as error:
        line.close()
        raise SandboxError(f"the runner does not answer at {path}: {error.strerror}") from None
    return line


def _check_path(path: str) -> None:
    pure = PurePosixPath("/project", path)
    inside = len(pure.parts) > 2 and pure.parts[1] in {"project", "artifacts"}  # noqa: PLR2004 - root, top, name
    if not path or ".." in pure.parts or "\0" in path or not inside:
        raise ValueError(f"{path!r} is no path inside the project")


def _pack(given: Value) -> tuple[str, bytes]:
    if isinstance(given, bytes):
        return "B", given
    if isinstance(given, pa.Table):
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, given.schema) as writer:
            writer.write_table(given)
        return "A", sink.getvalue()
    return "J", json.dumps(given).encode()
