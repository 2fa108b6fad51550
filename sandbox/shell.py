"""What the runner asks of a shell, and nothing more: the seam between it and Docker or bubblewrap.

Inside a shell, whichever kind it is, the template finds

* `/runtime/bin/python`, the runtime's interpreter with its packages,
* `/runtime/code/agent` and `/runtime/code/learner`, our code (`sandbox.runtimes` lays it out),
* `/warehouse`, the datasets, read-only, and `/room`, an empty folder to mount rooms on,
* its own `/proc`, a `/dev` with null, zero, full, random and urandom, and no network,

and is started as `COMMAND` with exactly `ENVIRONMENT`, as an unprivileged user that may create
user namespaces. Nothing else runs in a shell, and nothing on the host is writable from it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.runtimes import Runtime

START = (
    "import sys; sys.path.insert(0, '/runtime/code/agent'); "
    "from sandbox.agent.switch import main; main()"
)
COMMAND = ("/runtime/bin/python", "-s", "-P", "-B", "-c", START)
ENVIRONMENT = {
    "PATH": "/runtime/bin",
    "HOME": "/tmp",  # noqa: S108 - of the room
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "1",
}


class ShellError(Exception):
    """A shell cannot be had here; one sentence says why and what to do."""


class Shell(Protocol):
    """A running shell with the template in it."""

    @property
    def pid(self) -> int:
        """The template's process id, or that of an ancestor of it, as the host counts."""
        ...

    @property
    def digest(self) -> str:
        """What it was started from: the digest of the runtime's tree, or the image's id."""
        ...

    def receive(self, size: int) -> bytes:
        """Wait for the template's next bytes, at most `size`; empty when it is gone."""
        ...

    def send(self, data: bytes) -> None:
        """Hand all these bytes to the template. Raises OSError when it is gone."""
        ...

    def kill(self) -> None:
        """End the shell and everything in it, and wait for that. Twice is fine."""
        ...

    def last_words(self) -> str:
        """What the shell wrote to its standard error: our own text, for the operator."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a shell is to be started with."""

    runtime: Runtime
    warehouse: Path  # the folder whose subfolders are datasets


class ShellKind(Protocol):
    """A way to start shells: Docker or bubblewrap."""

    name: str
    from_tree: bool  # whether it shows a tree of `sandbox.runtimes`, or brings an image of its own
    rooms: str  # "nested" or "container", as in `sandbox.interface.Made`
    rooms_why: str  # why rooms are made that way, in words for the operator

    def start(self, wish: Wish) -> Shell:
        """Start a shell. Raises ShellError."""
        ...

    def facts(self) -> dict[str, object]:
        """Tell what starts shells here, and what is to be said of it, for the health page."""
        ...

    def reap(self) -> int:
        """Remove what killed runners left, and say how much it was. Raises ShellError."""
        ...
