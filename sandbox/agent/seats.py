"""The seated processes of one room: one is asked for ahead, the others when they are needed."""

import select
import socket
import time
from collections.abc import Callable, Mapping

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

    def ask(self, *, unhurried: bool = False) -> Seat:
        """Ask for a process, now that it is known that one will be needed, if not at once."""
        self.waiting = self.waiting or Seat(self._bell, self._spaces, unhurried=unhurried)
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

    def wait(self) -> None:
        """Wait until one sits there, in the room's namespaces. Raises RuntimeError."""
        self._wait(lambda seat: seat.pid is not None).wait(SEATING_SECONDS)

    def take(self) -> Seat:
        """Take one that may become a learner's. Raises RuntimeError, Gone."""
        seat = self._wait(
            lambda seat: (
                seat.pid is not None
                and (not self._line.controlled or seat.pid in self._line.added)
            )
        )
        seat.wait(SEATING_SECONDS)
        self.waiting = None
        return seat

    def _wait(self, ready: Callable[[Seat], bool]) -> Seat:
        seat = self.ask()
        until = time.monotonic() + SEATING_SECONDS
        ends = self._line.end.fileno(), seat.fileno()
        while not ready(seat):
            if time.monotonic() > until:
                raise RuntimeError("no process was seated in the room")
            heard, _, _ = select.select(ends, [], [], 1.0)
            if seat.fileno() in heard:
                self.tend()
            if self._line.end.fileno() in heard:
                self._line.take()
        return seat

    def dismiss(self) -> None:
        """Let go of the one that waits."""
        if self.waiting is not None:
            self.waiting.leave()
            self.waiting = None
