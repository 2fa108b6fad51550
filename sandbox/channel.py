"""The runner's way to one shell's template: frames over its standard input and output."""

import itertools
import json
import queue
import threading
from collections.abc import Callable

from sandbox.agent.frames import BROADCAST, FrameReader, Kind, Violation, frame
from sandbox.shell import Shell

PIECE = 256 * 1024
DYING_SECONDS = 10.0

Hear = Callable[[Kind, bytes], None]


class TemplateDied(Exception):
    """The template is gone, and every room with it."""


class Line:
    """Carries frames for many rooms. Every callback is called on the line's own reading thread."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._streams: dict[int, Hear] = {}
        self._numbers = itertools.count(BROADCAST + 1)
        self._ready: queue.Queue[bytes | None] = queue.Queue()
        self._lock = threading.Lock()
        self.alive = True
        self.facts: dict[str, object] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

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

    def open(self, order: dict[str, object], hear: Hear) -> int:
        """Have a room forked; what comes from it goes to `hear`, CLOSED last."""
        stream = next(self._numbers)
        self._streams[stream] = hear
        self.send(Kind.OPEN, stream, json.dumps(order).encode())
        return stream

    def send(self, kind: Kind, stream: int, body: bytes) -> None:
        """Send a frame to a room. When the template is gone, CLOSED is heard instead."""
        try:
            with self._lock:
                self._shell.send(frame(kind, stream, body))
        except OSError:
            self._end()

    def kill(self) -> None:
        """End the shell, the template and every room."""
        self._shell.kill()
        self._reader.join(DYING_SECONDS)

    def last_words(self) -> str:
        """What the shell wrote to its standard error."""
        return self._shell.last_words()

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
        if stream not in self._streams:
            raise Violation(f"a frame for room {stream}, which is not open")
        hear = self._streams[stream]
        if kind is Kind.CLOSED:
            del self._streams[stream]
        hear(kind, body)

    def _end(self) -> None:
        self.alive = False
        self._ready.put(None)
        while self._streams:
            _, hear = self._streams.popitem()
            hear(Kind.CLOSED, b"{}")
