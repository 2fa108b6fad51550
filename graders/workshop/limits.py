"""What the accepted works of a quest use in rooms, step by step: what limits follow from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from graders.quest import Quest
from graders.works import reference, variants
from graders.workshop.calibrating import Used
from graders.workshop.workbench import bench
from sandbox.interface import Finished, Limits, Returned, Room, Sandbox, Usage


def used_by(quest: Quest, *, home: Path, shell: str = "auto") -> list[Used]:
    """The most that reference and variants used in one step, by stage, as learners are judged.

    Raises SandboxError, DatasetError.
    """
    found = []
    with bench(quest, scale=quest.grading_scale, home=home, shell=shell) as place:
        for stage in quest.stages:
            meter = Meter()
            metered = replace(place, sandbox=_Metered(place.sandbox, meter))
            for work in (reference(quest, stage), *variants(quest, stage)):
                metered.grade(work)
            found.append(meter.used(stage.slug))
    return found


@dataclass
class Meter:
    """The highest use of any step."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_mb: float = 0.0
    steps: int = field(default=0)

    def saw(self, usage: Usage) -> None:
        """One step more."""
        self.wall_seconds = max(self.wall_seconds, usage.wall_seconds)
        self.cpu_seconds = max(self.cpu_seconds, usage.cpu_seconds)
        self.memory_mb = max(self.memory_mb, usage.peak_memory_mb)
        self.steps += 1

    def used(self, stage: str) -> Used:
        """What was seen."""
        return Used(
            stage=stage,
            wall_seconds=self.wall_seconds,
            cpu_seconds=self.cpu_seconds,
            memory_mb=self.memory_mb,
        )


class _Metered:
    def __init__(self, sandbox: Sandbox, meter: Meter) -> None:
        self._sandbox, self._meter = sandbox, meter

    @contextmanager
    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> Iterator[Room]:
        opening = self._sandbox.open(runtime=runtime, limits=limits, data=data, seed=seed, now=now)
        with opening as room:
            yield _MeteredRoom(room, self._meter)


class _MeteredRoom:
    """A room whose steps are measured; everything else is the room's own."""

    def __init__(self, room: Room, meter: Meter) -> None:
        self._room, self._meter = room, meter
        self.made = room.made
        self.upload, self.read, self.files = room.upload, room.read, room.files
        self.serve, self.close = room.serve, room.close

    def run(
        self,
        *command: str,
        limits: Limits | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> Finished:
        finished = self._room.run(*command, limits=limits, stdin=stdin, env=env)
        self._meter.saw(finished.usage)
        return finished

    def call(self, target: str, *args: Any, **options: Any) -> Returned:  # noqa: ANN401
        returned = self._room.call(target, *args, **options)
        self._meter.saw(returned.usage)
        return returned
