"""Rooms that are opened ahead of their callers, so that a burst of them finds its rooms standing.

What no caller may choose is done in them: walls, first process, a seated process, control group.
A blind run opens ten rooms and more at once, and what is done ahead is most of what a room costs
before it is used. Nothing is opened while rooms are being asked for: it would only move the work.
The templates that rooms are asked of share one bound, for each room that stands takes memory.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from sandbox.connection import Connection
from sandbox.keeping import Kept

logger = logging.getLogger(__name__)

SIZE = 10  # as many as a blind run has variants; some 15 MB each
QUIET_SECONDS = 0.05  # since the last room was asked for
LATELY = 60.0  # seconds; a template that was asked for longer ago makes way for the others


class Stock:
    """The rooms that stand ready, by the template that they were forked from."""

    def __init__(self, make: Callable[[Kept], Connection], *, size: int = SIZE) -> None:
        """Rooms are made by `make`, at most `size` of all templates. It may raise OSError."""
        self._make = make
        self._size = size
        self._rooms: dict[Kept, deque[Connection]] = {}
        self._filling: dict[Kept, asyncio.Task[None]] = {}
        self._dropping: set[asyncio.Task[None]] = set()
        self._asked: dict[Kept, float] = {}
        self._closed = False

    @property
    def standing(self) -> int:
        """How many rooms stand ready, of all templates."""
        return sum(len(rooms) for rooms in self._rooms.values())

    @property
    def full(self) -> bool:
        """Whether nothing is being opened ahead."""
        return all(task.done() for task in self._filling.values())

    def take(self, kept: Kept) -> Connection | None:
        """Take a room of this template, if one stands; others are opened once it is quiet."""
        self._asked[kept] = time.monotonic()
        rooms = self._rooms.setdefault(kept, deque())
        filling = self._filling.get(kept)
        if not self._closed and self._size and (filling is None or filling.done()):
            self._filling[kept] = asyncio.create_task(self._fill(kept, rooms))
        while rooms:
            room = rooms.popleft()
            if room.alive:
                return room
            self._drop(room)
        return None

    def sweep(self) -> None:
        """Forget the rooms of templates that have died."""
        for kept in [kept for kept in self._rooms if not kept.line.alive]:
            self._forget(kept)

    async def close(self) -> None:
        """Open no more, and end those that stand."""
        self._closed = True
        for task in self._filling.values():
            task.cancel()
        await asyncio.gather(*self._filling.values(), return_exceptions=True)
        left = [room for rooms in self._rooms.values() for room in rooms]
        self._rooms.clear()
        await asyncio.gather(*(room.end() for room in left), return_exceptions=True)

    async def _fill(self, kept: Kept, rooms: deque[Connection]) -> None:
        while len(rooms) < self._share() and kept.line.alive:
            quiet_in = max(self._asked.values()) + QUIET_SECONDS - time.monotonic()
            if quiet_in > 0:
                await asyncio.sleep(quiet_in)
            else:
                self._make_way(kept)
                await self._add(kept, rooms)

    def _share(self) -> int:
        """Tell how many rooms may stand of each template that rooms were lately asked of."""
        return self._size // max(1, len(self._lately()))

    def _lately(self) -> list[Kept]:
        now = time.monotonic()
        return [kept for kept, asked in self._asked.items() if now - asked < LATELY]

    def _make_way(self, kept: Kept) -> None:
        """Where as many stand as may, end one of another template that has more than its share."""
        lately, share = self._lately(), self._share()
        for other, rooms in self._rooms.items():
            if self.standing < self._size:
                return
            if other is not kept and len(rooms) > (share if other in lately else 0):
                self._drop(rooms.popleft())

    async def _add(self, kept: Kept, rooms: deque[Connection]) -> None:
        try:
            room = self._make(kept)
        except OSError as error:
            logger.warning("no room is opened ahead: %s", error)
            await asyncio.sleep(1.0)
            return
        room.open()
        try:
            stands = await room.stands()
        except asyncio.CancelledError:
            await room.end()
            raise
        if stands:
            rooms.append(room)
        else:
            await room.end()

    def _forget(self, kept: Kept) -> None:
        self._asked.pop(kept, None)
        for room in self._rooms.pop(kept, ()):
            self._drop(room)
        filling = self._filling.pop(kept, None)
        if filling is not None:
            filling.cancel()

    def _drop(self, room: Connection) -> None:
        """Clean up after a room whose template has died."""
        task = asyncio.create_task(room.end())
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)
