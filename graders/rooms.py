"""The rooms of one grading: fresh ones for every phase, and the clocks of what happens there."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from graders.datasets import Datasets
from graders.results import Clocks, Phase
from sandbox.interface import Finished, Limits, Returned, Room, Sandbox, Usage

_Ended = TypeVar("_Ended", Finished, Returned)

MOST_ARTIFACTS = 256
MOST_ARTIFACT_BYTES = 64_000_000


@dataclass
class Stopwatch:
    """Seconds by clock; what is neither starting nor running is judging."""

    starting: float = 0.0
    running: float = 0.0
    peak_memory_mb: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def clocks(self) -> Clocks:
        """The clocks until now."""
        total = time.monotonic() - self.began
        judging = max(0.0, total - self.starting - self.running)
        return Clocks(
            starting=round(self.starting, 3),
            running=round(self.running, 3),
            judging=round(judging, 3),
        )

    def saw(self, usage: Usage) -> None:
        """Remember the highest memory of all steps."""
        self.peak_memory_mb = max(self.peak_memory_mb, usage.peak_memory_mb)


@dataclass(kw_only=True)
class Rooms:
    """Opens rooms lazily, one a phase and dataset and content; `enter` and `close` end them."""

    sandbox: Sandbox
    runtime: str
    limits: Limits
    datasets: Datasets
    seed: int = 0
    watch: Stopwatch = field(default_factory=Stopwatch)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    phase: Phase = Phase.INTAKE
    _stack: ExitStack = field(default_factory=ExitStack)
    _open: dict[tuple[str | None, str], Room] = field(default_factory=dict)

    def enter(self, phase: Phase) -> None:
        """Begin a phase: no room of the phase before is left."""
        self.close()
        self.phase = phase

    def renew(self) -> None:
        """End the phase's rooms: the next ones find what has changed meanwhile."""
        self.close()

    def close(self) -> None:
        """End every room."""
        self._open.clear()
        self._stack.close()

    def shared(self, files: Mapping[str, bytes], *, content: str, data: str | None) -> Room:
        """The phase's one room for this dataset and kind of content, opened when first asked."""
        key = (data, content)
        if key not in self._open:
            self._open[key] = self._stack.enter_context(self.fresh(files, data=data))
        return self._open[key]

    @contextmanager
    def fresh(self, files: Mapping[str, bytes], *, data: str | None) -> Iterator[Room]:
        """A room of its own, with files. Raises SandboxError."""
        with ExitStack() as stack:
            room = self._timed_start(lambda: self._start(stack, files, data))
            yield room

    def step(self, work: Callable[[], _Ended]) -> _Ended:
        """Run a stranger's code on the running clock."""
        begin = time.monotonic()
        try:
            ended = work()
        finally:
            self.watch.running += time.monotonic() - begin
        self.watch.saw(ended.usage)
        return ended

    def keep_artifacts(self, room: Room) -> None:
        """Hold a room's /artifacts for the rooms that come after it. Raises Unreadable."""
        self.artifacts = dict(
            room.files("/artifacts", max_files=MOST_ARTIFACTS, max_bytes=MOST_ARTIFACT_BYTES)
        )

    def key(self, data: str | None) -> str:
        """The warehouse folder of a dataset: None is the public one. Raises KeyError."""
        return self.datasets.public if data is None else self.datasets.hidden[data]

    def _timed_start(self, start: Callable[[], Room]) -> Room:
        begin = time.monotonic()
        try:
            return start()
        finally:
            self.watch.starting += time.monotonic() - begin

    def _start(self, stack: ExitStack, files: Mapping[str, bytes], data: str | None) -> Room:
        opening = self.sandbox.open(
            runtime=self.runtime, limits=self.limits, data=self.key(data), seed=self.seed
        )
        room = stack.enter_context(opening)
        room.upload(files)
        return room
