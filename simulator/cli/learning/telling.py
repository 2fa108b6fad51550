"""Results, reports and differences in lines: the site's words for the same things."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from simulator.cli.learning.speaking import GLYPHS, Voice
from simulator.cli.learning.words import (
    CHANGES,
    FIRST,
    GROUPS,
    OUTCOMES,
    PARTS,
    READINESS,
    SEVERITIES,
    said,
    word,
)
from simulator.wire import CheckOut, ReportOut, Tongue

WIDTH: Final = 96
MARGIN: Final = "      "
UNBROKEN: Final = "\ue000"  # of Unicode's private use: stands for a blank while lines are broken
GREEN: Final = frozenset({"passed", "skipped", "broken"})
FOLDED: Final = ("fixed", "stayed", "not_run")
READY_STYLE: Final = {"not_ready": "red", "pilot": "yellow", "production": "green"}


def open_checks(checks: Sequence[CheckOut]) -> list[CheckOut]:
    """The checks that are to be mended: praise that was not earned is none."""
    return [check for check in checks if check.status not in GREEN and check.severity != "praise"]


def tell_check(voice: Voice, check: CheckOut, *, lessons: str) -> None:
    """One check: a line, and the four parts where it needs work."""
    _head(voice, check)
    if check.status in GREEN:
        return
    for label, text in _parts(check, lessons, voice.language):
        for line in _wrapped(f"{word(PARTS, label, voice.language)}  {text}"):
            voice.say(line)
    if check.output:
        voice.say(f"{MARGIN}{said('printed', voice.language)}:")
        for line in check.output.rstrip().splitlines():
            voice.say(f"{MARGIN}  {line}", "dim")


def tell_report(voice: Voice, report: ReportOut, *, page: str, lessons: str) -> None:
    """A whole report: verdict, what to do first, what changed, what is left."""
    _verdict(voice, report)
    focus = next((check for check in report.checks if check.id == report.focus), None)
    if focus is not None:
        voice.say()
        voice.say(f"{said('mend_first', voice.language)}:", "bold")
        tell_check(voice, focus, lessons=lessons)
    for change in CHANGES:
        of_class = [c for c in report.checks if c.change == change and c.id != report.focus]
        if not of_class:
            continue
        voice.say()
        classes = CHANGES if report.previous else FIRST
        voice.say(f"{word(classes, change, voice.language)} ({len(of_class)})", "bold")
        for check in of_class:
            if change in FOLDED:
                _head(voice, check)
            else:
                tell_check(voice, check, lessons=lessons)
    voice.say()
    if report.development_only:
        voice.words("development_only")
    voice.words("passed_stage" if report.passed else "open_stage")
    voice.words("report_at", url=page)


def _verdict(voice: Voice, report: ReportOut) -> None:
    language = voice.language
    number = said("attempt", language, number=report.attempt)
    voice.say(f"{report.quest} / {report.stage}: {number}")
    readiness = word(READINESS, report.readiness, language)
    line = f"{report.score:g} / {report.max_score:g}  {readiness}"
    if report.delta is not None and report.previous is not None:
        since = said("since", language, delta=f"{report.delta:+g}", number=report.previous)
        line += f"  {since}"
    voice.say(line, f"bold {READY_STYLE.get(report.readiness, '')}")
    voice.say(report.sentence)
    voice.say(
        " · ".join(
            f"{word(GROUPS, group.group, language)} {group.score:g}/{group.max_score:g}"
            for group in report.groups
        )
    )


def _head(voice: Voice, check: CheckOut) -> None:
    """The line of a check: sign or word, title, id, points, seconds, the first place."""
    outcome = word(OUTCOMES, check.status, voice.language)
    glyph, style = GLYPHS.get(check.status, ("?", ""))
    sign = f"{outcome}:" if voice.plain else glyph
    facts = [check.id]
    if check.max_score:
        points = said(
            "points", voice.language, got=f"{check.score:g}", most=f"{check.max_score:g}"
        )
        facts.append(points)
    if check.duration_ms:
        facts.append(f"{check.duration_ms / 1000:.1f} {said('seconds', voice.language)}")
    if check.waits_for:
        facts.append(said("waits_for", voice.language, check=check.waits_for))
    if check.status not in GREEN:
        facts.append(word(SEVERITIES, check.severity, voice.language))
    voice.say(f"  {sign} {check.title}  ({', '.join(facts)})", style)
    for place in check.locations[:3] if check.status not in GREEN else []:
        voice.say(f"{MARGIN}{place.path}:{place.line}" if place.line else MARGIN + place.path)


def _parts(check: CheckOut, lessons: str, language: Tongue) -> Iterator[tuple[str, str]]:
    if check.what:
        yield "what", check.what
    if check.why:
        yield "why", check.why
    if check.reproduce:
        # A command is one line, to be copied: its blanks are no places to break at.
        command = check.reproduce.replace(" ", UNBROKEN) if check.is_command else check.reproduce
        yield "reproduce", command
    if check.lesson:
        minutes = f"{check.minutes} {said('min', language)}"
        yield "learn", f"{check.learn} ({minutes}) {lessons}{check.lesson}/"


def _wrapped(text: str) -> list[str]:
    """Lines for eyes; what is to be copied, an address or a command, is never broken."""
    return [
        line.replace(UNBROKEN, " ")
        for part in text.splitlines()
        for line in textwrap.wrap(
            part,
            WIDTH,
            initial_indent=MARGIN,
            subsequent_indent=f"{MARGIN}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
