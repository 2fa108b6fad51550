"""The seated processes of one room: one is asked for ahead, the others when they are needed."""

import select
import socket
import time
from collections.abc import Mapping

from sandbox.agent.line import Line
from sandbox.agent.seat import Seat

SEATING_SECONDS = 20.0  # generous: a host may be busy


class Seats:
    """Asks the template for processes, and has the runner put each into the room's group."""

    def __init__(self, bell: socket.socket, line: Line, spaces: Mapping[str, int]) -> None:
        self._bell = bell
        self._line = line
        self._spaces = spaces
        self.waiting: Seat | None = None

    def ask(self) -> Seat:
        """Ask for a process, now that it is known that one will be needed."""
        self.waiting = self.waiting or Seat(self._bell, self._spaces)
        return self.waiting

    def tend(self) -> None:
        """Take news of the one that waits."""
        seat = self.waiting
        if seat is None:
            return
        seated = seat.pid is not None
        seat.tend()
        if seat.pid is not None and not seated and self._line.controlled:
            self._line.tell({"add": seat.pid})

    def take(self) -> Seat:
        """Wait for a process that may become a learner's. Raises RuntimeError, Gone."""
        seat = self.ask()
        until = time.monotonic() + SEATING_SECONDS
        while seat.pid is None or (self._line.controlled and seat.pid not in self._line.added):
            if time.monotonic() > until:
                raise RuntimeError("no process was seated in the room")
            ready, _, _ = select.select([self._line.end.fileno(), seat.fileno()], [], [], 1.0)
            if seat.fileno() in ready:
                self.tend()
            if self._line.end.fileno() in ready:
                self._line.take()
        self.waiting = None
        return seat

    def dismiss(self) -> None:
        """Let go of the one that waits."""
        if self.waiting is not None:
            self.waiting.leave()
            self.waiting = None
