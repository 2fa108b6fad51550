"""One room and, in time, its caller's connection: bytes pass unread until either side closes."""

import asyncio
import json
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import asdict
from typing import Any

from sandbox import cgroups
from sandbox.agent.frames import Kind
from sandbox.hostside import NotFound, find_process, newest_child
from sandbox.interface import Limits
from sandbox.keeping import Kept

logger = logging.getLogger(__name__)

PIECE = 64 * 1024
BACKLOG = 4 * 1024 * 1024  # a caller is not read while a shell has more than this to take
PAUSE = 0.005
COUNT_SECONDS = 0.1
ENDING_SECONDS = 15.0


class Connection:
    """A room, and the caller that gets it."""

    def __init__(self, kept: Kept, group: cgroups.Group | None) -> None:
        self.kept = kept
        self._line = kept.line
        self._group = group
        self._stream = 0
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[tuple[Kind, bytes]] = asyncio.Queue()
        self._obeying: list[asyncio.Task[None]] = []
        self._closed = asyncio.Event()
        self._told = (0, 0)
        self._was_of_use = False
        self._stands = asyncio.Event()

    # ---- before there is a caller

    def open(self, order: Mapping[str, object] | None = None) -> None:
        """Have the room opened: for this order, or ahead of any."""
        opening = {"controlled": self._group is not None, "order": order}
        self._stream = self._line.open(opening, self._hear)

    async def stands(self) -> bool:
        """Wait until a room that is opened ahead needs nothing but its order."""
        ended = asyncio.create_task(self._closed.wait())
        stands = asyncio.create_task(self._stands.wait())
        await asyncio.wait({ended, stands}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, stands):
            task.cancel()
        return not self._closed.is_set()

    @property
    def alive(self) -> bool:
        """Whether it may still be used."""
        return not self._closed.is_set()

    # ---- with a caller

    def limit(self, limits: Limits) -> None:
        """Write the room's limits into its control group. Raises OSError."""
        if self._group:
            self._group.limit(limits)

    async def keep(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        order: Mapping[str, object],
    ) -> bool:
        """Pass bytes until either side closes; then end the room and what it leaves.

        False when the room ended before anything had passed: another may be opened in its place.
        """
        if self._stands.is_set():
            self._control({"order": order})
        else:
            self.open(order)
        tasks = [
            asyncio.create_task(self._from_caller(reader)),
            asyncio.create_task(self._to_caller(writer)),
        ]
        counting = asyncio.create_task(self._count())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self.end(*tasks, counting)
        return self._was_of_use

    async def end(self, *tasks: asyncio.Task[None]) -> None:
        """Whatever happened: have the room ended, wait for that, and remove its group."""
        for task in (*tasks, *self._obeying):
            task.cancel()
        for ended in await asyncio.gather(*tasks, *self._obeying, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("a room broke: %r", ended)
        if not self._closed.is_set():
            self._line.send(Kind.CLOSE, self._stream, b"")
        try:
            await asyncio.wait_for(self._closed.wait(), ENDING_SECONDS)
        except TimeoutError:
            logger.exception("a room does not end; ending its shell")
            await asyncio.to_thread(self._line.kill)
        if self._group:
            await asyncio.to_thread(self._group.remove)

    def _hear(self, kind: Kind, body: bytes) -> None:
        self._loop.call_soon_threadsafe(self._take, kind, body)

    def _take(self, kind: Kind, body: bytes) -> None:
        if kind is Kind.CONTROL:
            self._obey(json.loads(body))
            return
        self._heard.put_nowait((kind, body))
        if kind is Kind.CLOSED:
            self._closed.set()

    async def _from_caller(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(PIECE):
            self._was_of_use = True
            self._line.send(Kind.DATA, self._stream, data)
            while self._line.backlog > BACKLOG:
                await asyncio.sleep(PAUSE)
        self._was_of_use = True  # the caller has left, of its own will

    async def _to_caller(self, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await self._heard.get()
            if kind is Kind.CLOSED:
                return
            self._was_of_use = True
            try:
                writer.write(body)
                await writer.drain()
            except ConnectionError:
                continue  # the caller is gone; its reader ends the room

    # ---- what the warden asks of the runner

    def _obey(self, told: Mapping[str, Any]) -> None:
        if "stands" in told:
            self._stands.set()
        if self._group is None:
            return
        if "pid" in told:
            self._do(self._add(int(told["pid"]), self.kept.wardens, {"go": True}))
        if "add" in told:
            self._do(self._add(int(told["add"]), self.kept.template, {"added": told["add"]}))
        if told.get("ask") == "facts":
            self._control({"facts": asdict(self._group.counts()), "answer": True})
            self._group.forget_peak()

    def _do(self, work: Coroutine[None, None, None]) -> None:
        self._obeying.append(asyncio.create_task(work))

    async def _add(self, inside: int, parent: int | None, answer: Mapping[str, object]) -> None:
        """Put a process of the room into its group; `inside` is how the shell counts it."""
        if self._group is None:
            return
        found = None if parent is None else newest_child(parent, inside=inside)
        try:
            if found is None:
                found = await asyncio.to_thread(find_process, self._line.pid, inside=inside)
            self._group.add(found)
        except (NotFound, OSError) as error:
            if self.alive:
                logger.warning("ending a room whose group cannot hold it: %s", error)
                self._line.send(Kind.CLOSE, self._stream, b"")
            return
        self._control(answer)

    async def _count(self) -> None:
        """Tell the warden at once when the kernel killed or refused something."""
        while self._group:
            await asyncio.sleep(COUNT_SECONDS)
            counts = self._group.counts()
            news = (counts.out_of_memory, counts.refused_processes)
            if news != self._told:
                self._told = news
                self._control({"facts": asdict(counts)})

    def _control(self, told: Mapping[str, object]) -> None:
        self._line.send(Kind.CONTROL, self._stream, json.dumps(told).encode())
