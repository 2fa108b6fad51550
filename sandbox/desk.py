"""Answers the runner's callers: one connection is one room, or a question for its health."""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Coroutine, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox import cgroups, orders
from sandbox.agent.frames import HEAD_LENGTH, Verb, message
from sandbox.connection import Connection
from sandbox.health import Health
from sandbox.interface import Limits, Made
from sandbox.keeping import Keeper, Kept, Place
from sandbox.orders import Refusal
from sandbox.shell import ShellError
from sandbox.stock import Stock

logger = logging.getLogger(__name__)

CLOSING_SECONDS = 20.0
TRIES = 3  # at a room whose template dies before it is open
CREDENTIALS = struct.Struct("3i")
STOPPING = "this runner is stopping; ask again, another will answer"


class Desk:
    """Where callers are met. Nothing but a room, or the health, can be asked for."""

    def __init__(
        self,
        keeper: Keeper,
        health: Health,
        *,
        groups: cgroups.Groups | None,
        warehouse: Path,
        ahead: int,
    ) -> None:
        self._keeper = keeper
        self._groups = groups
        self._warehouse = warehouse
        self._allowed = {os.geteuid(), 0}
        self._meetings: set[asyncio.Task[None]] = set()
        self._stock = Stock(self._make, size=ahead)
        self.health = health

    def welcome_probe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Meet the self-test, which gets its rooms before it is known that all is well."""
        self._remember(self._meet(reader, writer, trusted=True))

    def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Meet a caller."""
        self._remember(self._meet(reader, writer, trusted=False))

    def report(self) -> dict[str, Any]:
        """Tell how this runner is."""
        ahead = {"standing": self._stock.standing, "full": self._stock.full}
        return {**asdict(self.health), "ahead": ahead, "shells": self._keeper.facts()}

    def tend(self) -> None:
        """Look after the rooms that no caller has taken."""
        self._stock.sweep()

    async def close(self) -> None:
        """End the rooms that no caller has taken."""
        await self._stock.close()

    async def wait_until_left(self) -> None:
        """Wait until every room has left nothing behind."""
        if self._meetings:
            await asyncio.wait(self._meetings, timeout=CLOSING_SECONDS)

    def _remember(self, meeting: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(meeting)
        self._meetings.add(task)
        task.add_done_callback(self._meetings.discard)

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, trusted: bool
    ) -> None:
        """Answer one connection; what goes wrong is told to it in one sentence."""
        try:
            if _user(writer) in self._allowed:
                await self._answer(reader, writer, trusted=trusted)
        except (Refusal, KeyError, TypeError, ValueError) as refusal:
            text = json.dumps({"why": str(refusal)}).encode()
            writer.write(message(Verb.BROKEN, HEAD_LENGTH.pack(len(text)), text))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.debug("a caller left: %s", error)
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, trusted: bool
    ) -> None:
        """Hear what a caller wants: a room, or how we are."""
        question = json.loads(await reader.readuntil(b"\n"))
        if "health" in question:
            writer.write(json.dumps(self.report()).encode() + b"\n")
            await writer.drain()
        elif "prepare" in question:
            told = await asyncio.to_thread(self._keeper.prepare, str(question["prepare"]))
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
        elif trusted:
            await self._keep_room(question["open"], reader, writer)
        elif self.health.draining:
            raise Refusal(STOPPING)
        elif not self.health.ok:
            raise Refusal(f"no rooms here: {self.health.why}")
        else:
            self.health.rooms += 1
            try:
                await self._keep_room(question["open"], reader, writer)
            finally:
                self.health.rooms -= 1

    async def _keep_room(
        self,
        asked: Mapping[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Keep a caller's room. One whose template died before it was open is opened anew."""
        limits, order = orders.read(asked, warehouse=self._warehouse)
        runtime = str(asked["runtime"])
        place = Place(
            data=asked["data"], scratch_mb=limits.scratch_mb, scratch_files=limits.scratch_files
        )
        for _ in range(TRIES):
            kept = await self._take(runtime, place)
            try:
                made = asdict(self._made(kept))
                room = self._room(kept, limits)
                if await room.keep(reader, writer, {**order, "made": made}):
                    return
            finally:
                self._keeper.give_back(kept)
            logger.warning("a room of %s ended before it was open; opening another", runtime)
        raise Refusal(f"no room could be opened: {TRIES} times it ended before it was open")

    async def _take(self, runtime: str, place: Place) -> Kept:
        try:
            ready = self._keeper.ready(runtime, place)
            if ready is not None:
                return ready
            return await asyncio.to_thread(self._keeper.take, runtime, place)
        except ShellError as error:
            raise Refusal(str(error)) from None

    def _room(self, kept: Kept, limits: Limits) -> Connection:
        """Take a room that stands, or begin one; a container is one room, and stands itself."""
        try:
            room = (self._stock.take(kept) if kept.group is None else None) or self._make(kept)
            room.limit(limits)
        except OSError as error:
            raise Refusal(f"no control group for a room: {error}") from None
        return room

    def _make(self, kept: Kept) -> Connection:
        return Connection(kept, kept.group or (self._groups.make() if self._groups else None))

    def _made(self, kept: Kept) -> Made:
        """Say where a room is made; its warden repeats it to the caller when it has opened."""
        return Made(
            shell=self.health.shell,
            rooms=self.health.rooms_kind,
            development_only=self.health.development_only,
            runtime=kept.runtime,
            digest=kept.line.digest,
        )


def _user(writer: asyncio.StreamWriter) -> int:
    end: socket.socket = writer.get_extra_info("socket")
    packed = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(packed)[1])
