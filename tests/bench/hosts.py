"""Runners to measure: one of our own for each kind of rooms, with an open template."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.workshop.workbench import runner
from sandbox.client import RunnerSandbox
from sandbox.docker_shell import DockerShells
from sandbox.interface import Limits
from simulator.environment import ROOT
from tests.bench import peers, procs

STEADY_SECONDS = 2.0
OWNER = "sim.owner"  # the label that says who holds a container: process id first


@dataclass(frozen=True, kw_only=True)
class Host:
    """A running runner."""

    kind: str  # "bubblewrap", "docker" or "container"
    sandbox: RunnerSandbox
    runner: int  # its process id

    def roots(self) -> tuple[int, ...]:
        """Tell the runner's process, and the first one in each container that it holds."""
        return (self.runner, *filter(None, map(_first_process, self.containers())))

    def containers(self) -> list[str]:
        """List the containers that the runner holds, running or not."""
        if self.kind == "bubblewrap":
            return []
        form = f'--format={{{{.Names}}}} {{{{.Label "{OWNER}"}}}}'
        words = ["docker", "ps", "--all", f"--filter=label={OWNER}", form]
        told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        listed = [line.split() for line in told.splitlines()]
        return [name for name, owner in listed if owner.startswith(f"{self.runner}:")]

    def holdings(self) -> procs.Holdings:
        """Count what it holds now."""
        return procs.holdings(*self.roots())

    def template(self) -> int:
        """Tell the template's process id, as this host counts."""
        (shell,) = self.sandbox.health()["shells"].values()
        return int(shell["template"])

    def refill(self) -> None:
        """Wait until the rooms stand again that are opened ahead: they cost, too."""
        while not self.sandbox.health()["ahead"]["full"]:
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until nothing starts or ends any more: a pool of containers refills itself."""
        before = None
        while (now := (self.containers(), len(procs.tree(self.runner)))) != before:
            before = now
            time.sleep(STEADY_SECONDS)


@contextmanager
def host(kind: str) -> Iterator[Host]:
    """Start a runner whose rooms are of a kind, and end it."""
    shell = "bubblewrap" if kind == "bubblewrap" else "docker"
    rooms = "container" if kind == "container" else "nested"
    with runner(ROOT / ".sim", kind=shell, rooms=rooms) as socket:
        sandbox = RunnerSandbox(socket)
        with sandbox.open(runtime=peers.RUNTIME, limits=Limits()):
            pass  # the first room waits for the template's imports
        mine = next(pid for pid in procs.tree(os.getpid()) if _listens(pid, socket))
        yield Host(kind=kind, sandbox=sandbox, runner=mine)


def why_no_engine() -> str | None:
    """Say why Docker cannot be measured here; None when it can."""
    return DockerShells().why_not(peers.RUNTIME)


def _listens(pid: int, socket: Path) -> bool:
    try:
        return str(socket).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _first_process(container: str) -> int:
    """Tell its process id as this host counts; 0 for one that has ended."""
    words = ["docker", "inspect", "--format={{.State.Pid}}", container]
    told = subprocess.run(words, check=False, capture_output=True).stdout
    return int(told.strip() or 0)
