"""Runners to measure: one of our own for each kind of rooms, with an open template."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.__main__ import runner
from sandbox.client import RunnerSandbox
from sandbox.docker_shell import DockerShells
from sandbox.interface import Limits
from simulator.environment import ROOT
from tests.bench import peers, procs


@dataclass(frozen=True, kw_only=True)
class Host:
    """A running runner."""

    kind: str
    sandbox: RunnerSandbox
    roots: tuple[int, ...]  # the runner, and the shell's own first process where it is no child

    def holdings(self) -> procs.Holdings:
        """Count what it holds now."""
        return procs.holdings(*self.roots)

    def template(self) -> int:
        """Tell the template's process id, as this host counts."""
        (shell,) = self.sandbox.health()["shells"].values()
        return int(shell["template"])


@contextmanager
def host(kind: str) -> Iterator[Host]:
    """Start a runner whose shells are of a kind, and end it."""
    with runner(ROOT / ".sim", kind=kind) as socket:
        sandbox = RunnerSandbox(socket)
        with sandbox.open(runtime=peers.RUNTIME, limits=Limits()):
            pass  # the first room waits for the template's imports
        shells = tuple(int(shell["pid"]) for shell in sandbox.health()["shells"].values())
        mine = next(pid for pid in procs.tree(os.getpid()) if _listens(pid, socket))
        below = set(procs.tree(mine))
        roots = (mine, *(pid for pid in shells if pid not in below))
        yield Host(kind=kind, sandbox=sandbox, roots=roots)


def why_no_engine() -> str | None:
    """Say why Docker cannot be measured here; None when it can."""
    return DockerShells().why_not(peers.RUNTIME)


def _listens(pid: int, socket: Path) -> bool:
    try:
        return str(socket).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
