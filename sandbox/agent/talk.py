"""One call as the warden has it: what is asked of a room's worker, and what it answers, unread."""

import os
import struct

from sandbox.agent.caps import LARGEST_VALUE, MEGABYTE

ANSWER_HEAD = struct.Struct("<cQ")
VALUE, RAISED = b"V", b"R"


class Talk:
    """What is asked, and what comes back; only its head is read."""

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
