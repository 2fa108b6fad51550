"""Frames: what travels between the runner, the template and a room, and how it is cut.

Between runner and template, on the shell's standard input and output, a frame is
``kind, stream, length`` and that many bytes. A *stream* is one room. Between template and room the
same frames travel as packets of ``kind`` and bytes, so the template never looks inside.

Inside a stream, caller and warden exchange *messages* (``kind, length`` and that many bytes), cut
into DATA frames wherever it suits; what runner and warden tell each other are CONTROL frames.
"""

import enum
import json
import struct
from collections.abc import Iterator
from typing import Any

from sandbox.agent.caps import MAX_FRAME, MAX_MESSAGE, MOST_HEAD

HEAD = struct.Struct("<BII")
MESSAGE_HEAD = struct.Struct("<BQ")
HEAD_LENGTH = struct.Struct("<I")  # of the JSON that a message's body begins with
BROADCAST = 0  # the stream that is no room: the template itself


class Kind(enum.IntEnum):
    """What a frame is for."""

    OPEN = 1  # runner: fork a room; JSON
    DATA = 2  # both ways: a piece of a stream
    CONTROL = 3  # both ways: JSON between runner and warden
    CLOSE = 4  # runner: end the room
    READY = 5  # template: its imports are done; JSON
    CLOSED = 6  # template: the room is gone; JSON
    PING = 7  # runner: do you hear me?
    PONG = 8  # switch and template, one each: who answers, and its memory; JSON


class Verb(enum.IntEnum):
    """What a message asks of a warden, or how the warden answers."""

    UPLOAD = 1
    RUN = 2
    CALL = 3
    SERVE = 4
    REQUEST = 5
    STOP = 6
    READ = 7
    FILES = 8
    OPENED = 20  # the room is ready
    DONE = 21  # JSON, then raw parts whose lengths the JSON names
    REFUSED = 22  # JSON: the rule that was broken
    BROKEN = 23  # JSON: the warden itself failed


class Violation(Exception):
    """The other side broke the rules of the channel; the message is the rule."""


def frame(kind: Kind, stream: int, body: bytes) -> bytes:
    """Write one frame."""
    return HEAD.pack(kind, stream, len(body)) + body


def message(verb: Verb, *parts: bytes) -> bytes:
    """Write one message."""
    return b"".join([MESSAGE_HEAD.pack(verb, sum(map(len, parts))), *parts])


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut data to the size of frames."""
    view = memoryview(data)
    for start in range(0, len(view), MAX_FRAME):
        yield bytes(view[start : start + MAX_FRAME])


def split(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a message's body apart: its JSON head, and what follows. Raises Violation."""
    if len(body) < HEAD_LENGTH.size:
        raise Violation("a message begins with the length of its head")
    (length,) = HEAD_LENGTH.unpack_from(body)
    start = HEAD_LENGTH.size + length
    if length > MOST_HEAD or start > len(body):
        raise Violation(f"a head of {length} bytes in a message of {len(body)}")
    try:
        head = json.loads(body[HEAD_LENGTH.size : start])
    except (ValueError, RecursionError):
        raise Violation("a message's head is JSON") from None
    if not isinstance(head, dict):
        raise Violation("a message's head is a dictionary")
    return head, body[start:]


class FrameReader:
    """Puts frames together again from bytes as they come. The first violation raises."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """Take bytes; yield every frame that is complete."""
        self._kept += data
        start = 0
        while len(self._kept) - start >= HEAD.size:
            kind, stream, length = HEAD.unpack_from(self._kept, start)
            if length > MAX_FRAME or kind not in Kind.__members__.values():
                raise Violation(f"no such frame: kind {kind}, {length} bytes")
            end = start + HEAD.size + length
            if len(self._kept) < end:
                break
            yield Kind(kind), stream, bytes(self._kept[start + HEAD.size : end])
            start = end
        del self._kept[:start]


class MessageReader:
    """Puts messages together again from bytes as they come. The first violation raises."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes, *, most: int = MAX_MESSAGE) -> Iterator[tuple[Verb, bytes]]:
        """Take bytes; yield every message that is complete, of at most so many bytes."""
        self._kept += data
        while len(self._kept) >= MESSAGE_HEAD.size:
            verb, length = MESSAGE_HEAD.unpack_from(self._kept)
            if length > most or verb not in Verb.__members__.values():
                raise Violation(f"no such message: verb {verb}, {length} bytes")
            end = MESSAGE_HEAD.size + length
            if len(self._kept) < end:
                return
            body = bytes(memoryview(self._kept)[MESSAGE_HEAD.size : end])
            del self._kept[:end]
            yield Verb(verb), body
