"""The learner's processes of one room: started, waited for, watched, and ended at a limit."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.agent import confine, process, walls, watch
from sandbox.agent.confine import Cage
from sandbox.agent.line import Facts, Line
from sandbox.agent.process import Limits, Process, Start
from sandbox.agent.reaper import Reaper
from sandbox.agent.seats import Seats

WATCH_SECONDS = 0.02
IDLE_SECONDS = 0.1
CONFIRM_SECONDS = 0.1  # a close look at memory costs milliseconds
DYING_SECONDS = 5.0
MEGABYTE = 1024 * 1024
LOOPBACK = "loopback"


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a process is started for: its limits and the environment it gets."""

    limits: Limits
    environment: Mapping[str, str]
    stdin: bytes = b""
    command: list[str] | None = None  # none for the warm worker


class Crowd:
    """Everything of the learner that runs in the room. `turn` is the only place that waits."""

    def __init__(
        self, line: Line, limits: Limits, *, reaper: Reaper, shell_proc: int, seats: Seats
    ) -> None:
        self._line = line
        self._reaper = reaper
        self._room_limits = limits
        self._shell_proc = shell_proc  # where our own children have the numbers that we know
        self._seats = seats
        self._meter = self.make_meter()
        self._files_at_first = self._meter.scratch_used()[1]
        self._processes: list[Process] = []
        self._helpers: set[int] = set()
        self._loopback: Cage | None = None  # of our helpers, once the loopback is up
        self._cpu_of_dead = 0.0
        self._looked = self._confirmed = 0.0
        self._peak = 0
        self._facts_before = Facts()

    # ---- what another kind of room has otherwise

    def make_meter(self) -> watch.Meter:
        """Make what measures the room."""
        return watch.Meter()

    def raise_loopback(self) -> None:
        """Bring up the loopback of the room."""
        walls.raise_loopback()

    def cage(self, network: str) -> dict[str, Any]:
        """Say how `confine.prepare` makes the walls of a process."""
        return {"loopback": network == LOOPBACK}

    # ---- starting

    def within(self, asked: Mapping[str, Any]) -> Limits:
        """Take a step's limits, none above the room's."""
        names = [name for name in asked if name != "network"]
        numbers = {name: min(asked[name], getattr(self._room_limits, name)) for name in names}
        return Limits(**numbers, network=asked["network"])

    def start(self, step: Step) -> Process:
        """Start a process and its clocks."""
        if step.limits.network == LOOPBACK:
            self.helpers_cage()
        what = Start(
            limits=step.limits,
            cage=self.cage(step.limits.network),
            environment=step.environment,
            controlled=self._line.controlled,
            stdin=step.stdin,
            command=step.command,
        )
        started = process.start(what, self._seats.take())
        self._processes.append(started)
        self.begin(started)
        return started

    def begin(self, busy: Process) -> None:
        """Start the clocks of a step."""
        busy.started = time.monotonic()
        busy.deadline = busy.started + busy.limits.wall_seconds
        busy.cpu_before = self._cpu()
        self._peak = 0
        self._facts_before = self._line.facts

    def helpers_cage(self) -> Cage:
        """Prepare the walls of our own helpers, and the loopback that they need."""
        if self._loopback is None:
            self.raise_loopback()
            self._loopback = confine.prepare(**self.cage(LOOPBACK))
        return self._loopback

    def adopt(self, helper: int) -> None:
        """Bury this child of ours too when all are ended."""
        self._helpers.add(helper)

    # ---- waiting

    def wait(
        self, running: Process, done: Callable[[], bool], *, seconds: float = WATCH_SECONDS
    ) -> None:
        """Wait until a process has ended or its step is done; end it at its limits."""
        while running.status is None and not done():
            self.turn(seconds)
        running.drain()
        if running.status is not None:
            running.stopped = running.stopped or self._met_a_limit(running)
        elif running.too_loud:
            self.end_all("output_kb")

    def turn(self, seconds: float | None = None, *, also: int | None = None) -> None:
        """Wait for anything to happen, take it, and look at the limits when it is time."""
        alive = self.alive()
        if seconds is None and alive:
            seconds = IDLE_SECONDS
        poll = select.poll()
        poll.register(self._line.end, select.POLLIN)
        actions: dict[int, Callable[[], object]] = {self._line.end.fileno(): self._line.take}
        for running in alive:
            for descriptor, events, action in self._events(running):
                poll.register(descriptor, events)
                actions[descriptor] = action
        if self._seats.waiting is not None:
            poll.register(self._seats.waiting, select.POLLIN)
            actions[self._seats.waiting.fileno()] = self._seats.tend
        if also is not None:
            poll.register(also, select.POLLIN | select.POLLOUT)
        for descriptor, _ in poll.poll(None if seconds is None else round(seconds * 1000)):
            actions.get(descriptor, _wake)()
        if alive and time.monotonic() - self._looked >= WATCH_SECONDS:
            self._look()

    def alive(self) -> list[Process]:
        """List the processes of ours that have not ended; what they forked is not in it."""
        return [running for running in self._processes if running.status is None]

    def _events(self, running: Process) -> Iterator[tuple[int, int, Callable[[], object]]]:
        def bury() -> None:
            self._bury(running)

        yield running.seat.fileno(), select.POLLIN, bury
        for descriptor, listen in running.listeners():
            yield descriptor, select.POLLIN, listen
        if running.feed is not None:
            yield running.feed, select.POLLOUT, running.give
        if running.channel is not None and running.deadline is not None:
            yield running.channel, select.POLLIN, _wake

    # ---- limits

    def _look(self) -> None:
        """See whether a limit is met; if so, end every learner's process of the room."""
        self._looked = time.monotonic()
        for running in self.alive():
            reason = self._reason(running)
            if reason:
                self.end_all(reason)
                return

    def _reason(self, running: Process) -> str | None:
        """Tell the limit that a process has met, while it runs."""
        sample = self._meter.sample()
        limits, busy = running.limits, running.deadline is not None
        used, files = self._meter.scratch_used()
        cpu = sample.cpu_seconds + self._cpu_of_dead - running.cpu_before
        met = {
            "output_kb": running.too_loud,
            "wall_seconds": time.monotonic() >= (running.deadline or float("inf")),
            "cpu_seconds": busy and cpu > limits.cpu_seconds,
            "processes": self._refused() or self._too_many(limits, sample),
            "scratch_mb": used > limits.scratch_mb * MEGABYTE,
            "scratch_files": self._too_many_files(limits, files),
            "memory_mb": self._too_much_memory(sample.resident + used, limits),
        }
        return next((limit for limit, true in met.items() if true), None)

    def _met_a_limit(self, running: Process) -> str | None:
        """See, at the end of a step that failed, whether a limit made it fail."""
        if running.too_loud:
            return "output_kb"
        return None if running.status in {0, None} else self.limit_behind(running)

    def limit_behind(self, running: Process) -> str | None:
        """Tell which limit the kernel has counted as met in a step that has failed, if any."""
        facts = self._ask_facts()
        _, number = process.ending(running.status or 0)
        late = self._cpu() - running.cpu_before >= running.limits.cpu_seconds
        used, files = self._meter.scratch_used()
        met = {
            "memory_mb": facts.out_of_memory > self._facts_before.out_of_memory,
            "processes": self._refused() or self._too_many(running.limits),
            "scratch_mb": used > running.limits.scratch_mb * MEGABYTE,
            "scratch_files": self._too_many_files(running.limits, files),
            "cpu_seconds": number == signal.SIGXCPU or (number == signal.SIGKILL and late),
        }
        return next((limit for limit, true in met.items() if true), None)

    def _too_many(self, limits: Limits, sample: watch.Sample | None = None) -> bool:
        tasks = (sample or self._meter.sample()).tasks
        return tasks > limits.processes + len(self._helpers)

    def _refused(self) -> bool:
        return self._line.facts.refused_processes > self._facts_before.refused_processes

    def _too_many_files(self, limits: Limits, files: int) -> bool:
        return files - self._files_at_first > limits.scratch_files

    def _too_much_memory(self, at_most: int, limits: Limits) -> bool:
        """Look closely only where the cheap figure, which is never too low, says it may be."""
        if self._line.facts.out_of_memory > self._facts_before.out_of_memory:
            return True
        now = time.monotonic()
        may_be = at_most > limits.memory_mb * MEGABYTE or not self._line.controlled
        if not may_be or now - self._confirmed < CONFIRM_SECONDS:
            return False
        self._confirmed = now
        exact = self._meter.memory()
        self._peak = max(self._peak, exact)
        return exact > limits.memory_mb * MEGABYTE

    def usage(self, busy: Process) -> dict[str, float]:
        """Tell what a step has used up to now."""
        self._ask_facts()
        return {
            "wall_seconds": round(time.monotonic() - busy.started, 4),
            "cpu_seconds": round(max(0.0, self._cpu() - busy.cpu_before), 3),
            "peak_memory_mb": round(self._peak / MEGABYTE, 1),
        }

    def _ask_facts(self) -> Facts:
        """Ask what the group counted; the runner forgets the peak it told, so keep it here."""
        facts = self._line.ask_facts()
        self._peak = max(self._peak, facts.peak_bytes)
        return facts

    def _cpu(self) -> float:
        return self._meter.sample().cpu_seconds + self._cpu_of_dead

    # ---- ending

    def end_all(self, reason: str | None) -> None:
        """Kill every learner's process of the room, and wait until none is left."""
        for running in self.alive():
            running.stopped = running.stopped or reason
        self._seats.dismiss()
        for helper in self._helpers:  # the room's first process need not be able to
            os.kill(helper, signal.SIGKILL)
        until = time.monotonic() + DYING_SECONDS
        while self._others():
            if time.monotonic() > until:
                raise RuntimeError("processes of the room do not die")
            self._reaper.kill(spare=None)
            for running in self.alive():
                self._bury(running)
            self._bury_helpers()

    def sweep(self) -> None:
        """Kill what a step has left running, but not the warm worker and the service."""
        spared = self.alive()
        if not spared:
            self.end_all(None)
        elif len(self._others()) > len(spared):
            self._reaper.kill(spare={self._inside(running.pid) for running in spared})

    def forget(self, ended: Process) -> None:
        """Let go of a process that has ended and was told of."""
        self._processes.remove(ended)
        ended.close()

    def _others(self) -> list[str]:
        return [pid for pid in self._meter.processes() if pid != watch.INIT]

    def _inside(self, pid: int) -> str:
        """Translate a process number of the shell to the room's."""
        file = os.open(f"{pid}/status", os.O_RDONLY, dir_fd=self._shell_proc)
        with os.fdopen(file) as status:
            for line in status:
                if line.startswith("NSpid:"):
                    return line.split()[-1]
        raise RuntimeError("this kernel does not tell NSpid")

    def _bury(self, running: Process) -> None:
        running.seat.tend()
        end = running.seat.end
        if end is not None and running.status is None:
            running.status = end.status
            self._cpu_of_dead += end.cpu_seconds

    def _bury_helpers(self) -> None:
        for pid in list(self._helpers):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._helpers.discard(pid)

    def end_helper(self, pid: int) -> None:
        """End a helper of ours, if it still runs."""
        if pid in self._helpers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._helpers.discard(pid)


def _wake() -> None:
    """Let the caller look at what it waits for."""
