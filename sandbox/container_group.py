"""The control group of a container that is one room: the kernel limits and counts."""

import logging
from dataclasses import replace
from pathlib import Path

from sandbox.attached import Attached
from sandbox.cgroups import MEGABYTE, Counts, Group, mounts
from sandbox.interface import Limits

logger = logging.getLogger(__name__)

AGENT_PROCESSES = (
    3  # switch, template and what wardens are forked from, beside those that any room has
)
HELD = ("rss", "shmem", "anon", "kernel")  # the two versions' names of what is not a cache


class ContainerGroup(Group):
    """A container's own group. What the agent held before the room was opened does not count."""

    def __init__(self, container: Attached) -> None:
        super().__init__(folders(container.pid))
        self._container = container
        self._agent = self._held()

    def limit(self, limits: Limits) -> None:
        """Write a room's limits; where this process may not, have the engine write the memory's.

        Then processes are limited by their number for the room's own user alone.
        """
        shifted = replace(
            limits,
            memory_mb=limits.memory_mb + self._agent // MEGABYTE,
            processes=limits.processes + AGENT_PROCESSES,
        )
        try:
            super().limit(shifted)
        except OSError as error:
            logger.debug("the engine limits %s: %s", self.folders, error)
            self._container.limit_memory((shifted.memory_mb) * MEGABYTE)

    def add(self, pid: int) -> None:
        """All of the container is in the group already."""

    def counts(self) -> Counts:
        """Read what the kernel counted, without what the agent holds."""
        found = super().counts()
        return replace(found, peak_bytes=max(0, found.peak_bytes - self._agent))

    def remove(self) -> None:
        """The engine removes it with the container."""

    def _held(self) -> int:
        stat = self._read("memory", "memory.stat")
        words = dict(line.split() for line in stat.splitlines())
        return sum(int(words.get(name, 0)) for name in HELD)


def folders(pid: int) -> dict[str, Path]:
    """Find the groups of a process, by controller; version 2 has one, without a name."""
    own: dict[str, str] = {}
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    first: dict[str, Path] = {}
    second: dict[str, Path] = {}
    for mount, kind, options in mounts():
        if kind == "cgroup":
            first |= {name: mount / own[name].lstrip("/") for name in own if name in options}
        elif kind == "cgroup2":
            second = {"": mount / own[""].lstrip("/")} if "" in own else {}
    wanted: tuple[str, ...] = ("memory", "pids", "cpu")
    needed = {name: first[name] for name in wanted if name in first}
    return needed if "memory" in needed else second
