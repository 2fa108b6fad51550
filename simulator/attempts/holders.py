"""Who holds a claim: a process of a host, and whether that process still lives.

A process id alone is used again by the next process; together with the moment of its start and
the host's boot it is not.
"""

import functools
import os
import socket
from pathlib import Path
from typing import Final

START_TIME: Final = 19  # the field of /proc/PID/stat, counted after the name in brackets
LONGEST: Final = 120  # as the column


def this_process() -> str:
    """Name this process, as a claim does; empty where the system tells of no processes."""
    return _named(os.getpid())


def here() -> str:
    """What the names of this host's processes begin with."""
    return f"{_host()[:60]}/{_boot()[:8]}/"


def is_gone(name: str) -> bool:
    """Whether a process of this host is known to have ended. Of other hosts nothing is known."""
    if not name.startswith(here()):
        return False
    pid = name.removeprefix(here()).partition(".")[0]
    return pid.isdecimal() and _named(int(pid)) != name


def _named(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] in {"Z", "X"}:
        return ""  # it has ended, only its parent has not been told yet
    return f"{here()}{pid}.{after_name[START_TIME]}"[:LONGEST]


@functools.cache
def _host() -> str:
    return socket.gethostname()


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
