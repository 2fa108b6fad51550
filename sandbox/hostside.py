"""Finds a shell's processes among this host's: the template once, then those of each room."""

import time
from collections.abc import Iterator
from pathlib import Path

SEARCHING_SECONDS = 2.0
PAUSE = 0.005


class NotFound(Exception):
    """No process of the shell has the number that the template told."""


def find_process(ancestor: int, *, inside: int) -> int:
    """Translate a process number of a shell to this host's. Raises NotFound."""
    until = time.monotonic() + SEARCHING_SECONDS
    while time.monotonic() < until:  # the kernel's lists of children may miss one while others die
        for pid in _descendants(ancestor):
            if _is(pid, inside):
                return pid
        time.sleep(PAUSE)
    raise NotFound(f"no process {inside} in the shell of process {ancestor}")


def newest_child(parent: int, *, inside: int) -> int | None:
    """Translate the number of a child that was just forked; None when a list does not show it.

    Two small files are read where `find_process` walks a whole tree.
    """
    for pid in reversed(_listed(Path(f"/proc/{parent}/task/{parent}/children"))):
        if _is(pid, inside):
            return pid
    return None


def _is(pid: int, inside: int) -> bool:
    return _numbers(pid)[1:2] == [inside]  # this host's number, then the shell's


def _descendants(ancestor: int) -> Iterator[int]:
    """Walk the tree of processes, the newest of each parent first: the warden is the newest."""
    waiting = [ancestor]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting.extend(_children(pid))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += _listed(children)
    return found


def _listed(children: Path) -> list[int]:
    try:
        return [int(word) for word in children.read_text().split()]
    except OSError:  # the thread ended meanwhile
        return []


def _numbers(pid: int) -> list[int]:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # the process ended meanwhile
        return []
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return [int(word) for word in line.split()[1:]]
    return []
