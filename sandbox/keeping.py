"""Keeps each runtime's template up: starts it, asks how it is, replaces it when it dies or ages.

A template that has aged is *drained*: a fresh one is started first, the old one gets no new rooms,
its open rooms go on, and it is ended when the last of them is closed.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sandbox.building import Builder
from sandbox.cgroups import Group
from sandbox.channel import ANSWERS, Line, TemplateDied
from sandbox.hostside import NotFound, find_process
from sandbox.shell import Shell, ShellError, ShellKind, Wish
from sandbox.shells import explain

logger = logging.getLogger(__name__)

READY_SECONDS = 120.0
PING_SECONDS = 20.0  # generous: a host may be busy, and a silent template loses its rooms
TRIES = 3
LOOKS = 3  # growth is told by the least of so many looks: a large file on its way is no growth


@dataclass(frozen=True, kw_only=True)
class Age:
    """When a template is old.

    Every room of a template has its memory layout, which an attacker may learn bit by bit, so it
    is drawn anew every few hours. A fresh one costs about a second of processor time, which is
    under one per cent of what so many rooms cost. Its memory does not grow by rooms (measured over
    thousands), so growth is a leak of ours, and ended before it is felt.
    """

    rooms: int = 5000
    seconds: float = 6 * 3600
    growth_mb: int = 64


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a room that is a container must be made with; where rooms nest, it is said later."""

    data: str | None
    scratch_mb: int
    scratch_files: int


@dataclass(kw_only=True, eq=False)
class Kept:
    """A template, and what it has been through."""

    runtime: str
    line: Line
    template: int | None = None  # process ids, as this host counts
    wardens: int | None = None  # the process that they are forked from
    born: float = field(default_factory=time.monotonic)
    group: Group | None = None  # where the room has one already
    rooms: int = 0  # open now
    opened: int = 0  # ever
    pong: dict[str, Any] = field(default_factory=dict)
    least_kb: int = 0  # what its shell used when it was new
    looks: deque[int] = field(default_factory=lambda: deque(maxlen=LOOKS))

    def look(self) -> None:
        """Ask switch and template how they are. Raises TemplateDied."""
        self.pong = self.line.ping(PING_SECONDS)
        self.looks.append(sum(self.pong[who]["memory_kb"] for who in ANSWERS))
        self.least_kb = self.least_kb or self.looks[0]

    def why_old(self, most: Age) -> str | None:
        """Say why it is to be replaced; None when it need not be."""
        if self.opened >= most.rooms:
            return f"it has forked {self.opened} rooms"
        if time.monotonic() - self.born >= most.seconds:
            return f"it is {most.seconds / 3600:.1f} hours old"
        grown = (min(self.looks) - self.least_kb) // 1024 if len(self.looks) == LOOKS else 0
        return f"it has grown by {grown} MB" if grown >= most.growth_mb else None

    def facts(self) -> dict[str, Any]:
        """Tell of it, for the health page."""
        age = round(time.monotonic() - self.born, 1)
        told: dict[str, Any] = {"age_seconds": age, "rooms": self.rooms, "opened": self.opened}
        told |= {"pid": self.line.pid, "template": self.template, "wardens": self.wardens}
        return {**self.line.facts, **told, "ping": self.pong}


class Keeper(Protocol):
    """Who has rooms: templates that fork them, or warm containers that become them."""

    @property
    def kind(self) -> ShellKind:
        """How shells are made."""
        ...

    def ready(self, runtime: str, place: Place, /) -> Kept | None:
        """Take one for a room, if it is up. It is to be given back."""
        ...

    def take(self, runtime: str, place: Place, /) -> Kept:
        """Take one for a room; waits while it starts. Raises ShellError."""
        ...

    def give_back(self, kept: Kept, /) -> None:
        """Say that the room is closed."""
        ...

    def start(self, runtime: str, /) -> None:
        """Be ready for rooms of a runtime; waits for that. Raises ShellError."""
        ...

    def tend(self) -> None:
        """Look after what is up. May wait."""
        ...

    def facts(self) -> dict[str, Any]:
        """Tell what is up, for the health page."""
        ...

    def prepare(self, runtime: str, /) -> dict[str, Any]:
        """Begin what the first room of a runtime would wait for; tell how far it is."""
        ...

    def kill(self) -> None:
        """End everything, for good; waits for that."""
        ...


class Shells:
    """The shells of this host, one a runtime, and old ones that are drained.

    Everything may be called from any thread; what may wait says so.
    """

    def __init__(
        self, kind: ShellKind, *, home: Path, warehouse: Path, most: Age | None = None
    ) -> None:
        self.kind = kind
        self._warehouse = warehouse
        self._most = most or Age()
        self.builder = Builder(home)
        self._kept: dict[str, Kept] = {}
        self._drained: list[Kept] = []
        self._coming: set[Line] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._starting: dict[str, threading.Lock] = {}

    def ready(self, runtime: str, _: Place | None = None) -> Kept | None:
        """Take a template for one room, if it is up. It is to be given back."""
        with self._lock:
            kept = self._kept.get(runtime)
            if kept is None or not kept.line.alive:
                return None
            kept.rooms += 1
            kept.opened += 1
            return kept

    def take(self, runtime: str, _: Place | None = None) -> Kept:
        """Take a template for one room; waits while it starts. Raises ShellError."""
        for _again in range(TRIES):
            self.start(runtime)
            taken = self.ready(runtime)
            if taken is not None:
                return taken
        raise ShellError(f"the template of {runtime} dies as soon as it is up")

    def give_back(self, kept: Kept) -> None:
        """Say that the room is closed."""
        with self._lock:
            kept.rooms -= 1

    def start(self, runtime: str) -> None:
        """Have a runtime's template up; waits while it starts. Raises ShellError."""
        with self._lock:
            starting = self._starting.setdefault(runtime, threading.Lock())
        with starting:  # many callers may find the same shell dead: one replaces it
            old = self._kept.get(runtime)
            if old is None or not old.line.alive:
                self._replace(runtime)

    def tend(self) -> None:
        """Look after every template. Waits for their answers, and while fresh ones start."""
        for kept in list(self._kept.values()):
            try:
                self._tend(kept)
            except ShellError as error:
                logger.warning("the template of %s has no successor: %s", kept.runtime, error)
        self._end_the_drained()

    def facts(self) -> dict[str, Any]:
        """Tell which shells are up, for the health page."""
        with self._lock:
            up = [kept for kept in self._kept.values() if kept.line.alive]
            drained = [kept.runtime for kept in self._drained]
        return {
            kept.runtime: {**kept.facts(), "drained": drained.count(kept.runtime)} for kept in up
        }

    def prepare(self, runtime: str) -> dict[str, Any]:
        """Begin to build a runtime that is missing here; tell how far it is."""
        return self.builder.prepare(runtime, needed=self.kind.from_tree)

    def kill(self) -> None:
        """End every shell, for good; waits for that."""
        with self._lock:
            self._closed = True
            lines = [kept.line for kept in (*self._kept.values(), *self._drained)]
            lines += self._coming
        for line in lines:
            line.kill()

    def _tend(self, kept: Kept) -> None:
        if kept.line.alive:
            try:
                kept.look()
            except TemplateDied:
                logger.warning("the template of %s does not answer; ending it", kept.runtime)
                kept.line.kill()
        if not kept.line.alive:
            self.start(kept.runtime)
            return
        why = kept.why_old(self._most)
        if why:
            logger.info("replacing the template of %s: %s", kept.runtime, why)
            self._replace(kept.runtime)

    def _replace(self, runtime: str) -> None:
        """Start a fresh template; only then does the old one get no more rooms."""
        line = self._start(runtime)
        fresh = Kept(
            runtime=runtime,
            line=line,
            template=_told(line, "pid"),
            wardens=_told(line, "wardens"),
        )
        with self._lock:
            old = self._kept.get(runtime)
            self._kept[runtime] = fresh
            if old is not None and old.line.alive:
                self._drained.append(old)
                return
        if old is not None:
            logger.warning("the shell of %s died: %s", runtime, old.line.last_words())
            old.line.kill()

    def _end_the_drained(self) -> None:
        with self._lock:
            done = [kept for kept in self._drained if not kept.rooms or not kept.line.alive]
            self._drained = [kept for kept in self._drained if kept not in done]
        for kept in done:
            kept.line.kill()

    def _start(self, runtime: str) -> Line:
        line = self._come(self.kind.start(self._wish(runtime)))
        try:
            line.wait_until_ready(READY_SECONDS)
        except TemplateDied:
            line.kill()
            raise ShellError(explain(line.last_words())) from None
        finally:
            with self._lock:
                self._coming.discard(line)
        return line

    def _come(self, shell: Shell) -> Line:
        line = Line(shell)
        with self._lock:
            closed = self._closed
            if not closed:
                self._coming.add(line)
        if closed:
            line.kill()
            raise ShellError("the runner is stopping")
        return line

    def _wish(self, runtime: str) -> Wish:
        found = self.builder.find(runtime, needed=self.kind.from_tree)
        return Wish(runtime=found, warehouse=self._warehouse)


def _told(line: Line, who: str) -> int | None:
    """Find a process that a shell has told of; None where a shell hides it."""
    try:
        return find_process(line.pid, inside=int(line.facts[who]))
    except (NotFound, KeyError) as error:
        logger.debug("%s of a shell is not to be found: %s", who, error)
        return None
