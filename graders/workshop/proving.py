"""A whole verification, from a quest's folder to its proof: what ``sim verify`` does."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from graders.datasets import prepare
from graders.faults import Level, QuestError
from graders.inspecting import inspect_quest
from graders.loading import load_quest
from graders.quest import Quest, Stage
from graders.workshop.keeping import Kept
from graders.workshop.matrix import Row, duplicates, problems, untested
from graders.workshop.printing import matrix_lines
from graders.workshop.proofs import Manner, Proof, proof_of
from graders.workshop.verifying import RUNS, Prover, Tell, towns
from graders.workshop.workbench import SEED, sandbox_for, secret_of, secret_of_town
from sandbox.interface import Limits, Room, Sandbox

RESULTS = "verified"  # the folder of kept results in a home
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a verification is asked to do."""

    home: Path
    scale: str
    shell: str = "auto"
    towns: int = 3
    runs: int = RUNS
    jobs: int = 2
    only: tuple[str, ...] = ()
    changed: bool = False
    seed: int = SEED

    @property
    def whole(self) -> bool:
        """Whether nothing is left out, so that the result is a proof."""
        return not (self.only or self.changed) and self.runs >= RUNS


def sound_quest(folder: Path) -> Quest:
    """The quest in a folder, without any error that can be seen. Raises QuestError."""
    faults = [fault for fault in inspect_quest(folder) if fault.level is Level.ERROR]
    if faults:
        raise QuestError(faults)
    return load_quest(folder)


def prove(quest: Quest, asked: Asked, *, say: Say, tell: Tell = lambda _: None) -> Proof:
    """Judge the works, `say` the kill matrix of each stage, return what was found.

    Raises SandboxError, DatasetError, QuestError.
    """
    secret = secret_of(asked.home)
    datasets = [
        prepare(quest, scale=asked.scale, secret=secret_of_town(secret, town), home=asked.home)
        for town in range(asked.towns)
    ]
    with towns(datasets) as places, ExitStack() as stack:
        prover = Prover(
            quest=quest,
            sandbox=_WhenNeeded(stack, quest, asked),
            shell=asked.shell,
            towns=places,
            kept=Kept(folder=asked.home / RESULTS),
            jobs=asked.jobs,
            runs=asked.runs,
            seed=asked.seed,
        )
        rows, found = [], []
        for stage in quest.stages:
            own = _rows(prover, stage, asked, tell)
            rows += own
            found += _stage_problems(stage, own, asked)
            for line in _stage_lines(stage, own):
                say(line)
    manner = Manner(scale=asked.scale, towns=asked.towns, runs=asked.runs, whole=asked.whole)
    return proof_of(quest, rows, found, manner=manner)


class _WhenNeeded:
    """A sandbox that comes up when its first room is asked for: not where all is known."""

    def __init__(self, stack: ExitStack, quest: Quest, asked: Asked) -> None:
        self._stack, self._quest, self._asked = stack, quest, asked
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def open(
        self,
        *,
        runtime: str,
        limits: Limits,
        data: str | None = None,
        seed: int = 0,
        now: str | None = None,
    ) -> AbstractContextManager[Room]:
        with self._lock:
            if self._sandbox is None:
                coming = sandbox_for(self._quest, home=self._asked.home, shell=self._asked.shell)
                self._sandbox = self._stack.enter_context(coming)
        return self._sandbox.open(runtime=runtime, limits=limits, data=data, seed=seed, now=now)


def _rows(prover: Prover, stage: Stage, asked: Asked, tell: Tell) -> list[Row]:
    trials = prover.trials([stage], asked.only)
    if asked.changed:
        trials = prover.unkept(trials)
    return prover.rows(trials, tell=tell) if trials else []


def _stage_problems(stage: Stage, rows: list[Row], asked: Asked) -> list[str]:
    found = problems(rows)
    if not (asked.only or asked.changed):
        found += [
            f"{stage.slug}: nothing tests {check}: no work fails it; add mistakes/{check}/"
            for check in untested(rows)
        ]
    return found


def _stage_lines(stage: Stage, rows: list[Row]) -> list[str]:
    if not rows:
        return []
    same = [f"  note: {' and '.join(checks)} stop the same works" for checks in duplicates(rows)]
    return [*matrix_lines(stage, rows), *same]
