"""The first process of a container that is one room: no namespace and no mount is made in here.

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

import importlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.agent import confine, kernel, reaper, walls, watch

AGENT = 64_000  # really ours; the image's user too
FIRST = 64_001  # the first process alone: what it may signal are the learner's processes only
NAMES = Path("/etc")


def main() -> None:
    """Be the first process; another does the work. The one argument is the learner's user."""
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
        _work(heard, say, learner)
        os._exit(0)
    os.close(heard)
    os.close(say)
    _take_on(FIRST, learner)
    reaper.stand(tell, listen, SharedMeter)


def _work(heard: int, say: int, learner: int) -> None:
    """Be the switch, as in a shell. Imported here, so that the first process stays small."""
    importlib.import_module("sandbox.agent.container").prepare(heard, say, learner=learner)
    importlib.import_module("sandbox.agent.switch").main()


def _name(learner: int) -> None:
    """Give the learner's user a name, as in any room, and show as little of the kernel."""
    (NAMES / "passwd").write_text(f"learner:x:{learner}:{learner}::/tmp:/nonexistent\n")
    (NAMES / "group").write_text(f"learner:x:{learner}:\n")
    walls.write_sys(Path("/"))


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
