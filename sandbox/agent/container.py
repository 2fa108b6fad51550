"""A room that is a container: what its warden does otherwise than in a room of a shell."""

import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

from sandbox.agent import kernel, reaper, watch
from sandbox.agent.crowd import MEGABYTE, Crowd
from sandbox.agent.first import SharedMeter
from sandbox.agent.line import Line
from sandbox.agent.process import Limits, Process
from sandbox.agent.seats import Seats

SHOWN = ("/lib", "/lib64", "/usr", "/bin", "/runtime", "/etc", "/data", "/proc", "/sys")

room: "ContainerRoom | None" = None  # of this container; none in a shell


def prepare(heard: int, say: int, *, learner: int) -> None:
    """Say, before anything is forked, that this is a container with a first process."""
    global room  # noqa: PLW0603 - what kind of place this process is in, said once
    room = ContainerRoom(heard, say, learner=learner)


class ContainerRoom(reaper.Reaper):
    """The warden's handle on the container's first process."""

    def __init__(self, heard: int, tell: int, *, learner: int) -> None:
        self._heard, self._tell = heard, tell
        self._learner = learner
        self.pid = int(watch.INIT)

    def build(
        self,
        line: Line,
        bell: socket.socket,
        first: list[reaper.Reaper],
    ) -> Crowd:
        """Take the room into use: the walls stand already. Once in a container's life."""
        limits = Limits(**(line.order or {})["limits"])
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        shell_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        while not line.go:
            line.take()
        self._expect(reaper.MOUNTED, "the container's first process is gone")
        first.append(self)
        self.confine()
        seats = Seats(bell, line, {})
        crowd = SharedCrowd(
            line, limits, reaper=self, shell_proc=shell_proc, seats=seats, learner=self._learner
        )
        seats.wait()  # asked for only now that it is known which processes are ours
        return crowd

    def end(self) -> None:
        """End the learner's processes; the runner ends the container, which is not used again."""
        with contextlib.suppress(RuntimeError, OSError):  # the first process was first
            self.kill(spare=None)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                continue


class SharedCrowd(Crowd):
    """The learner's processes, as another user than ours."""

    def __init__(
        self,
        line: Line,
        limits: Limits,
        *,
        reaper: reaper.Reaper,
        shell_proc: int,
        seats: Seats,
        learner: int,
    ) -> None:
        self._learner = learner
        super().__init__(line, limits, reaper=reaper, shell_proc=shell_proc, seats=seats)

    def make_meter(self) -> watch.Meter:
        """Make what measures the room."""
        return SharedMeter()

    def raise_loopback(self) -> None:
        """Leave it be: the container's loopback is always up."""

    def cage(self, network: str) -> dict[str, Any]:
        """Say how the walls of a process are made: it becomes another user, and sees less."""
        return {**super().cage(network), "user": self._learner, "readable": _present(SHOWN)}

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
