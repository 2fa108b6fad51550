"""What a tree of processes holds, as the kernel tells it: members, memory, descriptors, groups."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
TICK = os.sysconf("SC_CLK_TCK")
_BUSY = (0, 1, 2, 5, 6)  # user, nice, system, interrupts: of the first line of /proc/stat


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a runner and everything below it hold."""

    processes: int
    descriptors: int
    groups: int
    mounts: int


def tree(pid: int) -> list[int]:
    """A process and all its descendants that live now."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):  # gone meanwhile
                waiting += [int(word) for word in children.read_text().split()]
    return found


def holdings(*roots: int) -> Holdings:
    """Count what these processes, with their descendants, hold; the first one owns the groups."""
    pids = [pid for root in roots for pid in tree(root)]
    return Holdings(
        processes=len(pids),
        descriptors=sum(_entries(Path(f"/proc/{pid}/fd")) for pid in pids),
        groups=sum(1 for _ in _groups(roots[0])),
        mounts=_mounts(roots[0]),
    )


def proportional_mb(*roots: int) -> float:
    """The proportional set size of these processes with their descendants."""
    return sum(_rollup(pid, "Pss") for root in roots for pid in tree(root)) / 1024


def anonymous_mb(pid: int) -> float:
    """The memory of one process that is no file's."""
    return _rollup(pid, "Anonymous") / 1024


def parent(pid: int) -> int:
    """The process that a process is a child of."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def busy_seconds() -> float:
    """Processor seconds that the whole machine has been busy, since it started."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(int(words[number]) for number in _BUSY) / TICK


def _mounts(pid: int) -> int:
    """Count mounts, without an engine's own: it has those of everybody's containers."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    return sum(1 for line in lines if "/docker/" not in line.split()[4])


def _groups(pid: int) -> Iterator[str]:
    for _, folders, _ in os.walk("/sys/fs/cgroup"):
        yield from (name for name in folders if name.startswith(f"sim-{pid}-"))


def _entries(folder: Path) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208 - a count
    except OSError:  # gone meanwhile
        return 0


def _rollup(pid: int, name: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    except OSError:
        return 0
    return 0
