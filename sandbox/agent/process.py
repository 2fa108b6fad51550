"""A learner's process as its warden sees it: started, fed, heard, ended, judged by facts only."""

import functools
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.agent import confine, learner, walls
from sandbox.agent.confine import Cage

PIECE = 64 * 1024
OUR_FAILURE = 70  # the exit code when the walls could not be put up
OURS = 16  # processes that are not the learner's, with room to spare
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

    pid: int
    handle: int  # a descriptor that is readable once the process has ended
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
        output.kept += data[: max(0, self.limits.output_kb * 1024 - self.heard)]
        self.heard += len(data)
        return output.open

    def listeners(self) -> Iterator[Callable[[], object]]:
        """Give, for each output, what to do when it has something to say."""
        for output in self.outputs:
            yield functools.partial(self.listen, output)

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
        for descriptor in (self.handle, self.feed, self.channel, *ends):
            if descriptor is not None:
                os.close(descriptor)


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a process is to be started."""

    limits: Limits
    cage: Cage
    environment: Mapping[str, str]
    controlled: bool  # whether a control group counts what it refuses
    stdin: bytes = b""
    channel: tuple[int, int] | None = None  # a worker's line: our end, its end


def start(what: Start, body: Callable[[], int]) -> Process:
    """Fork a process that gives up all rights and then does the body."""
    feed = os.pipe() if what.stdin else None
    out, error = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        source = feed[0] if feed else os.open("/dev/null", os.O_RDONLY)
        _live(what, body, standard=(source, out[1], error[1]))
    channel = what.channel[0] if what.channel else None
    theirs = [out[1], error[1], feed[0] if feed else None, what.channel and what.channel[1]]
    for descriptor in theirs:
        if descriptor is not None:
            os.close(descriptor)
    for descriptor in (out[0], error[0], feed[1] if feed else None, channel):
        if descriptor is not None:
            os.set_blocking(descriptor, False)
    return Process(
        pid=pid,
        handle=os.pidfd_open(pid),
        outputs=(Output(out[0]), Output(error[0])),
        limits=what.limits,
        feed=feed[1] if feed else None,
        food=memoryview(what.stdin),
        channel=channel,
    )


def _live(what: Start, body: Callable[[], int], *, standard: tuple[int, int, int]) -> None:
    """Be the new process, to its end. What follows `close_all_but` is the learner's."""
    code = OUR_FAILURE
    try:
        os.setsid()
        learner.become(what.environment, standard=standard)
        confine.enter(
            what.cage,
            cpu_seconds=what.limits.cpu_seconds,
            processes=_kernels_limit(what),
            file_bytes=what.limits.scratch_mb * 1024 * 1024 + walls.SLACK,
        )
        confine.close_all_but(*(what.channel[1:] if what.channel else ()))
        code = body()
    finally:
        os._exit(code)


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
