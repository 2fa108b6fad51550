"""Grade a work: run its checks in phases, cheap first, and say each result as it is known.

Three failures are never mixed. `Fail` and `Ended` are the learner's. `SandboxError` goes up: the
platform's, the attempt is graded again. Anything else out of a check is the author's slip: the
check is `broken`, nobody loses points, and somebody is told.
"""

import logging
import math
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from graders.basis import basis_of
from graders.checking import Check, Praise
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.intake import NotGradable, parse_in_room
from graders.loading import load_checks
from graders.messages import Catalogue, load_catalogue
from graders.quest import Quest, Stage
from graders.results import (
    CheckResult,
    Clocks,
    Event,
    Outcome,
    Param,
    Phase,
    PhaseClocks,
    PhaseStarted,
    Verdict,
)
from graders.rooms import Rooms
from graders.verdicts import conclude
from graders.workspace import Workspace
from sandbox.interface import Limits, Sandbox, SandboxError

logger = logging.getLogger(__name__)

# Where the learner's own output may be shown; a hidden phase returns reasons and numbers alone.
_OPEN = (Phase.STATIC, Phase.PUBLIC, Phase.TRAIN)


def grade(  # noqa: PLR0913 - everything that a grading depends on, by name
    quest: Quest,
    stage: Stage,
    files: Mapping[str, bytes],
    *,
    sandbox: Sandbox,
    datasets: Datasets,
    seed: int = 0,
    shown: Mapping[str, float] | None = None,
) -> Generator[Event, None, None]:
    """Judge the project `files` for a stage: phases and results as they are known, then a Verdict.

    `shown` is what earlier attempts were shown of hidden metrics, by check: what
    `graders.metrics.shown_before` finds in their results. It changes no points.

    Closing the iterator early ends every room. Raises NotGradable when a file does not even
    parse, SandboxError when the platform fell down, QuestError for a quest that does not load.
    """
    problem = parse_in_room(files, sandbox=sandbox, runtime=stage.runtime or quest.runtime)
    if problem:
        raise NotGradable(problem)
    yield from grade_parsed(
        quest, stage, files, sandbox=sandbox, datasets=datasets, seed=seed, shown=shown
    )


def grade_parsed(  # noqa: PLR0913 - as `grade`
    quest: Quest,
    stage: Stage,
    files: Mapping[str, bytes],
    *,
    sandbox: Sandbox,
    datasets: Datasets,
    seed: int = 0,
    shown: Mapping[str, float] | None = None,
) -> Generator[Event, None, None]:
    """As `grade`, for files that a room has parsed already: when they were handed in."""
    judging = Judging.of(quest, stage)
    rooms = Rooms(
        sandbox=sandbox,
        runtime=stage.runtime or quest.runtime,
        limits=limits_of(quest, stage),
        datasets=datasets,
        seed=seed,
    )
    work = Workspace(quest=quest, stage=stage, files=files, rooms=rooms, shown=shown or {})
    try:
        results: list[CheckResult] = []
        for phase in Phase:
            for event in judging.phase(phase, work, results):
                if isinstance(event, CheckResult):
                    results.append(event)
                yield event
        yield _verdict(work, results)
    finally:
        rooms.close()


def limits_of(quest: Quest, stage: Stage) -> Limits:
    """The limits of a stage's rooms."""
    return Limits(**(stage.limits or quest.limits).model_dump())


def _verdict(work: Workspace, results: Sequence[CheckResult]) -> Verdict:
    stage, rooms = work.stage, work.rooms
    rooms.close()
    verdict = conclude(
        results,
        pass_=stage.pass_,
        merit=stage.merit,
        clocks=rooms.watch.clocks(),
        peak_memory_mb=rooms.watch.peak_memory_mb,
    )
    basis = basis_of(
        work.quest,
        stage,
        work.files,
        datasets=rooms.datasets,
        limits=rooms.limits,
        seed=rooms.seed,
    )
    return replace(
        verdict,
        phases=tuple(_told(entry) for entry in rooms.watch.phases()),
        basis=replace(basis, rooms=tuple(rooms.made), shown=dict(work.shown)),
    )


@dataclass(frozen=True, kw_only=True)
class Judging:
    """A stage's checks in the order they run, and the messages they may name."""

    checks: tuple[Check, ...]
    catalogue: Catalogue

    @classmethod
    def of(cls, quest: Quest, stage: Stage) -> "Judging":
        """All of them. Raises QuestError."""
        return cls(checks=load_checks(quest, stage), catalogue=load_catalogue(quest, stage))

    def phase(
        self, phase: Phase, work: Workspace, before: Sequence[CheckResult]
    ) -> Iterator[PhaseStarted | CheckResult]:
        """The events of one phase; nothing where no check stands in it."""
        mine = [check for check in self.checks if check.phase is phase]
        if not mine:
            return
        work.rooms.enter(phase)
        yield PhaseStarted(phase=phase, checks=tuple(check.name for check in mine))
        done = {result.check: result for result in before}
        ahead = False
        for check in _in_order(mine):
            result = self._one(check, work, done)
            done[check.name] = result
            yield result
            if result.outcome is Outcome.PASSED and not ahead:
                work.look_ahead()
                ahead = True

    def _one(self, check: Check, work: Workspace, done: Mapping[str, CheckResult]) -> CheckResult:
        waits = next((need for need in check.needs if not _met(done.get(need))), None)
        if waits is not None:
            return replace(_result(check, Outcome.SKIPPED), waits_for=waits)
        begin = time.monotonic()
        result = self._judged(check, work)
        seconds = time.monotonic() - begin
        if check.phase not in _OPEN:
            seconds = _coarse(seconds)
        return replace(result, seconds=round(seconds, 3), readout=work.take_readout())

    def _judged(self, check: Check, work: Workspace) -> CheckResult:
        try:
            return self._said(check, work)
        except SandboxError:
            raise  # the room fell down: the attempt is graded again, nobody is blamed
        except Exception:
            logger.exception("check %s is broken", check.name)
            return _result(check, Outcome.BROKEN)

    def _said(self, check: Check, work: Workspace) -> CheckResult:
        """What the check says. A failure with a parameter that does not fit raises, too."""
        try:
            return self._earned(check, check(work))
        except Fail as failure:
            return self._failed(check, failure)
        except Ended as ended:
            return self._ended(check, ended)

    def _earned(self, check: Check, answer: float | Praise | None) -> CheckResult:
        if isinstance(answer, Praise):
            params = self._clean(check, answer.reason, answer.params)
            return replace(
                _result(check, Outcome.PASSED, share=1), reason=answer.reason, params=params
            )
        share = 1.0 if answer is None else _share(answer)
        if share == 1:
            return _result(check, Outcome.PASSED, share=share)
        outcome = Outcome.PARTIAL if share > 0 else Outcome.FAILED
        return self._explained(check, _result(check, outcome, share=share))

    def _explained(self, check: Check, result: CheckResult) -> CheckResult:
        """A bare share has the message of the reason `partial` or `failed`, where there is one."""
        name = result.outcome.value
        if self.catalogue.reason(check.name, name) is None:
            return result
        facts: dict[str, Param] = {"points": result.points, "max_points": result.max_points}
        return replace(result, reason=name, params=self._clean(check, name, facts))

    def _failed(self, check: Check, failure: Fail) -> CheckResult:
        share = _share(failure.share)
        return replace(
            _result(check, Outcome.PARTIAL if share > 0 else Outcome.FAILED, share=share),
            reason=failure.reason,
            params=self._clean(check, failure.reason, failure.params),
            locations=failure.locations,
        )

    def _ended(self, check: Check, ended: Ended) -> CheckResult:
        return replace(
            _result(check, ended.outcome),
            reason=ended.reason,
            params=self._clean(check, ended.reason, ended.params),
            locations=ended.locations,
            output=ended.output if check.phase in _OPEN else "",
        )

    def _clean(self, check: Check, name: str, params: Mapping[str, Param]) -> dict[str, Param]:
        """The declared parameters, rounded. Raises for a reason or a value nobody declared."""
        reason = self.catalogue.reason(check.name, name)
        if reason is None:
            raise LookupError(f'check {check.name}: reason "{name}" has no message')
        return {key: kind.clean(params[key]) for key, kind in reason.types.items()}


def _told(entry: PhaseClocks) -> PhaseClocks:
    """The clocks of a phase as they may be read: those of a hidden one are coarse."""
    if entry.phase in _OPEN:
        return entry
    clocks = Clocks(**{name: _coarse(value) for name, value in asdict(entry.clocks).items()})
    return replace(entry, clocks=clocks)


def _coarse(seconds: float) -> float:
    """To half a second: how long hidden data took is no one's clue."""
    return round(seconds * 2) / 2


def _in_order(checks: Sequence[Check]) -> list[Check]:
    """The file's order, except that a need of the same phase comes first."""
    names = {check.name: check for check in checks}
    ordered: dict[str, Check] = {}

    def place(check: Check, above: tuple[str, ...]) -> None:
        for need in check.needs:
            if need in names and need not in ordered and need not in above:
                place(names[need], (*above, check.name))
        ordered[check.name] = check

    for check in checks:
        if check.name not in ordered:
            place(check, ())
    return list(ordered.values())


def _met(result: CheckResult | None) -> bool:
    return result is not None and result.outcome in (Outcome.PASSED, Outcome.PARTIAL)


def _share(answer: object) -> float:
    """A share of the points. Raises for what is none: NaN is never a pass."""
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        raise TypeError(f"a check returns None, praise or a share, not {answer!r}")
    if not (math.isfinite(answer) and 0 <= answer <= 1):
        raise ValueError(f"a share lies between 0 and 1, not at {answer!r}")
    return float(answer)


def _result(check: Check, outcome: Outcome, *, share: float = 0.0) -> CheckResult:
    return CheckResult(
        check=check.name,
        group=check.group,
        phase=check.phase or Phase.PUBLIC,
        kind=check.kind,
        severity=check.severity,
        outcome=outcome,
        points=round(share * check.points, 4),
        max_points=check.points,
    )
