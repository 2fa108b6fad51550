"""Finds a room's warden among this host's processes."""

from collections.abc import Iterator
from pathlib import Path


class NotFound(Exception):
    """No process of the shell has the number that the template told."""


def find_process(ancestor: int, *, inside: int) -> int:
    """Translate a process number of a shell to this host's. Raises NotFound."""
    for pid in _descendants(ancestor):
        numbers = _numbers(pid)
        if len(numbers) == 2 and numbers[1] == inside:  # noqa: PLR2004 - this host's, and the shell's
            return pid
    raise NotFound(f"no process {inside} in the shell of process {ancestor}")


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
        try:
            found += [int(word) for word in children.read_text().split()]
        except OSError:  # the thread ended meanwhile
            continue
    return found


def _numbers(pid: int) -> list[int]:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # the process ended meanwhile
        return []
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return [int(word) for word in line.split()[1:]]
    return []
