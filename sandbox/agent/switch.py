"""The first process of a shell: passes frames between the runner and the rooms, unread.

It is not the process that rooms are forked from: what one learner's room sent or was sent passes
through this memory, and a fork of it would carry that into the next learner's room.
"""

import json
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.agent import forkers, kernel, preloads
from sandbox.agent.caps import MAX_FRAME
from sandbox.agent.frames import BROADCAST, HEAD, FrameReader, Kind, frame

PENDING_OUT = 1024 * 1024  # above this, rooms wait until the runner has read
PENDING_IN = 256 * 1024 * 1024  # a room that lets more than this pile up is ended
PATIENCE = 3.0  # seconds that a warden has to end its room, before it is killed
FORKING_SECONDS = 10.0  # that the template may leave an order unread, before it counts as dead


@dataclass
class Line:
    """The switch's end of one room."""

    socket: socket.socket
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    kill_at: float | None = None


class Switch:
    """Moves frames. One thread, nothing blocks, and nothing that a learner wrote is looked at."""

    def __init__(self, template: socket.socket, wardens: socket.socket) -> None:
        self._template = template
        self._wardens = wardens
        self._lines: dict[int, Line] = {}
        self._out = bytearray()
        self._reader = FrameReader()
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Work until the runner goes away."""
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        for forker in (self._template, self._wardens):
            forker.settimeout(0)
        while True:
            self._say_what_to_wait_for()
            for key, events in self._selector.select(timeout=self._patience()):
                if key.fd == 0:
                    self._from_runner(os.read(0, 16 * MAX_FRAME))
                elif key.fd == 1:
                    del self._out[: os.write(1, self._out)]
                elif key.fd == self._template.fileno():
                    self._from_forker(self._template)
                elif key.fd == self._wardens.fileno():
                    self._from_forker(self._wardens)
                else:
                    self._from_room(key.data, events)
            self._lose_patience()

    def _say_what_to_wait_for(self) -> None:
        wanted = dict(self._wanted())
        for key in list(self._selector.get_map().values()):
            if (key.fd, (key.events, key.data)) not in wanted.items():
                self._selector.unregister(key.fd)
        present = {key.fd for key in self._selector.get_map().values()}
        for descriptor in wanted.keys() - present:
            events, stream = wanted[descriptor]
            self._selector.register(descriptor, events, stream)

    def _wanted(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """List descriptors, what to wait for on each, and the room it belongs to."""
        yield 0, (selectors.EVENT_READ, BROADCAST)
        for forker in (self._template, self._wardens):
            yield forker.fileno(), (selectors.EVENT_READ, BROADCAST)
        if self._out:
            yield 1, (selectors.EVENT_WRITE, BROADCAST)
        reading = 0 if len(self._out) > PENDING_OUT else selectors.EVENT_READ
        for stream, line in self._lines.items():
            events = reading | (selectors.EVENT_WRITE if line.waiting else 0)
            if events:
                yield line.socket.fileno(), (events, stream)

    def _from_runner(self, data: bytes) -> None:
        if not data:
            sys.exit(0)  # the runner is gone: the template and every room die with this process
        for kind, stream, body in self._reader.feed(data):
            if kind is Kind.OPEN:
                self._open(stream, body)
            elif kind is Kind.PING:
                self._answer()
            elif stream in self._lines:
                self._to_room(stream, kind, body)

    def _open(self, stream: int, body: bytes) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(0)
        self._lines[stream] = Line(ours)
        packet = HEAD.pack(Kind.OPEN, stream, len(body)) + body
        self._order(self._wardens, packet, theirs.fileno())
        theirs.close()

    def _answer(self) -> None:
        """Say that we are well, and have those that fork say it of themselves."""
        facts = {"who": "switch", "memory_kb": preloads.memory_kb(), "rooms": len(self._lines)}
        self._out += frame(Kind.PONG, BROADCAST, json.dumps(facts).encode())
        for forker in (self._template, self._wardens):
            self._order(forker, HEAD.pack(Kind.PING, BROADCAST, 0))

    def _order(self, forker: socket.socket, packet: bytes, *descriptors: int) -> None:
        """Give an order to who forks; one that takes none is of no use, and ends the shell."""
        forker.settimeout(FORKING_SECONDS)
        try:
            socket.send_fds(forker, [packet], descriptors)
        except OSError as error:
            sys.exit(f"the template takes no orders: {error}")
        forker.settimeout(0)

    def _to_room(self, stream: int, kind: Kind, body: bytes) -> None:
        line = self._lines[stream]
        if kind is Kind.CLOSE:
            line.kill_at = time.monotonic() + PATIENCE
            line.waiting.clear()
            line.socket.shutdown(socket.SHUT_WR)
            return
        if line.kill_at is not None:
            return
        line.waiting.append(bytes([kind]) + body)
        line.size += len(body)
        if line.size > PENDING_IN:
            self._kill(stream)

    def _from_room(self, stream: int, events: int) -> None:
        line = self._lines[stream]
        if events & selectors.EVENT_WRITE:
            self._feed(line)
        if events & selectors.EVENT_READ:
            try:
                packet = line.socket.recv(MAX_FRAME + 1)
            except BlockingIOError:
                return
            except ConnectionResetError:
                packet = b""
            if packet:
                self._out += HEAD.pack(packet[0], stream, len(packet) - 1) + packet[1:]
            else:
                self._selector.unregister(line.socket)
                line.socket.close()
                del self._lines[stream]
                self._out += frame(Kind.CLOSED, stream, b"{}")

    def _feed(self, line: Line) -> None:
        while line.waiting:
            try:
                line.socket.send(line.waiting[0])
            except BlockingIOError:
                return
            except OSError:  # the warden is gone; its end of file is next
                line.waiting.clear()
                return
            line.size -= len(line.waiting.popleft()) - 1

    def _from_forker(self, forker: socket.socket) -> None:
        """Pass on what is said: that the template is ready, and each warden's process id."""
        packet = forker.recv(MAX_FRAME)
        if not packet:
            sys.exit("the template died")
        kind, stream, _ = HEAD.unpack_from(packet)
        self._out += frame(Kind(kind), stream, packet[HEAD.size :])

    def _kill(self, stream: int) -> None:
        self._lines[stream].kill_at = None
        self._order(self._wardens, HEAD.pack(Kind.CLOSE, stream, 0))

    def _patience(self) -> float | None:
        times = [line.kill_at for line in self._lines.values() if line.kill_at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _lose_patience(self) -> None:
        now = time.monotonic()
        for stream, line in list(self._lines.items()):
            if line.kill_at is not None and line.kill_at < now:
                self._kill(stream)


def main() -> None:
    """Start who forks, then pass frames until the runner goes away."""
    template, for_template = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wardens, for_wardens = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.fork() == 0:
        template.close()
        wardens.close()
        forkers.live(for_template, for_wardens)
    for_template.close()
    for_wardens.close()
    Switch(template, wardens).run()
