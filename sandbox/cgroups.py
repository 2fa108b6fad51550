"""A control group for each room, where this process may make one: the kernel limits and counts.

Groups are made below the runner's own, so that whatever holds the runner holds its rooms too.
"""

import itertools
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox.interface import Limits

logger = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
OUR_MEMORY = 24 * MEGABYTE  # of the warden, the first process and the kernel, beside the learner's
OUR_PROCESSES = 3  # warden, first process, a helper
PERIOD = 100_000
EMPTYING_SECONDS = 5.0
V1_NEEDED = ("memory", "pids")
V1_WISHED = ("cpu",)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a room's group counted since the room was opened."""

    out_of_memory: int
    refused_processes: int
    peak_bytes: int


class Groups:
    """Makes a group a room. `folders` are the runner's own groups, by controller."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self._numbers = itertools.count(1)
        self.version = 2 if "" in folders else 1

    def make(self) -> "Group":
        """Make a group, without limits yet. Raises OSError."""
        name = f"sim-{os.getpid()}-{next(self._numbers)}"
        group = Group({key: folder / name for key, folder in self._folders.items()})
        for folder in group.folders.values():
            folder.mkdir()
        return group

    def sweep(self) -> None:
        """Remove empty groups that runners left when they were killed."""
        _sweep(self._folders)


class Group:
    """One room's group."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self._second = "" in folders

    def limit(self, limits: Limits) -> None:
        """Write the limits. The processor quota is the room's fair share, not its budget."""
        memory = str(limits.memory_mb * MEGABYTE + OUR_MEMORY)
        quota = PERIOD * min(2, os.cpu_count() or 1)
        self._file("pids", "pids.max").write_text(str(limits.processes + OUR_PROCESSES))
        if self._second:
            self._file("memory", "memory.max").write_text(memory)
            self._try("memory", "memory.swap.max", "0")
            self._try("cpu", "cpu.max", f"{quota} {PERIOD}")
            return
        self._file("memory", "memory.limit_in_bytes").write_text(memory)
        self._try("memory", "memory.memsw.limit_in_bytes", memory)
        if "cpu" in self.folders:
            self._try("cpu", "cpu.cfs_quota_us", str(quota))

    def add(self, pid: int) -> None:
        """Put a process in; whatever it forks is in as well."""
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text(str(pid))

    def counts(self) -> Counts:
        """Read what the kernel counted."""
        peak = "memory.peak" if self._second else "memory.max_usage_in_bytes"
        oom = "memory.events" if self._second else "memory.oom_control"
        return Counts(
            out_of_memory=self._entry("memory", oom, "oom_kill"),
            refused_processes=self._entry("pids", "pids.events", "max"),
            peak_bytes=int(self._read("memory", peak) or 0),
        )

    def forget_peak(self) -> None:
        """Let the peak start anew, for the next step of the room."""
        name = "memory.peak" if self._second else "memory.max_usage_in_bytes"
        self._try("memory", name, "0")

    def remove(self) -> None:
        """Remove the group once its last process is gone; kill what is left."""
        until = time.monotonic() + EMPTYING_SECONDS
        left = list(self.folders.values())
        while left and time.monotonic() < until:
            left = [folder for folder in left if not _removed(folder)]
            if left:
                time.sleep(0.01)
        if left:
            logger.error("control groups are not empty: %s", ", ".join(map(str, left)))

    def _file(self, controller: str, name: str) -> Path:
        return self.folders["" if self._second else controller] / name

    def _try(self, controller: str, name: str, text: str) -> None:
        try:
            self._file(controller, name).write_text(text)
        except OSError as error:
            logger.debug("%s is not to be had here: %s", name, error)

    def _read(self, controller: str, name: str) -> str:
        try:
            return self._file(controller, name).read_text()
        except OSError:  # an older kernel does not count this
            return ""

    def _entry(self, controller: str, name: str, key: str) -> int:
        for line in self._read(controller, name).splitlines():
            word, _, number = line.partition(" ")
            if word == key:
                return int(number)
        return 0


def find() -> Groups | None:
    """Find where this process may make groups; None where it may not."""
    for folders in (_first_version(), _second_version()):
        if folders and _usable(folders):
            _sweep(folders)
            return Groups(folders)
    return None


def remove_stale() -> None:
    """Remove the groups of runners that were killed, in every hierarchy this process may write."""
    for folders in (_first_version(), _second_version()):
        _sweep(folders)


def _first_version() -> dict[str, Path]:
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update({name: path for name in controllers.split(",") if name})
    folders = {}
    for mount, kind, options in mounts():
        for name in (*V1_NEEDED, *V1_WISHED):
            if kind == "cgroup" and name in options and name in own:
                folders[name] = mount / own[name].lstrip("/")
    return folders if all(name in folders for name in V1_NEEDED) else {}


def _second_version() -> dict[str, Path]:
    """Find the one folder of a delegated subtree, and hand its controllers down."""
    own = [
        line[3:]
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if line[:3] == "0::"
    ]
    roots = [mount for mount, kind, _ in mounts() if kind == "cgroup2"]
    if not own or not roots:
        return {}
    folder = roots[0] / own[0].lstrip("/")
    try:
        present = (folder / "cgroup.controllers").read_text().split()
        if not {"memory", "pids"} <= set(present):
            return {}
        # A group that hands controllers down may hold no process itself, so we move below it.
        (folder / "sim-runner").mkdir(exist_ok=True)
        (folder / "sim-runner" / "cgroup.procs").write_text(str(os.getpid()))
        wanted = [f"+{name}" for name in ("memory", "pids", "cpu") if name in present]
        (folder / "cgroup.subtree_control").write_text(" ".join(wanted))
    except OSError as error:
        logger.debug("no delegated control group: %s", error)
        return {}
    return {"": folder}


def mounts() -> list[tuple[Path, str, list[str]]]:
    """List where file systems are mounted, of which kind, with which options."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, options = line.split()[:4]
        found.append((Path(mount), kind, options.split(",")))
    return found


def _usable(folders: dict[str, Path]) -> bool:
    """Try it: being allowed to make a group is the only proof."""
    probe = Group({key: folder / f"sim-{os.getpid()}-0" for key, folder in folders.items()})
    try:
        for folder in probe.folders.values():
            folder.mkdir()
        probe.limit(Limits())
    except OSError:
        return False
    finally:
        for folder in probe.folders.values():
            _removed(folder)
    return True


def _sweep(folders: dict[str, Path]) -> None:
    """Remove empty groups that a runner left when it was killed.

    Another runner that lives may have a group that is empty for a moment: it is left alone.
    """
    for folder in folders.values():
        for stale in folder.glob("sim-*-*"):
            owner = stale.name.split("-")[1]
            if not Path("/proc", owner).exists():
                _removed(stale)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
