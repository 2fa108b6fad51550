"""Two attempts at a stage side by side: what became of the checks, the code and the numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graders.quest import Language
from graders.results import Group, Outcome
from simulator.attempts.differing import Line, differences
from simulator.attempts.models import Attempt, Snapshot
from simulator.attempts.reporting import Finding, ReportPage, report

GREEN: Final = frozenset({Outcome.PASSED})
RAN: Final = frozenset(Outcome) - {Outcome.SKIPPED, Outcome.BROKEN}
VALUE: Final = "value"  # what a metric check says of its metric; shown in steps of its noise
MOST_FILES: Final = 40


@dataclass(frozen=True, kw_only=True)
class CheckChange:
    """What became of a check from the one attempt to the other."""

    finding: Finding  # as it is in the later attempt
    was: Outcome | None
    became: str  # broke, worse, open, better, fixed, passes, not_run


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number in both attempts, and whether the difference says anything."""

    name: str
    before: float | None
    after: float | None
    noise: float | None = None  # half a band; None where the values are shown in steps of it
    in_steps: bool = False
    unit: str = ""

    @property
    def delta(self) -> float | None:
        if self.before is None or self.after is None:
            return None
        return round(self.after - self.before, 4)

    @property
    def beyond(self) -> bool:
        """Whether the difference is more than noise."""
        delta = self.delta
        return bool(delta) and (self.noise is None or abs(delta or 0) > self.noise)


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """A file that differs."""

    path: str
    kind: str  # added, deleted, changed
    lines: tuple[Line, ...]
    hit: bool  # a check that broke or was mended points into it


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that the page shows."""

    before: ReportPage
    after: ReportPage
    checks: tuple[CheckChange, ...]
    files: tuple[FileChange, ...]
    unshown: int
    numbers: tuple[Number, ...]
    rule_changed: bool

    def became(self, word: str) -> tuple[CheckChange, ...]:
        return tuple(change for change in self.checks if change.became == word)


ORDER: Final = ("broke", "worse", "open", "better", "fixed", "not_run", "passes")


def compare(before: Attempt, after: Attempt, language: Language) -> Comparison | None:
    """The comparison of two attempts; None while one of them has no verdict."""
    first, second = report(before, language), report(after, language)
    if first is None or second is None:
        return None
    checks = tuple(sorted(_checks(first, second), key=lambda each: ORDER.index(each.became)))
    touched = {
        place.path
        for change in checks
        if change.became in {"broke", "fixed"}
        for place in change.finding.result.locations
    }
    changed = _changed(before.manifest, after.manifest)
    return Comparison(
        before=first,
        after=second,
        checks=checks,
        files=_files(before.manifest, after.manifest, changed[:MOST_FILES], touched),
        unshown=max(len(changed) - MOST_FILES, 0),
        numbers=tuple(_numbers(first, second)),
        rule_changed=first.versions.digest != second.versions.digest,
    )


def _checks(before: ReportPage, after: ReportPage) -> Iterator[CheckChange]:
    was = {finding.result.check: finding.result for finding in before.findings}
    for finding in after.findings:
        old, new = was.get(finding.result.check), finding.result
        became = "open"
        if new.outcome not in RAN:
            became = "not_run"
        elif new.outcome in GREEN:
            mended = old is not None and old.outcome not in GREEN and old.outcome in RAN
            became = "fixed" if mended else "passes"
        elif old is not None and old.outcome in GREEN:
            became = "broke"
        elif old is not None and new.points != old.points:
            became = "better" if new.points > old.points else "worse"
        yield CheckChange(finding=finding, was=old.outcome if old else None, became=became)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def _files(
    before: Mapping[str, str], after: Mapping[str, str], paths: list[str], touched: set[str]
) -> tuple[FileChange, ...]:
    digests = {found[path] for path in paths for found in (before, after) if path in found}
    texts = {
        snapshot.digest: bytes(snapshot.content).decode("utf-8", errors="replace")
        for snapshot in Snapshot.objects.filter(digest__in=digests)
    }
    return tuple(
        FileChange(
            path=path,
            kind="added" if path not in before else "deleted" if path not in after else "changed",
            lines=tuple(
                differences(
                    texts.get(before.get(path, ""), ""), texts.get(after.get(path, ""), "")
                )
            ),
            hit=path in touched,
        )
        for path in paths
    )


def _numbers(before: ReportPage, after: ReportPage) -> Iterator[Number]:
    yield Number(name="score", before=before.score, after=after.score)
    for group in Group:
        was = next((g.points for g in before.groups if g.group is group), None)
        now = next((g.points for g in after.groups if g.group is group), None)
        if was is not None or now is not None:
            yield Number(name=group.value, before=was, after=now)
    old = {finding.result.check: finding for finding in before.findings}
    for finding in after.findings:
        value = finding.result.params.get(VALUE)
        earlier = old.get(finding.result.check)
        before_value = earlier.result.params.get(VALUE) if earlier else None
        if isinstance(value, int | float):
            yield Number(
                name=finding.message.title,
                before=float(before_value) if isinstance(before_value, int | float) else None,
                after=float(value),
                in_steps=True,
            )
    yield from _money(before, after)


def _money(before: ReportPage, after: ReportPage) -> Iterator[Number]:
    """The effect of both rollouts; a difference within either interval is noise."""
    if after.rollout is None:
        return
    noise = (after.rollout.high - after.rollout.low) / 2
    if before.rollout is not None:
        noise = max(noise, (before.rollout.high - before.rollout.low) / 2)
    yield Number(
        name="effect",
        before=before.rollout.effect if before.rollout else None,
        after=after.rollout.effect,
        noise=round(noise, 4),
    )
