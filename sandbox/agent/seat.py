"""A process for a learner's work: the template forks it, it sits in the room until it is told.

The template forks it into the room's PID namespace, so its imports are done; the room's other
namespaces it enters by itself. It waits there until the warden says what to be, gives up every
right, and is the learner's from then on. The first of a room is asked for while the room's walls
are still being finished, and is there when it is needed.

The warden is not its parent: the template buries it, and tells the warden how it ended.
"""

import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.agent import walls

SEATED = b"s"
LENGTH = struct.Struct("<I")
MOST_GIVEN = 8  # descriptors with one message
LONGEST_NEWS = 256
PIDS = "pid_for_children"  # the namespace that is entered by the fork itself


@dataclass(frozen=True, kw_only=True)
class End:
    """How a seated process ended, as the template was told by the kernel."""

    status: int  # as `wait` gives it
    cpu_seconds: float  # its own, and of what it has buried


class Seat:
    """The warden's handle on the process."""

    def __init__(
        self, bell: socket.socket, spaces: Mapping[str, int], *, unhurried: bool = False
    ) -> None:
        """Ask the template for a process; `tend` takes what it answers.

        One that nobody waits for yet has the time to do more ahead.
        """
        self._line, theirs = socket.socketpair()
        self._news, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wish = {"spaces": list(spaces), "unhurried": unhurried}
        given = [theirs.fileno(), tell.fileno(), *spaces.values()]
        socket.send_fds(bell, [json.dumps(wish).encode()], given)
        theirs.close()
        tell.close()
        self._news.settimeout(0)
        self._seated = False
        self.pid: int | None = None  # as the shell counts, once the template has told
        self.end: End | None = None

    def fileno(self) -> int:
        """Give the descriptor that is readable when there is news of it."""
        return self._news.fileno()

    def tend(self) -> None:
        """Take news of it, if there is any. Raises RuntimeError when there never will be."""
        try:
            packet = self._news.recv(LONGEST_NEWS)
        except BlockingIOError:
            return
        if not packet:
            raise RuntimeError("the template could not fork a process for the room")
        news = json.loads(packet)
        if self.pid is None:
            self.pid = int(news["pid"])
        else:
            self.end = End(**news)

    def wait(self, seconds: float) -> None:
        """Wait until it is in the room. Raises RuntimeError when it never will be."""
        if not self._seated:
            self._line.settimeout(seconds)
            try:
                self._seated = self._line.recv(len(SEATED)) == SEATED
            except OSError as error:
                raise RuntimeError(f"no process was seated in the room: {error}") from None
            self._line.settimeout(None)
        if not self._seated:
            raise RuntimeError("the process for the room has died")

    def become(self, what: Mapping[str, Any], given: Sequence[int]) -> None:
        """Say what to be; `given` are its output, its error, its input if fed, a worker's channel.

        A process that has died meanwhile hears nothing: how it ended will be told.
        """
        text = json.dumps(what).encode()
        try:
            socket.send_fds(self._line, [LENGTH.pack(len(text))], given)
            self._line.sendall(text)
        except OSError:
            pass
        self._line.close()

    def leave(self) -> None:
        """Let go of it; one that was told nothing ends."""
        self._line.close()
        self._news.close()


def spaces_of(proc: int, *, controlled: bool) -> dict[str, int]:
    """Open the namespaces that a seated process is to enter: this process's own, of the room."""
    return {
        name: os.open(f"self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
        for name in walls.own_spaces(controlled=controlled)
    }
