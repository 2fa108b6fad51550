"""Measures a room from outside its processes: processor time, memory, processes, scratch."""

import os
from dataclasses import dataclass, field

from sandbox.agent import walls

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
INIT = "1"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the room's processes use at one moment, together."""

    tasks: int = 0  # processes and threads, without our own first process
    cpu_seconds: float = 0.0
    resident: int = 0  # bytes; counts what forks share once a process, so never too low


@dataclass
class Meter:
    """Reads the room's own `/proc`, whose process numbers are those of the room."""

    proc: int = field(default_factory=lambda: os.open("/proc", os.O_RDONLY | os.O_DIRECTORY))
    scratch: int = field(
        default_factory=lambda: os.open(walls.PLACES[0], os.O_RDONLY | os.O_DIRECTORY)
    )

    def sample(self) -> Sample:
        """Add up all processes that exist now."""
        tasks, ticks, pages = 0, 0, 0
        for pid in self.processes():
            fields = self._fields(pid)
            if fields is None:
                continue
            ticks += sum(map(int, fields[11:15]))
            if pid != INIT:
                tasks += int(fields[17])
                pages += int(fields[21])
        return Sample(tasks=tasks, cpu_seconds=ticks / TICK, resident=pages * PAGE)

    def processes(self) -> list[str]:
        """List the process numbers of the room, its first process included."""
        return [name for name in os.listdir(self.proc) if name.isdigit()]  # noqa: PTH208 - by descriptor

    def parents(self) -> dict[str, str]:
        """Tell each living process's parent, as the room counts."""
        found = {}
        for pid in self.processes():
            fields = self._fields(pid)
            if fields and fields[0] not in {b"Z", b"X"}:
                found[pid] = fields[1].decode()
        return found

    def memory(self) -> int:
        """Count the bytes that the room's processes and scratch hold, shared ones once."""
        anonymous, shared = 0, 0
        for pid in self.processes():
            if pid == INIT:
                continue
            own, with_others = self._proportional(pid)
            anonymous += own
            shared += with_others
        return anonymous + max(shared, self.scratch_used()[0])

    def scratch_used(self) -> tuple[int, int]:
        """Count bytes and files in the scratch."""
        state = os.fstatvfs(self.scratch)
        return (state.f_blocks - state.f_bfree) * state.f_frsize, state.f_files - state.f_ffree

    def _fields(self, pid: str) -> list[bytes] | None:
        """Read `stat` after the command's name, which a learner may choose."""
        content = self._read(f"{pid}/stat")
        return content[content.rfind(b")") + 2 :].split() if content else None

    def _proportional(self, pid: str) -> tuple[int, int]:
        content = self._read(f"{pid}/smaps_rollup")
        if not content:  # gone, or it has made itself unreadable: then all that it maps counts
            fields = self._fields(pid)
            return (int(fields[21]) * PAGE if fields else 0), 0
        found = {b"Pss_Anon": 0, b"Pss_Shmem": 0}
        for line in content.splitlines():
            name, _, rest = line.partition(b":")
            if name in found:
                found[name] = int(rest.split()[0]) * 1024
        return found[b"Pss_Anon"], found[b"Pss_Shmem"]

    def _read(self, path: str) -> bytes:
        try:
            file = os.open(path, os.O_RDONLY, dir_fd=self.proc)
        except OSError:  # the process is gone, or unreadable
            return b""
        try:
            return os.read(file, 64 * 1024)
        except OSError:
            return b""
        finally:
            os.close(file)
