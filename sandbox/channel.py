"""The runner's way to one shell's template: frames over its standard input and output."""

import itertools
import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.agent.frames import BROADCAST, FrameReader, Kind, Violation, frame
from sandbox.shell import Shell

PIECE = 64 * 1024
DYING_SECONDS = 10.0
ANSWERS = ("switch", "wardens", "template")  # who answers a ping

Hear = Callable[[Kind, bytes], None]


class TemplateDied(Exception):
    """The template is gone, or as good as gone, and every room with it."""


class Line:
    """Carries frames for many rooms.

    Every callback is called on the line's own reading thread, and what is sent is written by
    another: a shell that takes nothing any more holds up nobody.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._streams: dict[int, Hear] = {}
        self._numbers = itertools.count(BROADCAST + 1)
        self._ready: queue.Queue[bytes | None] = queue.Queue()
        self._pongs: queue.Queue[bytes | None] = queue.Queue()
        self._lock = threading.Lock()
        self._unsent: deque[bytes] = deque()
        self._waiting = threading.Condition()
        self.backlog = 0  # bytes that the shell has not taken yet
        self.alive = True
        self.facts: dict[str, Any] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._reader.start()
        self._writer.start()

    @property
    def pid(self) -> int:
        """The process id of the template or of an ancestor of it, as this host counts."""
        return self._shell.pid

    @property
    def digest(self) -> str:
        """What the shell was started from."""
        return self._shell.digest

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until the template's imports are done. Raises TemplateDied."""
        try:
            told = self._ready.get(timeout=seconds)
        except queue.Empty:
            told = None
        if told is None:
            raise TemplateDied
        self.facts = json.loads(told)

    def ping(self, seconds: float) -> dict[str, Any]:
        """Have those of ours in the shell say that they are well. Raises TemplateDied.

        One at a time.

        What they say is told by who says it, and in how many milliseconds both had: `ms`.
        """
        while not self._pongs.empty():  # an answer that came too late for the last one who asked
            self._pongs.get_nowait()
        started = time.monotonic()
        self.send(Kind.PING, BROADCAST, b"")
        heard: dict[str, Any] = {}
        while not all(who in heard for who in ANSWERS):
            left = started + seconds - time.monotonic()
            try:
                told = self._pongs.get(timeout=max(0.0, left)) if self.alive else None
            except queue.Empty:
                told = None
            if told is None:
                raise TemplateDied
            facts = json.loads(told)
            heard[facts.pop("who")] = facts
        return {**heard, "ms": round(1000 * (time.monotonic() - started), 1)}

    def open(self, order: Mapping[str, object], hear: Hear) -> int:
        """Have a room forked; what comes from it goes to `hear`, CLOSED last."""
        with self._lock:
            stream = next(self._numbers)
            alive = self.alive
            if alive:
                self._streams[stream] = hear
        if alive:
            self.send(Kind.OPEN, stream, json.dumps(order).encode())
        else:
            hear(Kind.CLOSED, b"{}")
        return stream

    def send(self, kind: Kind, stream: int, body: bytes) -> None:
        """Send a frame to a room, without waiting. When the template is gone, CLOSED is heard."""
        data = frame(kind, stream, body)
        with self._waiting:
            self._unsent.append(data)
            self.backlog += len(data)
            self._waiting.notify()

    def kill(self) -> None:
        """End the shell, the template and every room."""
        self._shell.kill()
        self._reader.join(DYING_SECONDS)
        self._writer.join(DYING_SECONDS)

    def last_words(self) -> str:
        """What the shell wrote to its standard error."""
        return self._shell.last_words()

    def _write(self) -> None:
        while True:
            with self._waiting:
                self._waiting.wait_for(lambda: self._unsent or not self.alive)
                if not self.alive:
                    return
                data = b"".join(self._unsent)
                self._unsent.clear()
            try:
                self._shell.send(data)
            except (OSError, ValueError):  # ValueError: closed meanwhile
                self._end()
                return
            with self._waiting:
                self.backlog -= len(data)

    def _read(self) -> None:
        frames = FrameReader()
        try:
            while data := self._shell.receive(PIECE):
                for kind, stream, body in frames.feed(data):
                    self._deliver(kind, stream, body)
        except (OSError, Violation):
            self._shell.kill()
        self._end()

    def _deliver(self, kind: Kind, stream: int, body: bytes) -> None:
        if kind is Kind.READY:
            self._ready.put(body)
            return
        if kind is Kind.PONG:
            self._pongs.put(body)
            return
        hear = self._streams.get(stream)
        if hear is not None:
            if kind is Kind.CLOSED:
                del self._streams[stream]
            hear(kind, body)
        elif kind is not Kind.CONTROL:  # which the template may still send for a room that is gone
            raise Violation(f"a frame for room {stream}, which is not open")

    def _end(self) -> None:
        with self._lock:
            self.alive = False
            left = list(self._streams.values())
            self._streams.clear()
        for mailbox in (self._ready, self._pongs):
            mailbox.put(None)
        with self._waiting:
            self._unsent.clear()
            self._waiting.notify_all()
        for hear in left:
            hear(Kind.CLOSED, b"{}")
