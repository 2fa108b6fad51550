"""Keeps containers warm that each become one room, and ends each after its room.

A container is made for one dataset and one size of scratch, which cannot change later. What was
asked for last is kept warm for the next; what was not asked for longest gives way.
"""

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sandbox import runtimes
from sandbox.attached import Attached
from sandbox.building import Builder
from sandbox.channel import Line, TemplateDied
from sandbox.container_group import ContainerGroup
from sandbox.container_rooms import ContainerRooms, RoomWish
from sandbox.interface import Limits
from sandbox.keeping import READY_SECONDS, Kept, Place
from sandbox.shell import ShellError
from sandbox.shells import explain

logger = logging.getLogger(__name__)

EACH = 2  # kept warm of what was asked for
MOST = 4  # warm in all, on this host: each holds about as much memory as a template
OLD_SECONDS = 3600.0
WORKERS = 2  # starting and ending, beside what callers wait for


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a container is made for."""

    runtime: str
    place: Place


class Pool:
    """The warm containers of this host. Everything may be called from any thread."""

    def __init__(self, kind: ContainerRooms, *, home: Path, warehouse: Path) -> None:
        self.kind = kind
        self._home = home
        self._warehouse = warehouse
        self._idle: OrderedDict[Key, list[Kept]] = OrderedDict()  # asked for last: last
        self._coming: dict[Key, int] = {}
        self._waiting: dict[Key, int] = {}
        self._lines: set[Line] = set()  # all that are up: in use, idle, or starting
        self._opened = 0
        self._closed = False
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="pool")

    def ready(self, runtime: str, place: Place) -> Kept | None:
        """Take a warm container for one room, if there is one. It is to be given back."""
        key = Key(runtime=runtime, place=place)
        with self._lock:
            idle = self._idle.get(key, [])
            found = None
            while idle and found is None:
                kept = idle.pop(0)
                found = kept if kept.line.alive else None
            if found is not None:
                self._use(found)
        if found is not None:
            self._refill(key)
        return found

    def take(self, runtime: str, place: Place) -> Kept:
        """Take a container for one room; waits while it starts. Raises ShellError."""
        key = Key(runtime=runtime, place=place)
        self._wait_for_who_comes(key)
        kept = self.ready(runtime, place)
        if kept is not None:
            return kept
        kept = self._start(key)
        with self._lock:
            self._use(kept)
        self._refill(key)
        return kept

    def give_back(self, kept: Kept) -> None:
        """Say that the room is closed: its container ends."""
        kept.rooms = 0
        self._do(partial(self._end, kept.line))

    def start(self, runtime: str) -> None:
        """Have a container warm for a room of no dataset; waits for it. Raises ShellError."""
        limits = Limits()
        place = Place(data=None, scratch_mb=limits.scratch_mb, scratch_files=limits.scratch_files)
        key = Key(runtime=runtime, place=place)
        with self._lock:
            warm = any(kept.line.alive for kept in self._idle.get(key, []))
        if not warm:
            self._keep_warm(key, self._start(key))

    def tend(self) -> None:
        """Look after the warm ones: the dead, the silent and the old are replaced."""
        with self._lock:
            listed = [(key, kept) for key, idle in self._idle.items() for kept in idle]
        for key, kept in listed:
            if self._is_well(kept):
                continue
            with self._lock:
                idle = self._idle.get(key, [])
                mine = kept in idle
                if mine:
                    idle.remove(kept)
            if mine:
                self._do(partial(self._end, kept.line))
                self._refill(key)

    def facts(self) -> dict[str, Any]:
        """Tell which containers are warm, for the health page."""
        with self._lock:
            listed = [kept for idle in self._idle.values() for kept in idle if kept.line.alive]
            opened = self._opened
        told: dict[str, Any] = {}
        for kept in listed:
            here = told.setdefault(kept.runtime, {**kept.facts(), "warm": 0})
            here["warm"] += 1
            here["opened"] = opened
        return told

    def prepare(self, runtime: str) -> dict[str, Any]:
        """Tell that there is nothing to begin: the operator builds images."""
        return Builder(self._home).prepare(runtime, needed=False)

    def kill(self) -> None:
        """End every container, for good; waits for that."""
        with self._lock:
            self._closed = True
            lines = list(self._lines)
            self._idle.clear()
        with ThreadPoolExecutor(8) as enders:
            list(enders.map(self._end, lines))
        self._workers.shutdown(cancel_futures=True)

    # ---- starting and ending

    def _wait_for_who_comes(self, key: Key) -> None:
        """Wait while a container is starting that nobody else waits for."""
        with self._news:
            waiting = self._waiting.get(key, 0)
            if self._coming.get(key, 0) <= waiting:
                return
            self._waiting[key] = waiting + 1
            try:
                self._news.wait_for(
                    lambda: self._idle.get(key) or not self._coming.get(key) or self._closed,
                    timeout=READY_SECONDS,
                )
            finally:
                self._waiting[key] -= 1

    def _use(self, kept: Kept) -> None:
        kept.rooms, kept.opened = 1, 1
        self._opened += 1

    def _is_well(self, kept: Kept) -> bool:
        try:
            kept.look()
        except TemplateDied:
            logger.warning("a warm container of %s does not answer; ending it", kept.runtime)
            return False
        return time.monotonic() - kept.born < OLD_SECONDS

    def _refill(self, key: Key) -> None:
        """Start what is missing, in the background, and let what is too much give way."""
        with self._lock:
            if self._closed:
                return
            self._idle.setdefault(key, [])
            self._idle.move_to_end(key)
            missing = EACH - len(self._idle[key]) - self._coming.get(key, 0)
            self._coming[key] = self._coming.get(key, 0) + max(0, missing)
        for _ in range(missing):
            self._do(partial(self._start_warm, key))

    def _start_warm(self, key: Key) -> None:
        try:
            self._keep_warm(key, self._start(key))
        except ShellError as error:
            if not self._closed:
                logger.warning("no warm container of %s: %s", key.runtime, error)
        finally:
            with self._news:
                self._coming[key] -= 1
                self._news.notify_all()

    def _keep_warm(self, key: Key, kept: Kept) -> None:
        with self._lock:
            if self._closed:
                return  # whoever closed it ends this line, too
            self._idle.setdefault(key, []).append(kept)
            self._news.notify_all()
            spare = self._too_many()
        for each in spare:
            self._do(partial(self._end, each.line))

    def _too_many(self) -> list[Kept]:
        """Take out what gives way: of what was asked for longest ago, then of what is most."""
        spare = []
        while sum(map(len, self._idle.values())) > MOST:
            first = next(key for key, idle in self._idle.items() if idle)
            spare.append(self._idle[first].pop(0))
        for key in [key for key, idle in self._idle.items() if not idle][:-MOST]:
            del self._idle[key]
        return spare

    def _start(self, key: Key) -> Kept:
        container, line = self._come(key)
        try:
            line.wait_until_ready(READY_SECONDS)
            group = ContainerGroup(container)
        except (TemplateDied, OSError):
            self._end(line)
            raise ShellError(explain(line.last_words())) from None
        return Kept(runtime=key.runtime, line=line, group=group)

    def _come(self, key: Key) -> tuple[Attached, Line]:
        try:
            runtime = runtimes.describe(key.runtime, home=self._home)
        except runtimes.RuntimeMissing as missing:
            raise ShellError(str(missing)) from None
        place = key.place
        container = self.kind.start(
            RoomWish(
                runtime=runtime,
                warehouse=self._warehouse,
                data=place.data,
                scratch_mb=place.scratch_mb,
                scratch_files=place.scratch_files,
            )
        )
        line = Line(container)
        with self._lock:
            closed = self._closed
            self._lines.add(line)
        if closed:
            self._end(line)
            raise ShellError("the runner is stopping")
        return container, line

    def _end(self, line: Line) -> None:
        line.kill()
        with self._lock:
            self._lines.discard(line)

    def _do(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # closed: then all lines are ended at once
            self._workers.submit(work).add_done_callback(_complain)


def _complain(done: Future[None]) -> None:
    if not done.cancelled() and done.exception():
        logger.error("the pool: %r", done.exception())
