"""One connection to the runner and its room: bytes pass unread until either side closes."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox import cgroups
from sandbox.agent.frames import Kind
from sandbox.hostside import find_process, newest_child
from sandbox.keeping import Kept

logger = logging.getLogger(__name__)

PIECE = 64 * 1024
BACKLOG = 4 * 1024 * 1024  # a caller is not read while a shell has more than this to take
PAUSE = 0.005
COUNT_SECONDS = 0.1
ENDING_SECONDS = 15.0


class Connection:
    """A caller, and the room that it gets."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        kept: Kept,
        group: cgroups.Group | None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._kept = kept
        self._line = kept.line
        self._group = group
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[tuple[Kind, bytes]] = asyncio.Queue()
        self._closed = asyncio.Event()
        self._told = (0, 0)
        self._was_of_use = False

    async def keep(self, order: dict[str, object]) -> bool:
        """Pass bytes until either side closes; then end the room and what it leaves.

        False when the room ended before anything had passed: another may be opened in its place.
        """
        stream = self._line.open({**order, "controlled": self._group is not None}, self._hear)
        tasks = [
            asyncio.create_task(self._from_caller(stream)),
            asyncio.create_task(self._to_caller(stream)),
        ]
        counting = asyncio.create_task(self._count(stream))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end(stream, [*tasks, counting])
        return self._was_of_use

    async def _end(self, stream: int, tasks: list[asyncio.Task[None]]) -> None:
        """Whatever happened: have the room ended, wait for that, and remove its group."""
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("a room broke: %r", ended)
        if not self._closed.is_set():
            self._line.send(Kind.CLOSE, stream, b"")
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
        self._heard.put_nowait((kind, body))
        if kind is Kind.CLOSED:
            self._closed.set()

    async def _from_caller(self, stream: int) -> None:
        while data := await self._reader.read(PIECE):
            self._was_of_use = True
            self._line.send(Kind.DATA, stream, data)
            while self._line.backlog > BACKLOG:
                await asyncio.sleep(PAUSE)
        self._was_of_use = True  # the caller has left, of its own will

    async def _to_caller(self, stream: int) -> None:
        while True:
            kind, body = await self._heard.get()
            if kind is Kind.CLOSED:
                return
            if kind is Kind.CONTROL:
                await self._obey(stream, json.loads(body))
                continue
            self._was_of_use = True
            try:
                self._writer.write(body)
                await self._writer.drain()
            except ConnectionError:
                continue  # the caller is gone; its reader ends the room

    async def _obey(self, stream: int, told: Mapping[str, Any]) -> None:
        if self._group is None:
            return
        if "pid" in told:
            self._group.add(await self._find(int(told["pid"]), self._kept.wardens))
            self._control(stream, {"go": True})
        if "add" in told:
            self._group.add(await self._find(int(told["add"]), self._kept.template))
            self._control(stream, {"added": told["add"]})
        if told.get("ask") == "facts":
            self._control(stream, {"facts": asdict(self._group.counts()), "answer": True})
            self._group.forget_peak()

    async def _find(self, inside: int, parent: int | None) -> int:
        """Find a process of the room among this host's. Raises NotFound."""
        found = None if parent is None else newest_child(parent, inside=inside)
        if found is not None:
            return found
        return await asyncio.to_thread(find_process, self._line.pid, inside=inside)

    async def _count(self, stream: int) -> None:
        """Tell the warden at once when the kernel killed or refused something."""
        while self._group:
            await asyncio.sleep(COUNT_SECONDS)
            counts = self._group.counts()
            news = (counts.out_of_memory, counts.refused_processes)
            if news != self._told:
                self._told = news
                self._control(stream, {"facts": asdict(counts)})

    def _control(self, stream: int, told: Mapping[str, object]) -> None:
        self._line.send(Kind.CONTROL, stream, json.dumps(told).encode())
