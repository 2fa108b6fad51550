"""Imports what a runtime lists, measures each import, and refuses what spoils a fork.

The list is a file of the runtime, `requirements/NAME.preloads`, which every shell shows.
"""

import gc
import importlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.agent import kernel, rehearsal

RUNTIME = Path("/runtime.json")
LISTS = Path("/runtime/code/preloads")
LARGE = 2 * 1024 * 1024
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
# Arrow's second allocator, which it does not use by default, would start a thread of its own.
QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Unfit(Exception):
    """A list cannot be imported before a fork; the message names the import and says why."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """What one import cost, with what it was the first to import in its turn."""

    name: str
    ms: float
    memory_kb: int  # of resident memory, shared pages included


def listed() -> list[str]:
    """Read the list of the runtime that this shell shows. Raises Unfit when there is none."""
    try:
        name = json.loads(RUNTIME.read_text())["name"]
        text = (LISTS / f"{name}.preloads").read_text()
    except (OSError, ValueError, KeyError) as error:
        raise Unfit(f"the runtime has no list of imports: {error}") from None
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def load(names: Iterable[str]) -> list[Import]:
    """Import names in their order. Raises Unfit."""
    os.environ.update(QUIET)
    found = [_load(name) for name in names]
    for name in QUIET:
        del os.environ[name]
    return found


def settle() -> None:
    """Rehearse, and freeze what is there, once all is imported. Raises Unfit."""
    wrong = rehearsal.rehearse()
    if wrong:
        raise Unfit(f"a suite of tests that should pass does not:\n{wrong}")
    gc.collect()
    gc.freeze()
    _hold_in_large_pages()


def _hold_in_large_pages() -> None:
    """Make forks cheap: the kernel copies one entry for a large page, and not 512."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *_, inode = line.split()[:5]
        if rights != "rw-p" or inode != "0":
            continue
        first, last = (int(end, 16) for end in span.split("-"))
        for start in range(-(-first // LARGE) * LARGE, last - LARGE + 1, LARGE):
            with suppress(OSError):  # nothing there, or too old a kernel
                kernel.collapse(start, LARGE)


def _load(name: str) -> Import:
    memory, started = memory_kb(), time.perf_counter()
    try:
        importlib.import_module(name)
    except Exception as error:
        raise Unfit(f"{name} is listed and cannot be imported: {error!r}") from error
    seconds = time.perf_counter() - started
    if threads() > 1:
        _fork_once()
    if threads() > 1:
        raise Unfit(
            f"{name} must not be imported before a fork: "
            f"it leaves {threads() - 1} threads running, which a forked room would miss"
        )
    return Import(name=name, ms=round(1000 * seconds, 1), memory_kb=memory_kb() - memory)


def _fork_once() -> None:
    """Let libraries end what they end before a fork: OpenBLAS its idle threads, until needed."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def threads() -> int:
    """Count this process's threads, those of libraries too."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - fewer objects


def memory_kb() -> int:
    """Tell this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB
