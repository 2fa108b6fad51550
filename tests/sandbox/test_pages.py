"""Pages of memory that a piece of work writes to are found, and copied before they are written."""

import ctypes
import mmap
import os

from sandbox.agent import pages

COUNT = 64
WRITTEN = (3, 4, 5, 10, 63)


def memory() -> tuple[mmap.mmap, int]:
    """Make private pages that are all there, and give the address of the first."""
    made = mmap.mmap(-1, COUNT * pages.SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for number in range(COUNT):
        made[number * pages.SIZE] = 1
    return made, ctypes.addressof(ctypes.c_char.from_buffer(made))


def write(made: mmap.mmap) -> None:
    """Write to some of the pages."""
    for number in WRITTEN:
        made[number * pages.SIZE + 7] = 2


def numbers(spans: pages.Spans, first: int) -> tuple[int, ...]:
    """Count the pages of our memory that the spans hold."""
    return tuple(
        (address - first) // pages.SIZE
        for start, size in spans
        for address in range(start, start + size, pages.SIZE)
        if 0 <= address - first < COUNT * pages.SIZE
    )


def test_pages_that_work_writes_to_are_found_and_no_others() -> None:
    made, first = memory()
    assert numbers(pages.written_by(lambda: write(made)), first) == WRITTEN
    assert made[7] == made[3 * pages.SIZE + 7] == 0  # what the work did was done elsewhere


def test_work_that_fails_is_work_that_wrote_nothing() -> None:
    assert pages.written_by(lambda: os._exit(3)) == []


def test_pages_that_are_copied_ahead_are_no_longer_shared() -> None:
    made, first = memory()
    spans = [(first + number * pages.SIZE, pages.SIZE) for number in WRITTEN]
    assert numbers(pages.written_by(lambda: pages.copy(spans)), first) == WRITTEN
    assert made[0] == 1


def test_pages_that_are_gone_keep_no_others_from_being_copied() -> None:
    made, first = memory()
    copied = numbers(
        pages.written_by(lambda: pages.copy([(8 * pages.SIZE, pages.SIZE), (first, pages.SIZE)])),
        first,
    )
    assert copied == (0,)
    made.seek(0)
