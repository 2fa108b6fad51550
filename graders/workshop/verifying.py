"""Prove a quest: every work before every check, twice, over several towns, watched for leaks.

The works of a quest say what must become of them (`matrix.problems`). Here they are
judged: each twice on the installation's hidden data, and what must pass also on those of other
towns. Results are kept by what they follow from, so only what has changed is judged again.
"""

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from graders.datasets import Datasets
from graders.grading import limits_of
from graders.loading import load_checks
from graders.messages import load_catalogue
from graders.quest import Quest, Stage
from graders.works import Work
from graders.workshop.canaries import Canaries, planted, said_leaks
from graders.workshop.keeping import Judged, Kept, key_of, material
from graders.workshop.matrix import Row, works_of
from graders.workshop.watching import Watch
from graders.workshop.workbench import SEED, Bench
from sandbox.interface import Made, Sandbox

RUNS = 2
_TOWN_PROOF = ("reference", "variants")  # what must hold whoever the hidden customers are


@dataclass(frozen=True, kw_only=True)
class Town:
    """Hidden data to judge on: as they are kept, and the same with canaries in the truth."""

    datasets: Datasets
    marked: Datasets
    canaries: Canaries


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One work to be judged once."""

    work: Work
    town: int = 0
    run: int = 0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A trial has its result."""

    row: Row
    fresh: bool  # judged now, not kept from before
    done: int
    of: int


Tell = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Prover:
    """What proving needs; `only` chooses among works, stages and checks by their names."""

    quest: Quest
    sandbox: Sandbox
    towns: Sequence[Town]
    kept: Kept
    jobs: int = 2
    runs: int = RUNS
    seed: int = SEED
    shell: str = "auto"
    _made: dict[str, Made] = field(default_factory=dict)  # what keys are made with
    _seen: dict[str, Made] = field(default_factory=dict)  # what rooms were found to be
    _materials: dict[str, dict[str, str]] = field(default_factory=dict)

    def rows(self, trials: Sequence[Trial], *, tell: Tell = lambda _: None) -> list[Row]:
        """Judge what is not kept and return a row for each work and town. Raises SandboxError."""
        for stage in {trial.work.stage.slug: trial.work.stage for trial in trials}.values():
            load_checks(self.quest, stage)  # once, before threads ask
            load_catalogue(self.quest, stage)
        found: list[tuple[Trial, Row]] = []
        if not self._all_known(trials):
            self._look_at_rooms(trials)
        with ThreadPoolExecutor(max_workers=self.jobs, thread_name_prefix="prover") as pool:
            results = pool.map(self._judged, trials)
            try:
                for trial, (row, fresh) in zip(trials, results, strict=True):
                    found.append((trial, row))
                    done = Progress(row=row, fresh=fresh, done=len(found), of=len(trials))
                    tell(done)
            finally:
                pool.shutdown(cancel_futures=True)
        return _both(found)

    def trials(self, stages: Iterable[Stage], only: Sequence[str] = ()) -> list[Trial]:
        """What to judge: every work twice; what must pass, once in each further town."""
        found = []
        for work in (work for stage in stages for work in works_of(self.quest, stage)):
            if only and not any(_is_meant(work, self.quest, word) for word in only):
                continue
            found += [Trial(work=work, run=run) for run in range(self.runs)]
            if work.kind in _TOWN_PROOF:
                found += [Trial(work=work, town=town) for town in range(1, len(self.towns))]
        return found

    def unkept(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those of the trials whose work has a result to be found anew."""
        self._look_at_rooms(trials)
        missing = {one.work.label for one in trials if not self.kept.find(self._key(one))}
        return [one for one in trials if one.work.label in missing]

    def _judged(self, trial: Trial) -> tuple[Row, bool]:
        key = self._key(trial)
        kept = self.kept.find(key)
        if kept is not None:
            return _row(trial, kept), False
        row = self._now(trial)
        self.kept.keep(key, row)
        return row, True

    def _now(self, trial: Trial) -> Row:
        town = self.towns[trial.town]
        watch = Watch(town.canaries)
        bench = Bench(quest=self.quest, datasets=town.marked, sandbox=self.sandbox, seed=self.seed)
        row = bench.grade(trial.work, watch=watch)
        leaks = list(watch.leaks)
        if row.verdict:
            stage = trial.work.stage
            leaks += said_leaks(self.quest, stage, row.verdict, town.marked, town.canaries)
        return replace(row, leaks=tuple(leaks), town=trial.town)

    def _key(self, trial: Trial) -> str:
        stage = trial.work.stage
        if stage.slug not in self._materials:
            self._materials[stage.slug] = material(self.quest, stage)
        return key_of(
            trial.work,
            quest=self.quest,
            datasets=self.towns[trial.town].datasets,
            seed=self.seed,
            made=self._made[_runtime(self.quest, stage)],
            beside=self._materials[stage.slug] | {"run": str(trial.run)},
        )

    def _all_known(self, trials: Sequence[Trial]) -> bool:
        """Whether every result is kept, if rooms are what they were: then none is opened."""
        for runtime in {_runtime(self.quest, trial.work.stage) for trial in trials}:
            made = self._made.get(runtime) or self.kept.rooms(runtime, shell=self.shell)
            if made is None:
                return False
            self._made[runtime] = made
        return all(self.kept.find(self._key(trial)) for trial in trials)

    def _look_at_rooms(self, trials: Sequence[Trial]) -> None:
        """What rooms are, by runtime: a moment's room of each tells."""
        for stage in {trial.work.stage.slug: trial.work.stage for trial in trials}.values():
            runtime = _runtime(self.quest, stage)
            if runtime not in self._seen:
                limits = limits_of(self.quest, stage)
                with self.sandbox.open(runtime=runtime, limits=limits) as room:
                    self._seen[runtime] = self._made[runtime] = room.made
                self.kept.keep_rooms(room.made, shell=self.shell)


@contextmanager
def towns(datasets: Sequence[Datasets]) -> Iterator[list[Town]]:
    """Towns with canaries in their truth, which go with the block."""
    with ExitStack() as stack:
        yield [_town(stack, one) for one in datasets]


def _town(stack: ExitStack, datasets: Datasets) -> Town:
    marked, canaries = stack.enter_context(planted(datasets))
    return Town(datasets=datasets, marked=marked, canaries=canaries)


def _both(found: Sequence[tuple[Trial, Row]]) -> list[Row]:
    """A row for each work and town, with its second run beside the first."""
    rows: dict[tuple[str, int], Row] = {}
    for trial, row in found:
        name = (trial.work.label, trial.town)
        first = rows.get(name)
        if first is None:
            rows[name] = row
        else:
            leaks = tuple(dict.fromkeys([*first.leaks, *row.leaks]))
            rows[name] = replace(first, again=row.verdict, leaks=leaks)
    return list(rows.values())


def _runtime(quest: Quest, stage: Stage) -> str:
    return stage.runtime or quest.runtime


def _is_meant(work: Work, quest: Quest, word: str) -> bool:
    """By stage, by work, or by check: then what it must stop, and what must pass."""
    names = (work.stage.slug, work.name, work.name.partition("/")[2], work.stopped_by or "")
    if any(fnmatch.fnmatchcase(name, word) for name in names if name):
        return True
    if work.kind not in _TOWN_PROOF:
        return False
    return any(fnmatch.fnmatchcase(one.name, word) for one in load_checks(quest, work.stage))


def _row(trial: Trial, kept: Judged) -> Row:
    return Row(
        work=trial.work,
        verdict=kept.verdict,
        refused=kept.refused,
        leaks=kept.leaks,
        town=trial.town,
    )
