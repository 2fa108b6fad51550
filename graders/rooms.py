"""The rooms of one grading: fresh ones for every phase, and the clocks of what happens there."""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from graders.datasets import Datasets
from graders.results import Clocks, Phase, PhaseClocks
from sandbox.interface import (
    Finished,
    Limits,
    Made,
    Returned,
    Room,
    Sandbox,
    SandboxError,
    Usage,
)

_Ended = TypeVar("_Ended", Finished, Returned)
_Started = TypeVar("_Started")
_Key = tuple[Phase, str | None, str]  # phase, dataset, content

_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
MOST_ARTIFACTS = 256
MOST_ARTIFACT_BYTES = 64_000_000


@dataclass
class Stopwatch:
    """Seconds by clock; what is neither starting nor running is judging."""

    starting: float = 0.0
    running: float = 0.0
    peak_memory_mb: float = 0.0
    began: float = field(default_factory=time.monotonic)
    _laps: list[tuple[Phase, Clocks]] = field(default_factory=list)  # at the phase's beginning

    def clocks(self) -> Clocks:
        """The clocks until now."""
        total = time.monotonic() - self.began
        judging = max(0.0, total - self.starting - self.running)
        return Clocks(
            starting=round(self.starting, 3),
            running=round(self.running, 3),
            judging=round(judging, 3),
        )

    def lap(self, phase: Phase) -> None:
        """From now on the time is this phase's."""
        self._laps.append((phase, self.clocks()))

    def phases(self) -> tuple[PhaseClocks, ...]:
        """The clocks of each phase, the last one's until now."""
        ends = [begun for _, begun in self._laps[1:]] + [self.clocks()]
        return tuple(
            PhaseClocks(phase=phase, clocks=_between(begun, end))
            for (phase, begun), end in zip(self._laps, ends, strict=False)
        )

    def saw(self, usage: Usage) -> None:
        """Remember the highest memory of all steps."""
        self.peak_memory_mb = max(self.peak_memory_mb, usage.peak_memory_mb)


@dataclass(kw_only=True)
class Rooms:
    """Opens rooms lazily, one a phase and dataset and content; `enter` and `close` end them.

    A room may also be opened `ahead` of its phase, while the judge is busy with another: nothing
    of the learner's runs in it until its phase begins.
    """

    sandbox: Sandbox
    runtime: str
    limits: Limits
    datasets: Datasets
    seed: int = 0
    watch: Stopwatch = field(default_factory=Stopwatch)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    made: dict[Made, None] = field(default_factory=dict)  # what the rooms were, the first first
    phase: Phase = Phase.INTAKE
    _stack: ExitStack = field(default_factory=ExitStack)
    _open: dict[_Key, Room] = field(default_factory=dict)
    _ahead: dict[_Key, Future[tuple[ExitStack, Room]]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor | None = None

    def enter(self, phase: Phase) -> None:
        """Begin a phase: no room of the phase before is left."""
        self.renew()
        self.phase = phase
        self.watch.lap(phase)

    def renew(self) -> None:
        """End the phase's rooms: the next ones find what has changed meanwhile."""
        self._open.clear()
        self._stack.close()

    def close(self) -> None:
        """End every room, also those that were opened ahead and never used."""
        self.renew()
        for opening in self._ahead.values():
            if not opening.cancel():
                opening.add_done_callback(_end)
        self._ahead.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def ahead(
        self,
        files: Mapping[str, bytes],
        *,
        phase: Phase,
        content: str,
        data: str | None,
        warm: Callable[[Room], object],
    ) -> None:
        """Begin to open a room of a phase to come, and `warm` it with a call of ours.

        It is for what the sandbox and the engine need to come up, never for the learner's code.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="rooms-ahead")

        def opened() -> tuple[ExitStack, Room]:
            with ExitStack() as stack:
                room = self._start(stack, files, data)
                warm(room)
                return stack.pop_all(), room

        self._ahead[(phase, data, content)] = self._pool.submit(opened)

    def shared(self, files: Mapping[str, bytes], *, content: str, data: str | None) -> Room:
        """The phase's one room for this dataset and kind of content, opened when first asked."""
        key = (self.phase, data, content)
        if key not in self._open:
            self._open[key] = self._ready(key) or self._stack.enter_context(
                self.fresh(files, data=data)
            )
        return self._open[key]

    @contextmanager
    def fresh(self, files: Mapping[str, bytes], *, data: str | None) -> Iterator[Room]:
        """A room of its own, with files. Raises SandboxError."""
        with ExitStack() as stack:
            yield self._timed(lambda: self._start(stack, files, data))

    @contextmanager
    def apart(self, limits: Limits) -> Iterator[Room]:
        """A room for a tool of ours: no project, no artefacts, no data. Raises SandboxError."""
        with ExitStack() as stack:
            opening = self.sandbox.open(runtime=self.runtime, limits=limits)
            room = self._timed(lambda: stack.enter_context(opening))
            self.made[room.made] = None
            yield room

    def each(
        self, projects: Sequence[Mapping[str, bytes]], work: Callable[[Room], _Ended]
    ) -> list[_Ended]:
        """Do a stranger's `work` once on each of these projects, each in a fresh room of its own.

        Rooms are opened in an order nobody can foresee, as many at once as there are processors,
        so that nothing tells the work which project it is given. Raises SandboxError.
        """
        order = list(range(len(projects)))
        random.SystemRandom().shuffle(order)
        begin = time.monotonic()
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="rooms-each") as pool:
            futures = {n: pool.submit(self._alone, projects[n], work) for n in order}
            try:
                found = {n: future.result() for n, future in futures.items()}
            finally:
                pool.shutdown(cancel_futures=True)
                self.watch.running += time.monotonic() - begin
        for ended in found.values():
            self.watch.saw(ended.usage)
        return [found[n] for n in range(len(projects))]

    def step(self, work: Callable[[], _Ended]) -> _Ended:
        """Run a stranger's code on the running clock."""
        begin = time.monotonic()
        try:
            ended = work()
        finally:
            self.watch.running += time.monotonic() - begin
        self.watch.saw(ended.usage)
        return ended

    def busy(self, work: Callable[[], _Started]) -> _Started:
        """Wait for a stranger's code that is not at its end, on the running clock."""
        begin = time.monotonic()
        try:
            return work()
        finally:
            self.watch.running += time.monotonic() - begin

    def keep_artifacts(self, room: Room) -> None:
        """Hold a room's /artifacts for the rooms that come after it. Raises Unreadable."""
        self.artifacts = dict(
            room.files("/artifacts", max_files=MOST_ARTIFACTS, max_bytes=MOST_ARTIFACT_BYTES)
        )

    def key(self, data: str | None) -> str:
        """The warehouse folder of a dataset: None is the public one. Raises KeyError."""
        return self.datasets.public if data is None else self.datasets.hidden[data]

    def _ready(self, key: _Key) -> Room | None:
        """The room that was opened ahead, if one was and did come up."""
        opening = self._ahead.pop(key, None)
        if opening is None:
            return None
        try:
            stack, room = self._timed(opening.result)
        except SandboxError:
            return None  # it is opened again, and falls again if the sandbox is down
        self._stack.push(stack)
        return room

    def _timed(self, start: Callable[[], _Started]) -> _Started:
        begin = time.monotonic()
        try:
            return start()
        finally:
            self.watch.starting += time.monotonic() - begin

    def _alone(self, files: Mapping[str, bytes], work: Callable[[Room], _Ended]) -> _Ended:
        with ExitStack() as stack:
            return work(self._start(stack, files, None))

    def _start(self, stack: ExitStack, files: Mapping[str, bytes], data: str | None) -> Room:
        opening = self.sandbox.open(
            runtime=self.runtime, limits=self.limits, data=self.key(data), seed=self.seed
        )
        room = stack.enter_context(opening)
        self.made[room.made] = None
        room.upload(files)
        return room


def _between(begun: Clocks, end: Clocks) -> Clocks:
    return Clocks(
        starting=round(end.starting - begun.starting, 3),
        running=round(end.running - begun.running, 3),
        judging=round(max(0.0, end.judging - begun.judging), 3),
    )


def _end(opening: Future[tuple[ExitStack, Room]]) -> None:
    if opening.exception() is None:
        opening.result()[0].close()
