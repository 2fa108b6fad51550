"""Finds the pages of memory that a session of tests writes to, and copies them ahead.

A forked process shares its pages with the template until it writes to one: then the kernel stops
it and copies that page. A session writes to some two thousand, and being stopped costs more than
the copies. Which pages those are is the same in every process that is forked from one template.
"""

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sandbox.agent import kernel

SIZE = os.sysconf("SC_PAGE_SIZE")
ENTRY = 8  # bytes for a page in /proc/self/pagemap
PRESENT, EXCLUSIVE = 1 << 63, 1 << 56

Spans = list[tuple[int, int]]  # first address and length in bytes


def written_by(work: Callable[[], object]) -> Spans:
    """Do the work in a forked process, and list what it has copied of what was there before."""
    heard, tell = os.pipe()
    there = list(_private())
    pid = os.fork()
    if pid == 0:
        try:
            work()
            with os.fdopen(tell, "w") as answer:
                json.dump(list(_copied(there)), answer)
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(heard) as answer:
        told = answer.read()
    os.waitpid(pid, 0)
    return [(first, size) for first, size in json.loads(told or "[]")]


def copy(spans: Iterable[tuple[int, int]]) -> None:
    """Have the kernel copy these pages now, in few calls. One before Linux 5.14 does not."""
    for first, size in spans:
        try:
            kernel.populate(first, size)
        except OSError as error:  # of a page that is not there any more the others may be
            if error.errno == errno.EINVAL:
                return


def _private() -> Iterator[tuple[int, int]]:
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights = line.split()[:2]
        if rights == "rw-p":
            first, last = (int(end, 16) for end in span.split("-"))
            yield first, last


def _copied(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    with Path("/proc/self/pagemap").open("rb", buffering=0) as pages:
        for first, last in places:
            pages.seek(first // SIZE * ENTRY)
            table = memoryview(pages.read((last - first) // SIZE * ENTRY)).cast("Q")
            ours = [bool(entry & PRESENT and entry & EXCLUSIVE) for entry in table]
            yield from _runs(first, [*ours, False])


def _runs(first: int, ours: Iterable[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for number, mine in enumerate(ours):
        address = first + number * SIZE
        if mine and start is None:
            start = address
        elif not mine and start is not None:
            yield start, address - start
            start = None
