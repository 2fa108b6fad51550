"""The last wall: what a process gives up, for good, before it runs a learner's code."""

import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.agent import kernel, landlock, seccomp, walls

HIGHEST_CAPABILITY = 63
OPEN_FILES = 1024  # chDB alone opens more than 256
STACK = 64 * 1024 * 1024
# Assembled when the template imports this; every room is forked from it and finds them ready.
FILTERS = {loopback: seccomp.program(loopback=loopback) for loopback in (False, True)}
KILLED_FIRST = "1000"  # when memory runs out in the room's control group, a learner's process goes


@dataclass(frozen=True, kw_only=True)
class Cage:
    """A prepared set of walls, for processes with or without the room's loopback."""

    filter: bytes
    landlock: int | None
    user: int | None = None  # whom to become; none where a room has but one user


def prepare(*, loopback: bool, user: int | None = None, readable: Sequence[str] = ("/",)) -> Cage:
    """Prepare the walls of a process; entering them is then quick."""
    rules = landlock.ruleset(
        walls.PLACES, devices="/dev", loopback=loopback, readable=tuple(readable)
    )
    return Cage(filter=FILTERS[loopback], landlock=rules, user=user)


def enter(
    cage: Cage,
    *,
    cpu_seconds: float,
    processes: int,
    file_bytes: int,
    killed_first: bool = True,
) -> None:
    """Give up everything. What follows in this process may be a stranger's."""
    if cage.user is not None:
        _become(cage.user)
    if killed_first:
        Path("/proc/self/oom_score_adj").write_text(KILLED_FIRST)
    # Each line is a wall; the comment names the attack that it stops.
    _limit(cpu_seconds=cpu_seconds, processes=processes, file_bytes=file_bytes)  # endless work
    _drop_capabilities()  # mounting, tracing and renaming inside the room's own namespaces
    _forbid_new_privileges()  # gaining rights back by running a set-user-id file
    _die_with_the_parent()  # outliving the warden; asked late: a change of rights clears it
    if cage.landlock is not None:
        landlock.restrict(cage.landlock)  # a second wall before files, sockets and signals
    seccomp.install(cage.filter)  # the kernel's rarely used calls, and new namespaces


def _drop_capabilities() -> None:
    for number in range(HIGHEST_CAPABILITY + 1):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, number)
        except OSError:
            break  # past the last capability of this kernel
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.drop_all_capabilities()


def _forbid_new_privileges() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def _die_with_the_parent() -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(user: int) -> None:
    """Be a user for good, whom this process already was in effect: no capability is needed."""
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # its own /proc is its own again


def close_all_but(*kept: int) -> None:
    """Close every descriptor above the three standard ones, but these."""
    start = 3
    for number in sorted(kept):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, 1 << 20)


def _limit(*, cpu_seconds: float, processes: int, file_bytes: int) -> None:
    seconds = int(cpu_seconds) + 1
    limits = {
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_NPROC: (processes, processes),
        resource.RLIMIT_NOFILE: (OPEN_FILES, OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (file_bytes, file_bytes),
        resource.RLIMIT_STACK: (STACK, STACK),
        resource.RLIMIT_MEMLOCK: (0, 0),
        resource.RLIMIT_MSGQUEUE: (0, 0),
    }
    for limit, (soft, hard) in limits.items():
        most = resource.getrlimit(limit)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)  # noqa: PLW2901 - the shell's own limit holds too
        resource.setrlimit(limit, (soft, hard))
