"""A container that is one room: no namespace and no mount is made in here.

Where a host forbids rooms inside a shell, the container's own walls stand in for theirs: its
namespaces, its read-only tree, its sized scratch, its control group. What is left to do here is to
keep the learner's processes apart from ours, which share the container with them:

* the first process starts as root with three capabilities, to take on users; before it reads a
  byte from anyone, it and all others of ours have given them up, root too, for good;
* ours are *in effect* the learner (so files are the learner's, and ours may end its processes) but
  *really* someone else, so that no process of a learner may signal, trace or open them;
* what ends a room's processes is the container's first process: one call from the learner's user
  reaches every process of that user, however fast it forks.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.agent import confine, kernel, landlock, reaper, seccomp, walls, watch
from sandbox.agent.confine import Cage
from sandbox.agent.crowd import MEGABYTE, Crowd
from sandbox.agent.line import Line
from sandbox.agent.process import Limits, Process

AGENT = 64_000  # really ours; the image's user too
FIRST = 64_001  # the first process alone: what it may signal are the learner's processes only
SHOWN = ("/lib", "/lib64", "/usr", "/bin", "/runtime", "/etc", "/data", "/proc", "/sys/fs/cgroup")
NAMES = Path("/etc")

room: "ContainerRoom | None" = None  # of this container; none in a shell


def main(work: Callable[[], None]) -> None:
    """Be the container's first process; another does the work. The argument: the learner's user."""
    learner = int(sys.argv[1])
    _name(learner)
    for place in walls.PLACES:
        Path(place).chmod(0o777)
    heard, tell = os.pipe()
    listen, say = os.pipe()
    if os.fork() == 0:
        os.close(tell)
        os.close(listen)
        _take_on(AGENT, learner)
        _open(ContainerRoom(heard, say, learner=learner))
        work()
        os._exit(0)
    os.close(heard)
    os.close(say)
    _take_on(FIRST, learner)
    reaper.stand(tell, listen, SharedMeter)


def _open(here: "ContainerRoom") -> None:
    global room  # noqa: PLW0603 - what kind of place this process is in, said once, before it forks
    room = here


def _name(learner: int) -> None:
    """Give the learner's user a name, as in any room."""
    (NAMES / "passwd").write_text(f"learner:x:{learner}:{learner}::/tmp:/nonexistent\n")
    (NAMES / "group").write_text(f"learner:x:{learner}:\n")


def _take_on(user: int, learner: int) -> None:
    """Be really one user and in effect the learner; lose every capability and the way back."""
    for number in range(confine.HIGHEST_CAPABILITY + 1):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, number)
        except OSError:
            break  # past the last capability of this kernel
    os.setgroups([])
    os.setresgid(user, learner, user)
    os.setresuid(user, learner, user)
    kernel.drop_all_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # nobody in the room may look into it


class ContainerRoom(reaper.Reaper):
    """The warden's handle on the container's first process."""

    def __init__(self, heard: int, tell: int, *, learner: int) -> None:
        self._heard, self._tell = heard, tell
        self._learner = learner
        self.pid = int(watch.INIT)

    def build(self, line: Line, order: Mapping[str, Any], first: list[reaper.Reaper]) -> Crowd:
        """Take the room into use: the walls stand already. Once in a container's life."""
        limits = Limits(**order["limits"])
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        shell_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        while not line.go:
            line.take()
        self._expect(reaper.MOUNTED, "the container's first process is gone")
        first.append(self)
        self.confine()
        return SharedCrowd(
            line, limits, reaper=self, shell_proc=shell_proc, learner=self._learner
        )

    def end(self) -> None:
        """End the learner's processes; the runner ends the container, which is not used again."""
        with contextlib.suppress(RuntimeError, OSError):  # the first process was first
            self.kill(spare=None)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                continue


@dataclass
class SharedMeter(watch.Meter):
    """Reads the container's `/proc`, where processes of ours are among the learner's.

    It is made before the first of the learner's processes: what is there then is ours, for good.
    """

    scratches: list[int] = field(
        default_factory=lambda: [
            os.open(place, os.O_RDONLY | os.O_DIRECTORY) for place in walls.PLACES
        ]
    )
    ours: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.ours = frozenset(super().processes()) - {watch.INIT}

    def processes(self) -> list[str]:
        """List the process numbers of the room, its first process included."""
        return [pid for pid in super().processes() if pid not in self.ours]

    def parents(self) -> dict[str, str]:
        """Tell each living process's parent; ours are outside, and have no number."""
        found = super().parents()
        return {pid: "0" if above in self.ours else above for pid, above in found.items()}

    def scratch_used(self) -> tuple[int, int]:
        """Count bytes and files in all places that can be written: they share one budget."""
        states = [os.fstatvfs(place) for place in self.scratches]
        used = sum((state.f_blocks - state.f_bfree) * state.f_frsize for state in states)
        return used, sum(state.f_files - state.f_ffree for state in states)


class SharedCrowd(Crowd):
    """The learner's processes, as another user than ours."""

    def __init__(self, *args: Any, learner: int, **named: Any) -> None:
        self._learner = learner
        super().__init__(*args, **named)

    def make_meter(self) -> watch.Meter:
        """Make what measures the room."""
        return SharedMeter()

    def make_cage(self, *, loopback: bool) -> Cage:
        """Prepare the walls of processes. The container's loopback is always up."""
        rules = landlock.ruleset(
            walls.PLACES, devices="/dev", loopback=loopback, readable=_present(SHOWN)
        )
        filter_ = seccomp.program(loopback=loopback)
        return Cage(filter=filter_, landlock=rules, user=self._learner)

    def _met_a_limit(self, running: Process) -> str | None:
        """See whether a limit was met, at the end of every step.

        Each of the places may hold as much as all of them may together, so a step that wrote too
        much need not have failed.
        """
        found = super()._met_a_limit(running)
        used, files = self._meter.scratch_used()
        if found is None and used > running.limits.scratch_mb * MEGABYTE:
            return "scratch_mb"
        if found is None and self._too_many_files(running.limits, files):
            return "scratch_files"
        return found


def _present(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(place for place in places if Path(place).exists())
