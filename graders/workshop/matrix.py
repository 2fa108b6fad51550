"""The kill matrix: every work of a quest before every check, and what does not hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from graders.quest import Quest, Stage
from graders.results import Blame, CheckResult, Group, Outcome, Severity, Verdict
from graders.works import Work, overlays, reference, starter, variants

_STOPPED = (Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.LIMIT, Outcome.PARTIAL)
_EARNED = (Group.TESTS, Group.METRICS, Group.BUSINESS)
_ACCEPTED = ("reference", "variants")
_LITTLE = 5.0  # points that a starter may have: it has clean files, and nothing of the work
_TIMINGS = ("seconds", "megabytes")  # parameters that no two runs share


@dataclass(frozen=True, kw_only=True)
class Row:
    """A work and its verdict; no verdict when it was refused before grading."""

    work: Work
    verdict: Verdict | None
    refused: str = ""
    again: Verdict | None = None  # of a second run, which must say the same
    leaks: tuple[str, ...] = ()  # what went where it must not
    town: int = 0  # which hidden data: 0 is the installation's own

    def outcome(self, check: str) -> Outcome | None:
        """How one check ended."""
        return next((r.outcome for r in self.results if r.check == check), None)

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """The results of the first run."""
        return self.verdict.results if self.verdict else ()

    @property
    def name(self) -> str:
        """The work's name, and the town's number where it is not the first."""
        return f"{self.work.name} (town {self.town})" if self.town else self.work.name


def works_of(quest: Quest, stage: Stage) -> Iterator[Work]:
    """Every work of a stage, in the order of the matrix."""
    yield reference(quest, stage)
    yield starter(quest, stage)
    yield from variants(quest, stage)
    yield from overlays(quest, stage)


def rows_of(quest: Quest, stages: Sequence[Stage], grade: Callable[[Work], Row]) -> Iterator[Row]:
    """Every work of these stages, graded one after the other."""
    for stage in stages:
        for work in works_of(quest, stage):
            yield grade(work)


def problems(rows: Iterable[Row]) -> list[str]:
    """What does not hold: one line each, for the author.

    The reference and each variant pass with merit and without a broken check; the starter has
    next to nothing; each mistake is stopped by the check it is named after and by no other
    blocker; each cheat fails and earns nothing of tests, metrics and business; nothing leaks; a
    second run says the same.
    """
    return [f"{row.work.stage.slug} {row.name}: {line}" for row in rows for line in _problems(row)]


def untested(rows: Sequence[Row]) -> list[str]:
    """Checks that no starter, mistake or cheat fails: nobody knows whether they can."""
    checks = [result.check for row in rows for result in row.results]
    bad = [row for row in rows if row.work.kind not in _ACCEPTED]
    return [
        check
        for check in dict.fromkeys(checks)
        if not any(row.outcome(check) in _STOPPED for row in bad)
    ]


def duplicates(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Checks that stop exactly the same works, two or more: they may be one check."""
    columns: dict[tuple[str, ...], list[str]] = {}
    for check in dict.fromkeys(result.check for row in rows for result in row.results):
        stopped = tuple(row.name for row in rows if row.outcome(check) in _STOPPED)
        if len(stopped) > 1:
            columns.setdefault(stopped, []).append(check)
    return [tuple(checks) for checks in columns.values() if len(checks) > 1]


def _problems(row: Row) -> Iterator[str]:
    kind, verdict = row.work.kind, row.verdict
    yield from row.leaks
    if verdict is None:
        if kind != "starter":
            yield f"refused: {row.refused}"
        return
    if verdict.blame is Blame.QUEST_ERROR:
        broken = [r.check for r in verdict.results if r.outcome is Outcome.BROKEN]
        yield f"broken: {', '.join(broken)}"
    yield from _unlike(row, verdict, row.again)
    match kind:
        case "reference" | "variants":
            yield from _accepted_problems(verdict)
        case "starter":
            yield from _starter_problems(verdict)
        case "mistakes":
            yield from _mistake_problems(row, verdict)
        case "cheats":
            yield from _cheat_problems(verdict)


def _unlike(row: Row, first: Verdict, second: Verdict | None) -> Iterator[str]:
    """Where a second run on the same data, with the same seed, says something else.

    A bad work may be random itself, so its parameters may differ; its outcomes may not.
    """
    if second is None:
        return
    sure = row.work.kind in _ACCEPTED
    before = {result.check: _said(result, params=sure) for result in first.results}
    after = {result.check: _said(result, params=sure) for result in second.results}
    for check in dict.fromkeys([*before, *after]):
        if before.get(check) != after.get(check):
            yield f"{check} differs between two runs: {before.get(check)}, then {after.get(check)}"


def _said(result: CheckResult, *, params: bool) -> str:
    told = f" {result.reason}" if result.reason else ""
    if params and result.params:
        shown = {k: v for k, v in result.params.items() if not k.endswith(_TIMINGS)}
        told += f" {shown}"
    return f"{result.outcome} {result.points:g}{told}"


def _accepted_problems(verdict: Verdict) -> Iterator[str]:
    if not verdict.passed:
        yield f"does not pass: {verdict.score}, {verdict.readiness}"
    elif not verdict.merit:
        yield f"passes without merit: {verdict.score}"
    for result in verdict.results:
        if result.outcome in (*_STOPPED, Outcome.SKIPPED):
            yield f"{result.check} is {result.outcome} ({result.reason or result.waits_for})"


def _starter_problems(verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        yield f"passes with {verdict.score}"
    elif verdict.score > _LITTLE:
        earned = [f"{one.check} {one.points:g}" for one in verdict.results if one.points > 0]
        yield (
            f"has {verdict.score} points before a learner did anything"
            f" ({', '.join(earned)}); {_LITTLE:g} are the most"
        )


def _mistake_problems(row: Row, verdict: Verdict) -> Iterator[str]:
    check = row.work.stopped_by or ""
    outcome = row.outcome(check)
    if outcome is None:
        known = ", ".join(result.check for result in verdict.results)
        yield f'stage {row.work.stage.slug} has no check "{check}"; it has {known}'
    elif outcome not in _STOPPED:
        yield f"{check} did not stop it: {outcome}"
    for result in verdict.results:
        if (
            result.severity is Severity.BLOCKER
            and result.outcome in _STOPPED
            and result.check not in (check, *row.work.also)
        ):
            yield f"another blocker stops it too: {result.check} ({result.reason})"


def _cheat_problems(verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        yield f"passes with {verdict.score}"
    earned = [r for r in verdict.results if r.group in _EARNED and r.points > 0]
    if earned:
        points = ", ".join(f"{result.check} {result.points:g}" for result in earned)
        yield f"earns points: {points}"
