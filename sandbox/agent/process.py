"""A learner's process as its warden sees it: started, fed, heard, ended, judged by facts only."""

import functools
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.agent import walls
from sandbox.agent.seat import Seat

PIECE = 64 * 1024
OURS = 16  # processes that are not the learner's, with room to spare
LISTEN_SECONDS = (
    0.02  # between two looks at what is said: each takes the processor from who says it
)
UNCOUNTED = 64  # processes above the limit, where only the watch counts: it must see them first


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one step may use; the same names as in `sandbox.interface`."""

    cpu_seconds: float
    wall_seconds: float
    memory_mb: int
    processes: int
    scratch_mb: int
    scratch_files: int
    output_kb: int
    network: str


@dataclass
class Output:
    """Our end of one of the process's outputs."""

    descriptor: int
    kept: bytearray = field(default_factory=bytearray)
    open: bool = True


@dataclass(kw_only=True)
class Process:
    """One running process and what it said. Times are the warden's own, monotonic."""

    seat: Seat
    outputs: tuple[Output, Output]  # standard output, then error
    limits: Limits
    feed: int | None = None  # our end of its standard input
    food: memoryview = field(default_factory=lambda: memoryview(b""))
    channel: int | None = None  # a worker's line for calls
    started: float = field(default_factory=time.monotonic)
    deadline: float | None = None  # none while a warm worker waits for its next call
    cpu_before: float = 0.0
    stopped: str | None = None
    status: int | None = None
    heard: int = 0
    listen_at: float = field(default_factory=lambda: time.monotonic() + LISTEN_SECONDS)

    @property
    def pid(self) -> int:
        """Its number, as the shell counts."""
        return self.seat.pid or 0

    @property
    def too_loud(self) -> bool:
        """Whether it said more than it may."""
        return self.heard > self.limits.output_kb * 1024

    def listen(self, output: Output) -> bool:
        """Take what the process has written to an output; False when there is nothing now."""
        try:
            data = os.read(output.descriptor, PIECE)
        except BlockingIOError:
            return False
        output.open = bool(data)
        # A pipe that was full is emptied at once: the process may be waiting for that.
        self.listen_at = time.monotonic() + (0 if len(data) == PIECE else LISTEN_SECONDS)
        output.kept += data[: max(0, self.limits.output_kb * 1024 - self.heard)]
        self.heard += len(data)
        return output.open

    def listeners(self) -> Iterator[tuple[int, Callable[[], object]]]:
        """Give the outputs to look at now, and what to do when one has something."""
        if self.too_loud or time.monotonic() < self.listen_at:
            return
        for output in self.outputs:
            if output.open:
                yield output.descriptor, functools.partial(self.listen, output)

    def drain(self) -> None:
        """Take what is still in the pipes, without waiting."""
        for output in self.outputs:
            while output.open and not self.too_loud and self.listen(output):
                continue

    def give(self) -> None:
        """Feed standard input as far as the process takes it."""
        if self.feed is None:
            return
        try:
            self.food = self.food[os.write(self.feed, self.food[:PIECE]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.food = memoryview(b"")
        if not self.food:
            os.close(self.feed)
            self.feed = None

    def take_said(self) -> tuple[bytes, bytes]:
        """Take what was said since the last time: standard output and error."""
        out, error = (bytes(output.kept) for output in self.outputs)
        for output in self.outputs:
            output.kept.clear()
        self.heard = 0
        return out, error

    def close(self) -> None:
        """Let go of every descriptor of a process that has ended."""
        ends = [output.descriptor for output in self.outputs]
        for descriptor in (self.feed, self.channel, *ends):
            if descriptor is not None:
                os.close(descriptor)
        self.seat.leave()


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a seated process is to be: a command, or else the room's warm worker."""

    limits: Limits
    cage: Mapping[str, Any]  # as `confine.prepare` takes it
    environment: Mapping[str, str]
    controlled: bool  # whether a control group counts what it refuses
    stdin: bytes = b""
    command: Sequence[str] | None = None


def start(what: Start, seat: Seat) -> Process:
    """Have a seated process give up all rights, and be the learner's."""
    out, error = os.pipe(), os.pipe()
    feed = os.pipe() if what.stdin else None
    line = None if what.command else socket.socketpair()
    theirs = [out[1], error[1]]
    if feed:
        theirs.append(feed[0])
    channel = None
    if line:
        channel = line[0].detach()
        theirs.append(line[1].detach())
    seat.become(_words(what), theirs)
    for descriptor in theirs:
        os.close(descriptor)
    for ours in (out[0], error[0], feed[1] if feed else None, channel):
        if ours is not None:
            os.set_blocking(ours, False)
    return Process(
        seat=seat,
        outputs=(Output(out[0]), Output(error[0])),
        limits=what.limits,
        feed=feed[1] if feed else None,
        food=memoryview(what.stdin),
        channel=channel,
    )


def _words(what: Start) -> dict[str, Any]:
    return {
        "environment": dict(what.environment),
        "cage": what.cage,
        "limits": {
            "cpu_seconds": what.limits.cpu_seconds,
            "processes": _kernels_limit(what),
            "file_bytes": what.limits.scratch_mb * 1024 * 1024 + walls.SLACK,
        },
        "command": what.command,
        "fed": bool(what.stdin),
    }


def _kernels_limit(what: Start) -> int:
    """The last wall against forks; whoever counts refusals must come to its own limit before.

    A control group counts what it refuses. A fork is counted here before the group is asked, and
    all processes of the room may be in the middle of one: twice as many must fit. Without a group
    the watch kills what is too many; the kernel's limit lies so high that it sees it in time.
    """
    limit = what.limits.processes
    return 2 * limit + OURS if what.controlled else limit + UNCOUNTED


def ending(status: int) -> tuple[int | None, int | None]:
    """Split a wait status in exit code and signal."""
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    return os.WEXITSTATUS(status), None


def name_of(number: int) -> str:
    """Name a signal as people do."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
