"""The kill matrix: every work of a quest before every check, and what does not hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from graders.quest import Quest, Stage
from graders.results import Blame, Group, Outcome, Verdict
from graders.works import Work, overlays, reference, starter

_STOPPED = (Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.LIMIT, Outcome.PARTIAL)
_EARNED = (Group.TESTS, Group.METRICS, Group.BUSINESS)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A work and its verdict; no verdict when it was refused before grading."""

    work: Work
    verdict: Verdict | None
    refused: str = ""

    def outcome(self, check: str) -> Outcome | None:
        """How one check ended."""
        results = self.verdict.results if self.verdict else ()
        return next((r.outcome for r in results if r.check == check), None)


def rows_of(quest: Quest, stages: Sequence[Stage], grade: Callable[[Work], Row]) -> Iterator[Row]:
    """Every work of these stages, graded one after the other."""
    for stage in stages:
        yield grade(reference(quest, stage))
        yield grade(starter(quest, stage))
        for work in overlays(quest, stage):
            yield grade(work)


def problems(rows: Iterable[Row]) -> list[str]:
    """What does not hold: one line each, for the author.

    The reference passes with merit and without a broken check; the starter does not pass; each
    mistake is stopped by the check it is named after; each cheat fails and earns nothing of
    tests, metrics and business.
    """
    return [
        f"{row.work.stage.slug} {row.work.name}: {line}" for row in rows for line in _problems(row)
    ]


def untested(rows: Sequence[Row]) -> list[str]:
    """Checks that no starter, mistake or cheat fails: nobody knows whether they can."""
    checks = [result.check for row in rows if row.verdict for result in row.verdict.results]
    return [
        check
        for check in dict.fromkeys(checks)
        if not any(row.outcome(check) in _STOPPED for row in rows if row.work.kind != "reference")
    ]


def _problems(row: Row) -> Iterator[str]:
    kind, verdict = row.work.kind, row.verdict
    if verdict is None:
        if kind != "starter":
            yield f"refused: {row.refused}"
        return
    if verdict.blame is Blame.QUEST_ERROR:
        broken = [r.check for r in verdict.results if r.outcome is Outcome.BROKEN]
        yield f"broken: {', '.join(broken)}"
    match kind:
        case "reference":
            yield from _reference_problems(verdict)
        case "starter" if verdict.passed:
            yield f"passes with {verdict.score}"
        case "mistakes":
            yield from _mistake_problems(row, verdict)
        case "cheats":
            yield from _cheat_problems(verdict)


def _reference_problems(verdict: Verdict) -> Iterator[str]:
    if not verdict.passed:
        yield f"does not pass: {verdict.score}, {verdict.readiness}"
    elif not verdict.merit:
        yield f"passes without merit: {verdict.score}"
    for result in verdict.results:
        if result.outcome in (*_STOPPED, Outcome.SKIPPED):
            yield f"{result.check} is {result.outcome} ({result.reason or result.waits_for})"


def _mistake_problems(row: Row, verdict: Verdict) -> Iterator[str]:
    check = row.work.stopped_by or ""
    outcome = row.outcome(check)
    if outcome is None:
        known = ", ".join(result.check for result in verdict.results)
        yield f'stage {row.work.stage.slug} has no check "{check}"; it has {known}'
    elif outcome not in _STOPPED:
        yield f"{check} did not stop it: {outcome}"


def _cheat_problems(verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        yield f"passes with {verdict.score}"
    earned = [r for r in verdict.results if r.group in _EARNED and r.points > 0]
    if earned:
        points = ", ".join(f"{result.check} {result.points:g}" for result in earned)
        yield f"earns points: {points}"
