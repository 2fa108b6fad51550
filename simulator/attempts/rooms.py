"""The runner's rooms, in a form that another thread can close."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sandbox.interface import Limits, Room, Sandbox, SandboxError


class ClosableSandbox:
    """A sandbox whose open rooms can be closed at once, from any thread, for good.

    A call that waits in one of them ends with SandboxError, as when a room falls down.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._rooms: dict[int, Room] = {}
        self._closed = False
        self._lock = threading.Lock()

    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> AbstractContextManager[Room]:
        """Open a room as the sandbox does. Raises SandboxError once closed."""
        return self._keep(
            self._sandbox.open(runtime=runtime, limits=limits, data=data, seed=seed, now=now)
        )

    def close(self) -> None:
        """Close every open room and open none from now on."""
        with self._lock:
            self._closed = True
            rooms = [*self._rooms.values()]
        for room in rooms:
            room.close()

    @contextmanager
    def _keep(self, opening: AbstractContextManager[Room]) -> Iterator[Room]:
        self._refuse_if_closed()
        with opening as room:
            with self._lock:
                self._rooms[id(room)] = room
            try:
                self._refuse_if_closed()
                yield room
            finally:
                with self._lock:
                    del self._rooms[id(room)]

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise SandboxError("the grading was taken away, its rooms are closed")
