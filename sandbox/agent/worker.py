"""The one warm process of a room that answers calls and keeps its state. All of it is the learner's.

A request is a JSON head and the values it names; an answer is one kind byte, a length and a body.
What it answers is a claim, checked outside.
"""

import importlib
import json
import os
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any

from sandbox.agent import values

REQUEST_HEAD = struct.Struct("<I")
ANSWER_HEAD = struct.Struct("<cQ")
VALUE, RAISED = b"V", b"R"
LONGEST_MESSAGE = 4000
MOST_FRAMES = 30


def serve(channel: int) -> None:
    """Answer calls until the channel closes."""
    with os.fdopen(channel, "r+b", buffering=0) as line:
        while head := _exactly(line, REQUEST_HEAD.size):
            (length,) = REQUEST_HEAD.unpack(head)
            request = json.loads(_exactly(line, length))
            data = _exactly(line, sum(request["sizes"]))
            kind, parts = _answer(request, data)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            _send(channel, ANSWER_HEAD.pack(kind, sum(map(len, parts))))
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
    return {"type": type(error).__name__, "message": message, "frames": frames[-MOST_FRAMES:]}


def _exactly(line: Any, size: int) -> bytes:
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
