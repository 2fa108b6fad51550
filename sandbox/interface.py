"""What a sandbox promises: the contract that every shell keeps and every caller relies on."""

import enum
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import pyarrow as pa

from sandbox.agent import sessions

WARM_PYTEST: Final = sessions.WITHOUT_UNUSED
"""Words of a pytest command that leave out what gives tests nothing: rooms are ready for them."""

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""Data as the `json` module reads it."""

Value: TypeAlias = Json | bytes | pa.Table
"""What may cross a wall: JSON data, bytes, or a table. Nothing is pickled in either direction.

A list or dictionary may hold JSON only; a table stands alone as one argument or as the result.
In the room a table is a `pandas.DataFrame`. A DataFrame, Series or array that a call returns
comes back as a table (a Series or one-dimensional array as its one column, named ``value`` when
it has no name; a DataFrame's named index becomes its first columns)."""


class Network(enum.StrEnum):
    """What a room may reach."""

    NONE = "none"
    LOOPBACK = "loopback"  # the room's own 127.0.0.1, for a service and for Spark


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a room, or one step in it, may use. A step's limits lie inside its room's."""

    cpu_seconds: float = 60.0
    wall_seconds: float = 120.0
    memory_mb: int = 2048
    processes: int = 64
    scratch_mb: int = 256
    scratch_files: int = 16_384
    output_kb: int = 256
    network: Network = Network.NONE


class Stopped(enum.StrEnum):
    """Which limit ended a step; a fact of the supervisor, never a claim from inside."""

    WALL = "wall_seconds"
    CPU = "cpu_seconds"
    MEMORY = "memory_mb"
    PROCESSES = "processes"
    DISK = "scratch_mb"
    FILES = "scratch_files"
    OUTPUT = "output_kb"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a step used, measured outside the learner's processes."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended. Output is the learner's text: capped, undecoded, to be escaped."""

    exit_code: int | None  # None when a signal or a limit ended it
    signal: int | None = None
    stopped: Stopped | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    usage: Usage = field(default_factory=Usage)

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself with exit code 0."""
        return self.exit_code == 0 and self.stopped is None


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One line of a learner's traceback; `path` is relative to the project."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An exception that a call raised inside: a claim of the learner's process."""

    type: str
    message: str  # the learner's text; never shown for a hidden phase
    frames: tuple[Frame, ...] = ()  # the learner's own files only


@dataclass(frozen=True, kw_only=True)
class Returned:
    """How a call ended: one of `raised`, `stopped`, `crashed`, `rejected`, or else a `value`."""

    value: Value = None
    raised: Raised | None = None
    stopped: Stopped | None = None
    crashed: str | None = None  # the process died before it answered: "exit code 3", "SIGSEGV"
    rejected: str | None = None  # what came out broke a rule of the boundary: the rule
    stdout: bytes = b""
    stderr: bytes = b""
    usage: Usage = field(default_factory=Usage)

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return not (self.raised or self.stopped or self.crashed or self.rejected)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request to a learner's service, and when it is due: seconds after the first."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    due: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a learner's service answered to one request, timed outside its processes.

    The time runs from when the request was due, not from when it could be sent, to the last byte
    of the answer: a stall is charged for everyone who waits for it.
    """

    status: int
    headers: Mapping[str, str]  # names in lower case; of a name that stands twice, the last
    body: bytes
    seconds: float
    at: float = 0.0  # when it was due, in seconds since the service's process was started


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A request that got no answer within the caps and the time."""

    why: str  # "refused", "reset", "too-slow", or the rule of HTTP that the answer broke
    seconds: float
    at: float = 0.0


Heard: TypeAlias = Answer | Unanswered
"""What became of one request."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """Where a room was made, as its runner says: what a result is worth follows from it."""

    shell: str  # "docker" or "bubblewrap"
    rooms: str  # "nested" in the shell's namespaces, or each a "container" of its own
    development_only: bool  # no control group holds the room: its memory is only watched
    runtime: str
    digest: str  # of the runtime's tree, or the image's id


class Service(Protocol):
    """A learner's running HTTP service; a context manager that stops it.

    Every answer is read by a strict client with caps, in the room; redirects are not followed, and
    every request has a connection of its own.
    """

    @property
    def up_seconds(self) -> float:
        """How long it took from the start of the process until the port accepted a connection."""
        ...

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request. Raises ServiceDown when nothing answers within the limits."""
        ...

    def load(
        self, asks: Sequence[Ask], *, patience: float = 10.0, most_open: int = 64
    ) -> Sequence[Heard]:
        """Send each request when it is due, whatever became of those before it; hear them all.

        `patience` is how many seconds after it was due a request counts as unanswered;
        `most_open` how many connections there are at once. Raises ServiceDown when the service
        ends meanwhile, or when nothing can be heard of any.
        """
        ...

    def kill(self) -> Finished:
        """Kill it without a word, as a machine does; say how it ended."""
        ...

    def close(self) -> Finished:
        """Stop the service and say how it ended: SIGTERM, and SIGKILL two seconds later."""
        ...


class Room(Protocol):
    """One single-use room. Files live in ``/project``, which is also the working directory."""

    @property
    def made(self) -> Made:
        """Where it was made."""
        ...

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Write files, by path relative to the project. Raises ValueError for an unsafe path."""
        ...

    def run(
        self,
        *command: str,
        limits: Limits | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a command to its end. ``python`` is the runtime's interpreter, already warm."""
        ...

    def call(
        self,
        target: str,
        *args: Value,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        **kwargs: Value,
    ) -> Returned:
        """Call ``"app.model:predict"`` in the room's one warm process, which keeps its state.

        A target may reach attributes (``"app.model:Model.fit"``). `env` counts for the first
        call, which starts the process.
        """
        ...

    def serve(
        self,
        *command: str,
        port: int,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> AbstractContextManager[Service]:
        """Start an HTTP service and wait until its port answers, `within` so many seconds.

        The limits are for its whole life; without `within` it may take all of that to come up.
        Raises ServiceDown, with how it ended, when it does not come up.
        """
        ...

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Read a regular file of the project or of ``/artifacts``.

        Ends every process that still runs in the room first, follows no link and does not
        block. Raises Unreadable with the rule when it is missing, too large or not a plain file.
        """
        ...

    def files(self, folder: str, *, max_files: int, max_bytes: int) -> Mapping[str, bytes]:
        """Read a folder as `read` reads a file; keys are paths relative to the folder."""
        ...

    def close(self) -> None:
        """End the room and everything in it. Closing twice is fine."""
        ...


class Sandbox(Protocol):
    """Opens rooms."""

    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> AbstractContextManager[Room]:
        """Open a fresh room of a runtime.

        `data` names a folder of the warehouse that the room sees, read-only, at ``/data``;
        `seed` and `now` (ISO 8601, UTC) are what `simkit.seed()` and `simkit.now()` answer.
        Raises SandboxError when no room can be had.
        """
        ...


class SandboxError(Exception):
    """The sandbox itself fell down; never the learner's fault. The attempt is run again."""


class Unreadable(Exception):
    """A file in a room cannot be read under the rules; the message is the rule."""


class ServiceDown(Exception):
    """A learner's service does not answer; `finished` says how it ended, when it did."""

    def __init__(self, message: str, *, finished: Finished | None = None) -> None:
        super().__init__(message)
        self.finished = finished
