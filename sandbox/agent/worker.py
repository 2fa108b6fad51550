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
from sandbox.agent.caps import LONGEST_MESSAGE, MOST_FRAMES
from sandbox.agent.talk import ANSWER_HEAD, RAISED, VALUE

REQUEST_HEAD = struct.Struct("<I")


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
