"""Compare two attempts: checks, points, and code. Without numbers, the last two at one stage."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from simulator.cli.learning import accounts, project
from simulator.cli.learning.attempts import attempt_numbered, attempts_of, handed_in
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, Voice, speaking
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import CHANGES, OUTCOMES, said, word
from simulator.cli.printing import Code
from simulator.wire import AttemptOut, CheckOut, ReportOut

GREEN = frozenset({"passed"})
STYLES = {"+": "green", "-": "red", "@": "cyan"}


def command(
    before: Annotated[int | None, typer.Argument(help="The earlier attempt's number.")] = None,
    after: Annotated[int | None, typer.Argument(help="The later one's; else the last.")] = None,
    *,
    code: Annotated[bool, typer.Option(help="Show the code's differences, too.")] = True,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        with Site(accounts.current(here.facts.site)) as site:
            one, other = _two(site, here.facts.quest, before, after)
            old, new = (site.get(f"/api/attempts/{a.id}/report", ReportOut) for a in (one, other))
            files = (handed_in(site, one), handed_in(site, other)) if code else ({}, {})
        classes = changes(old, new)
        differing = dict(_differences(*files))
        _tell(voice, (old, new), classes, differing if code else None)
        voice.give(_document(old, new, classes, differing))


def changes(old: ReportOut, new: ReportOut) -> dict[str, list[tuple[CheckOut | None, CheckOut]]]:
    """The later attempt's checks by what became of them, with how they were."""
    was = {check.id: check for check in old.checks}
    found: dict[str, list[tuple[CheckOut | None, CheckOut]]] = {name: [] for name in CHANGES}
    for check in new.checks:
        found[_class(was.get(check.id), check)].append((was.get(check.id), check))
    return {name: checks for name, checks in found.items() if checks}


def _class(was: CheckOut | None, check: CheckOut) -> str:
    ran = was is not None and was.status not in {"skipped", "broken"}
    good_before = was is not None and was.status in GREEN
    if check.status == "skipped":
        return "not_run"
    if check.status == "broken":
        return "broken"
    if check.status in GREEN:
        return "fixed" if ran and not good_before else "stayed"
    return "broke" if good_before else "still_open"


def _two(
    site: Site, quest: str, before: int | None, after: int | None
) -> tuple[AttemptOut, AttemptOut]:
    other = attempt_numbered(site, quest, after)
    if before is not None:
        return attempt_numbered(site, quest, before), other
    for attempt in attempts_of(site, quest):
        if attempt.stage == other.stage and attempt.number < other.number:
            return attempt, other
    raise Trouble(
        "One attempt so far; there is nothing to compare.",
        code=Code.USAGE,
        remedy="Name two attempts: sim diff 1 2",
        name="nothing_to_compare",
    )


def _tell(
    voice: Voice,
    reports: tuple[ReportOut, ReportOut],
    classes: Mapping[str, list[tuple[CheckOut | None, CheckOut]]],
    differing: Mapping[str, str] | None,
) -> None:
    old, new = reports
    numbers = f"{said('attempt', voice.language, number=old.attempt)} → {new.attempt}"
    voice.say(f"{numbers}: {old.score:g} → {new.score:g} ({new.score - old.score:+g})", "bold")
    for name, checks in classes.items():
        voice.say()
        voice.say(f"{word(CHANGES, name, voice.language)} ({len(checks)})", "bold")
        for was, check in checks:
            before = word(OUTCOMES, was.status, voice.language) if was else "–"
            now = word(OUTCOMES, check.status, voice.language)
            points = f"{was.score if was else 0:g} → {check.score:g}"
            voice.say(f"  {check.title}  ({check.id}): {before} → {now}, {points}")
    if differing is None:
        return
    voice.say()
    if not differing:
        voice.words("nothing_differs")
    for text in differing.values():
        for line in text.splitlines():
            voice.say(line, "" if line.startswith(("+++", "---")) else STYLES.get(line[:1], ""))


def _differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """By path, what differs, as `diff -u` writes it."""
    for path in sorted({*old, *new}):
        one, other = old.get(path), new.get(path)
        if one == other:
            continue
        lines = difflib.unified_diff(
            _lines(one), _lines(other), fromfile=f"a/{path}", tofile=f"b/{path}", lineterm=""
        )
        yield path, "\n".join(lines)


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", errors="replace").splitlines()


def _document(
    old: ReportOut,
    new: ReportOut,
    classes: Mapping[str, list[tuple[CheckOut | None, CheckOut]]],
    differing: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "before": {"attempt": old.attempt, "stage": old.stage, "score": old.score},
        "after": {"attempt": new.attempt, "stage": new.stage, "score": new.score},
        "checks": {name: [check.id for _, check in checks] for name, checks in classes.items()},
        "code": dict(differing),
    }
