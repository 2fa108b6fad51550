"""What a site's rooms leave on the host, counted from outside: I2 and the memory of I6."""

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import docker

from sandbox.pool import EACH, MOST, WORKERS
from tests.sandbox.containers import held_by

WARM: Final = MOST + EACH + 2 * WORKERS  # containers that may be warm, or on their way
NAMESPACES: Final = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Everything countable of a site that does nothing.

    Where each room has a container of its own, how many are warm varies: then what is in one is
    counted, and of the containers only those that are more than may ever be warm or starting.
    """

    site: int  # processes of web, worker, broker and the like
    rooms: float  # processes of the runner and below it, in containers, too
    groups: int
    containers: int
    mounts: float
    namespaces: float
    scratch: tuple[str, ...]

    def above(self, idle: "Traces") -> str:
        """What differs, in words; empty when nothing does.

        Fewer mounts are nobody's trace: a shell's own copy of the host's mounts loses those whose
        folders others remove.
        """
        mine, other = vars(self), vars(idle)
        differ = [key for key in mine if mine[key] != other[key]]
        if self.mounts < idle.mounts:
            differ.remove("mounts")
        return ", ".join(f"{key} {mine[key]}, idle {other[key]}" for key in differ)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Proportional set sizes, in MB."""

    worker: float
    runner: float
    shells: float


class Watcher:
    """Looks at one site's processes."""

    def __init__(self, site: int, *, home: Path, scratch: Path, kind: str) -> None:
        self._site = site
        self._pooled = kind == "container"
        self._scratch = scratch
        self._names = (str(scratch), str(home))
        self._engine = None if kind == "bubblewrap" else docker.from_env(timeout=30)
        self.runner = self._find("sandbox.runner")

    def roots(self) -> list[int]:
        """The processes below which all rooms are, also those of a runner that stands in."""
        return [os.getpid(), *self._containers()]

    def look(self) -> Traces:
        """Count."""
        inits = self._containers()
        shells = descendants(inits) if self._pooled else descendants([self.runner, *inits])
        each = max(1, len(inits)) if self._pooled else 1
        return Traces(
            site=len(descendants([self._site])) - len(descendants([self.runner])),
            rooms=len(shells) / each,
            groups=_groups(self.runner),
            containers=max(0, len(inits) - WARM) if self._pooled else len(inits),
            mounts=_mounts(shells, mine=self._names) / each,
            namespaces=len({name for pid in shells for name in _namespaces(pid)}) / each,
            scratch=tuple(sorted(path.name for path in self._scratch.iterdir())),
        )

    def weigh(self) -> Memory:
        """Sum up memory."""
        inits = self._containers()
        worker = descendants([self._find("celery")])
        shells = set(descendants([self.runner, *inits])) - {self.runner}
        return Memory(
            worker=sum(map(_megabytes, worker)),
            runner=_megabytes(self.runner),
            shells=sum(map(_megabytes, shells)) / (max(1, len(inits)) if self._pooled else 1),
        )

    def busy(self, *, seconds: float = 0.5) -> float:
        """How many processors all of the site uses, rooms included, while it is left alone."""
        roots = [self._site, self.runner, *self._containers()]
        before = _processor_seconds(roots)
        time.sleep(seconds)
        return max(0.0, _processor_seconds(roots) - before) / seconds

    def _containers(self) -> list[int]:
        if self._engine is None:
            return []
        held = held_by(self._engine, self.runner)
        return [int(each.attrs["State"]["Pid"]) for each in held if each.attrs["State"]["Pid"]]

    def _find(self, word: str) -> int:
        for pid in descendants([self._site]):
            with contextlib.suppress(OSError):
                if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                    return pid
        raise LookupError(f"the site has no process {word}")


def descendants(roots: Iterable[int]) -> list[int]:
    """These processes and all below them that still are."""
    waiting, found = [*roots], []
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # gone meanwhile
                waiting += [int(word) for word in children.read_text().split()]
    return found


def _groups(runner: int) -> int:
    return sum(
        sum(1 for name in folders if name.startswith(f"sim-{runner}-"))
        for _, folders, _ in os.walk("/sys/fs/cgroup")
    )


def _mounts(pids: Iterable[int], *, mine: tuple[str, ...]) -> int:
    """Count the mounts of these processes' namespaces; of the host's own, those that name us."""
    seen = {Path("/proc/self/ns/mnt").readlink().name: _naming("/proc/self/mountinfo", mine)}
    for pid in pids:
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{pid}/ns/mnt").readlink().name
            if name not in seen:
                seen[name] = Path(f"/proc/{pid}/mountinfo").read_text().count("\n")
    return sum(seen.values())


def _naming(path: str, words: tuple[str, ...]) -> int:
    lines = Path(path).read_text().splitlines()
    return sum(any(word in line for word in words) for line in lines)


def _namespaces(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return [Path(f"/proc/{pid}/ns/{kind}").readlink().name for kind in NAMESPACES]
    return []


def _processor_seconds(roots: Iterable[int]) -> float:
    ticks = 0
    for pid in set(descendants(roots)):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])  # in user mode, and in the kernel
    return ticks / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
