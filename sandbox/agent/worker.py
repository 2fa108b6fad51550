"""The one warm process of a room, which answers calls and keeps its state: all the learner's.

A request is a JSON head and the values it names; an answer is a kind byte, a length and a body.
What it answers is a claim, checked outside.
"""

import importlib
import io
import json
import os
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any

from sandbox.agent import learner, values
from sandbox.agent.caps import LARGEST_VALUE, LONGEST_MESSAGE, MEGABYTE, MOST_FRAMES

REQUEST_HEAD = struct.Struct("<I")
ANSWER_HEAD = struct.Struct("<cQ")
VALUE, RAISED = b"V", b"R"


class Talk:
    """One call as the warden has it: what is asked, and what comes back; only its head is read."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._asked = 0
        self._heard = bytearray()
        self.rejected: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the whole answer is there."""
        return len(self._heard) >= ANSWER_HEAD.size and len(self._heard) == self._promised()

    @property
    def kind(self) -> str | None:
        """What the answer says it is, once it is complete."""
        return chr(self._heard[0]) if self.complete else None

    @property
    def raised(self) -> bool:
        """Whether the answer is that an exception was raised."""
        return self.complete and bytes(self._heard[:1]) == RAISED

    @property
    def body(self) -> bytes:
        """The answer's own bytes, once it is complete."""
        return bytes(self._heard[ANSWER_HEAD.size :]) if self.complete else b""

    def spoken_too_early(self) -> bool:
        """Whether something was said before anything was asked."""
        try:
            return bool(os.read(self._channel, 1))
        except OSError:  # nothing there, as it should be; or broken, as asking will show
            return False

    def ask(self, request: bytes) -> bool:
        """Hand over as much of the request as is taken now; True when that is all."""
        try:
            while self._asked < len(request):
                piece = memoryview(request)[self._asked : self._asked + MEGABYTE]
                self._asked += os.write(self._channel, piece)
        except BlockingIOError:
            return False
        except OSError:  # it has closed its end: what follows will tell
            return True
        return True

    def hear(self) -> bool:
        """Take what is said now; True when the answer is complete or breaks a rule."""
        while not self.complete and self.rejected is None:
            try:
                data = os.read(self._channel, MEGABYTE)
            except OSError:  # nothing now; or broken, and the process's end will tell
                return False
            if not data:
                return False
            self._heard += data
            self.rejected = self._why_rejected()
        return True

    def _promised(self) -> int:
        return ANSWER_HEAD.size + int(ANSWER_HEAD.unpack_from(self._heard)[1])

    def _why_rejected(self) -> str | None:
        if len(self._heard) < ANSWER_HEAD.size:
            return None
        if bytes(self._heard[:1]) not in {VALUE, RAISED}:
            return "the answer does not follow the form of answers"
        if self._promised() > LARGEST_VALUE:
            return f"the value is larger than {LARGEST_VALUE // MEGABYTE} MB"
        if len(self._heard) > self._promised():
            return "the process answered more than it was asked"
        return None


# As it is before a learner's code, which runs in this very process, replaces it.
_total = sum


def live(channel: int) -> int:
    """Be the warm process, to its end."""
    return learner.ending(lambda: serve(channel), argv=[""])


def serve(channel: int) -> None:
    """Answer calls until the channel closes."""
    with io.FileIO(channel, "r+b") as line:
        while head := _exactly(line, REQUEST_HEAD.size):
            (length,) = REQUEST_HEAD.unpack(head)
            request = json.loads(_exactly(line, length))
            data = _exactly(line, _total(request["sizes"]))
            kind, parts = _answer(request, data)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            _send(channel, ANSWER_HEAD.pack(kind, _total(map(len, parts))))
            for part in parts:
                _send(channel, part)


def _answer(request: dict[str, Any], data: bytes) -> tuple[bytes, list[bytes]]:
    try:
        found = _unpack(request, data)
        given, named = found[: request["positional"]], found[request["positional"] :]
        value = _find(request["target"])(*given, **dict(zip(request["names"], named, strict=True)))
        return VALUE, values.pack(value)
    except BaseException as error:  # noqa: BLE001 - whatever a learner raises is an answer
        return RAISED, [json.dumps(_told(error)).encode()]


def _unpack(request: dict[str, Any], data: bytes) -> list[object]:
    found, start = [], 0
    for kind, size in zip(request["kinds"], request["sizes"], strict=True):
        found.append(values.unpack(kind, data[start : start + size]))
        start += size
    return found


def _find(target: str) -> Callable[..., object]:
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found  # type: ignore[no-any-return]


def _told(error: BaseException) -> dict[str, object]:
    """Say what was raised, and where in the learner's own files."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith("/project/"):
            path = frame.filename.removeprefix("/project/")
            frames.append([path, frame.lineno or 0, frame.name])
    if isinstance(error, SyntaxError) and str(error.filename).startswith("/project/"):
        frames.append([str(error.filename).removeprefix("/project/"), error.lineno or 0, ""])
    try:
        message = str(error)[:LONGEST_MESSAGE]
    except BaseException:  # noqa: BLE001 - a learner's __str__ may do anything
        message = ""
    told = {"type": type(error).__name__, "message": message, "frames": frames[-MOST_FRAMES:]}
    # A name of a file that is no UTF-8 is text with half a surrogate: nothing outside takes it.
    plain: dict[str, object] = json.loads(_plain(json.dumps(told, ensure_ascii=False)))
    return plain


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _exactly(line: io.FileIO, size: int) -> bytes:
    got = bytearray()
    while len(got) < size:
        more = line.read(size - len(got))
        if not more:
            return b""
        got += more
    return bytes(got)


def _send(channel: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(channel, view) :]
