"""A verdict for a terminal: what an author and a learner read without a browser."""

import textwrap
from collections.abc import Iterator, Sequence

from graders.messages import render
from graders.quest import Language, Quest, Stage
from graders.results import CheckResult, Event, Group, Outcome, PhaseStarted, Verdict
from graders.workshop.matrix import Row
from graders.workshop.reporting import focus_of

_MARKS = {
    Outcome.PASSED: "✓",
    Outcome.PARTIAL: "≈",
    Outcome.FAILED: "✗",
    Outcome.ERROR: "✗",
    Outcome.TIMEOUT: "✗",
    Outcome.LIMIT: "✗",
    Outcome.SKIPPED: "·",
    Outcome.BROKEN: "?",
}
_ONLY_FOR_DEVELOPMENT = (
    "development only: this machine cannot count a room's memory in the kernel, so limits were"
    " watched every 20 ms; no ground for grades that count"
)
_WORDS: dict[str, dict[Language, str]] = {
    "what": {"en": "What", "ru": "Что произошло"},
    "why": {"en": "Why", "ru": "Почему это важно"},
    "reproduce": {"en": "Reproduce", "ru": "Как повторить"},
    "learn": {"en": "Learn", "ru": "Где узнать"},
    "minutes": {"en": "min", "ru": "мин"},
    "first": {"en": "Mend first", "ru": "Начните с этого"},
}


def event_lines(quest: Quest, stage: Stage, event: Event, language: Language) -> list[str]:
    """What happens in a grading, as it happens."""
    match event:
        case PhaseStarted():
            return [phase_line(event)]
        case CheckResult():
            return list(result_lines(quest, stage, event, language))
        case Verdict():
            return list(verdict_lines(stage, event))


def phase_line(event: PhaseStarted) -> str:
    """A phase begins."""
    return f"  {event.phase.value}"


def result_lines(
    quest: Quest, stage: Stage, result: CheckResult, language: Language
) -> Iterator[str]:
    """One check: a line, and the four parts of its message where it needs work."""
    message = render(quest, stage, result, language)
    points = f"{result.points:g}/{result.max_points:g}"
    head = f"  {_MARKS[result.outcome]} {message.title}"
    yield f"{head:<58} {points:>8}  {result.seconds:5.2f} s  {result.check}"
    if result.outcome in (Outcome.PASSED, Outcome.SKIPPED, Outcome.BROKEN):
        if result.outcome is not Outcome.PASSED or result.reason:
            yield from _wrapped("", message.sentence)
        return
    for part in ("what", "why", "reproduce"):
        yield from _wrapped(_WORDS[part][language], getattr(message, part))
    if message.learn:
        minutes = f"{message.learn} ({message.minutes} {_WORDS['minutes'][language]})"
        yield from _wrapped(_WORDS["learn"][language], minutes)
    for place in result.locations[:3]:
        yield f"      {place.path}:{place.line}" if place.line else f"      {place.path}"
    yield from _wrapped("", result.output[-600:])


def verdict_lines(stage: Stage, verdict: Verdict) -> Iterator[str]:
    """The verdict in three lines."""
    groups = ", ".join(f"{group} {_sum(verdict, group)}" for group in _groups(verdict))
    clocks = verdict.clocks
    yield f"{stage.slug}: {verdict.score:g}/100, {verdict.readiness.value}, {verdict.blame.value}"
    yield f"  {groups}"
    yield (
        f"  starting {clocks.starting:.2f} s, running {clocks.running:.2f} s,"
        f" judging {clocks.judging:.2f} s, at most {verdict.peak_memory_mb:.0f} MB"
    )
    if verdict.development_only:
        yield f"  {_ONLY_FOR_DEVELOPMENT}"


def focus_lines(quest: Quest, stage: Stage, verdict: Verdict, language: Language) -> Iterator[str]:
    """The one thing to mend first; nothing when there is none."""
    focus = focus_of(verdict)
    if focus:
        title = render(quest, stage, focus, language).title
        yield f"  {_WORDS['first'][language]}: {title} ({focus.check})"


def matrix_lines(stage: Stage, rows: Sequence[Row]) -> Iterator[str]:
    """Works by checks; the columns are numbered, and the numbers explained."""
    checks = list(
        dict.fromkeys(
            result.check for row in rows if row.verdict for result in row.verdict.results
        )
    )
    yield f"{stage.slug}"
    for number, check in enumerate(checks, start=1):
        yield f"  {number:>2} {check}"
    yield f"  {'work':<44} score  " + " ".join(f"{n:>2}" for n in range(1, len(checks) + 1))
    for row in rows:
        outcomes = [row.outcome(check) for check in checks]
        marks = " ".join(f" {_MARKS[outcome]}" if outcome else "  " for outcome in outcomes)
        score = f"{row.verdict.score:>5g}" if row.verdict else "    –"
        yield f"  {row.name:<44} {score}  {marks}"


def _groups(verdict: Verdict) -> list[Group]:
    present = {result.group for result in verdict.results}
    return [group for group in Group if group in present]


def _sum(verdict: Verdict, group: Group) -> str:
    own = [result for result in verdict.results if result.group is group]
    return f"{sum(r.points for r in own):g}/{sum(r.max_points for r in own):g}"


def _wrapped(label: str, text: str) -> Iterator[str]:
    if not text.strip():
        return
    start = f"{label}: " if label else ""
    for line in (start + text).splitlines():
        yield from textwrap.wrap(
            line, 96, initial_indent="      ", subsequent_indent="      "
        ) or [""]
