"""What the pages show of an attempt: how far its grading is, then its report."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from graders.loading import load_checks
from graders.quest import Language, Quest, Stage
from graders.results import CheckResult, Phase
from simulator.attempts import hinting, runner_state
from simulator.attempts.following import Kind, Place, news_of
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.attempts.reporting import ReportPage, report
from simulator.attempts.wording import Worded, word
from simulator.catalog import lessons, quests
from simulator.catalog.models import Enrolment

UNDER_WAY: Final = (Grading.State.QUEUED, Grading.State.RUNNING)
RECENT: Final = 20


@dataclass(frozen=True, kw_only=True)
class PhaseLine:
    """A phase in the list of a grading that runs."""

    phase: Phase
    total: int
    done: int
    state: str  # waits | running | done
    outcome: str  # the worst so far


@dataclass(frozen=True, kw_only=True)
class Live:
    """A grading that waits or runs, as it stands when the page is drawn."""

    phases: tuple[PhaseLine, ...]
    results: tuple[Worded, ...]
    ahead: int
    state: str
    estimate: float | None
    development_only: bool = False  # so are the rooms that open now

    @property
    def total(self) -> int:
        return sum(line.total for line in self.phases)

    @property
    def done(self) -> int:
        return len(self.results)


def outcome(
    enrolment: Enrolment, quest: Quest, stage: Stage, language: Language
) -> dict[str, Any]:
    """For the right pane: the grading under way, if any, and the last report."""
    attempts = [*Attempt.objects.filter(enrolment=enrolment, stage=stage.slug)[:2]]
    context: dict[str, Any] = {}
    for attempt in attempts:
        grading = latest_grading(attempt)
        if grading.state in UNDER_WAY and "live" not in context:
            context |= {"attempt": attempt, "live": live(attempt, quest, stage, language)}
        elif grading.state == Grading.State.DONE:
            shown = {"report": report(attempt, language), "next_stage": _after(quest, stage)}
            return context | shown
        elif grading.state not in UNDER_WAY:
            return context | {"halted": halted(grading), "halted_attempt": attempt}
    return context


def page(attempt: Attempt, quest: Quest, stage: Stage, language: Language) -> dict[str, Any]:
    """For the attempt's own page: `report`, else `live`, else `halted` with a sentence."""
    grading = latest_grading(attempt)
    context: dict[str, Any] = {
        "attempt": attempt,
        "quest": quest,
        "stage": stage,
        "stage_number": quest.stages.index(stage) + 1,
    }
    found = report(attempt, language)
    if found is not None:
        limits = found.stage.limits or found.quest.limits
        context |= {"report": found, "memory_mb": limits.memory_mb}
        if found.focus is not None:
            context |= _help(attempt, found, language)
        return context | _around(attempt, quest, stage)
    if grading.state in UNDER_WAY:
        return context | {"live": live(attempt, quest, stage, language)}
    return context | {"halted": halted(grading)}


def live(attempt: Attempt, quest: Quest, stage: Stage, language: Language) -> Live:
    """How far the grading of an attempt is."""
    grading = latest_grading(attempt)
    entries = news_of(grading.pk, Place())
    results = [entry.result for entry in entries if entry.result]
    started = [entry.phase.phase for entry in entries if entry.phase]
    return Live(
        phases=_phases(quest, stage, started=started, results=results),
        results=tuple(word(result, quest, stage, language) for result in results),
        ahead=max((entry.ahead for entry in entries if entry.kind is Kind.STATE), default=0),
        state=grading.state,
        estimate=_estimate(quest, stage),
        development_only=runner_state.development_only(),
    )


def halted(grading: Grading) -> str:
    """Why a grading will not end with a verdict; empty when it may."""
    match grading.state:
        case Grading.State.CANCELLED:
            return _("This grading was cancelled. No attempt was used.")
        case Grading.State.QUARANTINED:
            return _(
                "Our machines failed at this attempt more than once. No attempt was used, "
                "and a person will look at it. You can hand in again."
            )
        case _ as state if state in UNDER_WAY or state == Grading.State.DONE:
            return ""
        case _:
            return _("A file could not be read, so nothing was graded. No attempt was used.")


def _phases(
    quest: Quest, stage: Stage, *, started: Sequence[Phase], results: Sequence[CheckResult]
) -> tuple[PhaseLine, ...]:
    checks = [check.phase for check in load_checks(quest, stage)]
    lines = []
    for phase in Phase:
        total = checks.count(phase)
        of_phase = [result.outcome for result in results if result.phase is phase]
        if not total and phase not in started:
            continue
        running = bool(started) and phase is started[-1] and len(of_phase) < total
        lines.append(
            PhaseLine(
                phase=phase,
                total=max(total, len(of_phase)),
                done=len(of_phase),
                state="running" if running else "done" if phase in started else "waits",
                outcome=next((bad for bad in of_phase if bad != "passed"), "passed"),
            )
        )
    return tuple(lines)


def _estimate(quest: Quest, stage: Stage) -> float | None:
    """The median of the last gradings of this stage, in seconds; None before the first."""
    rows = Grading.objects.filter(
        attempt__stage=stage.slug,
        attempt__enrolment__quest=quest.slug,
        state=Grading.State.DONE,
        claimed_at__isnull=False,
        finished_at__isnull=False,
    ).order_by("-pk")
    spans = [
        (finished - claimed).total_seconds()
        for claimed, finished in rows.values_list("claimed_at", "finished_at")[:RECENT]
        if claimed and finished
    ]
    return statistics.median(spans) if spans else None


def _around(attempt: Attempt, quest: Quest, stage: Stage) -> dict[str, Any]:
    """The attempts before it, and the stage after it."""
    rows = (
        Attempt.objects.filter(enrolment=attempt.enrolment_id, stage=stage.slug)
        .annotate(score=F("gradings__verdict__score"))
        .values_list("pk", "score")
    )
    scores: dict[int, float | None] = {}
    for pk, score in rows.order_by("number", "gradings__pk"):
        scores[pk] = scores.get(pk) if score is None else score
    return {
        "scores": [*scores.values()],
        "here": [*scores].index(attempt.pk),
        "next_stage": _after(quest, stage),
        "next_number": quest.stages.index(stage) + 2,
    }


def _help(attempt: Attempt, found: ReportPage, language: Language) -> dict[str, Any]:
    """What stands in the card of the finding to fix first: the ladder, and its lesson."""
    slug = found.focus.message.lesson if found.focus else ""
    known = slug in quests.lessons(found.quest)
    return {
        "hints": hinting.ladder(
            attempt.enrolment, found.quest, found.stage, language, now=timezone.now()
        ),
        "lesson": lessons.body(found.quest, slug, language) if known else "",
    }


def _after(quest: Quest, stage: Stage) -> Stage | None:
    following = quest.stages[quest.stages.index(stage) + 1 :]
    return following[0] if following else None
