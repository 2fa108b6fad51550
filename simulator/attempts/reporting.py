"""A verdict as a page reads it: what to do first, what changed, what is left, what it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from graders.messages import Message, render
from graders.quest import Language, Quest, Stage
from graders.results import Blame, CheckResult, Group, Location, Outcome, Readiness, Severity
from graders.results import Verdict as Judged
from simulator.attempts import events
from simulator.attempts.focusing import FAILING, focus_of, is_open
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.attempts.reading import latest_grading
from simulator.catalog import quests

MOST_PRAISE: Final = 2
MOST_LOOKED_BACK: Final = 20  # attempts, for "n in a row"
GREEN: Final = frozenset({Outcome.PASSED})
RAN: Final = FAILING | GREEN | {Outcome.PARTIAL}

HEADLINES: Final[Mapping[Readiness, Mapping[Language, str]]] = {
    Readiness.NOT_READY: {"en": "Not ready", "ru": "Не готово"},
    Readiness.PILOT: {"en": "Ready for a pilot", "ru": "Готово к пилоту"},
    Readiness.PRODUCTION: {"en": "Ready for production", "ru": "Готово к продакшену"},
}
SENTENCES: Final[Mapping[Readiness, Mapping[Language, str]]] = {
    Readiness.NOT_READY: {
        "en": "Going live like this would endanger production. One finding comes first.",
        "ru": "Запускать это в продакшен опасно. Начните с одной находки.",
    },
    Readiness.PILOT: {
        "en": "It would hold under supervision; what is left costs money or nights.",
        "ru": "Под присмотром это работает; оставшееся стоит денег или бессонных ночей.",
    },
    Readiness.PRODUCTION: {
        "en": "Nothing was found that keeps it from going live.",
        "ru": "Не нашлось ничего, что мешало бы запуску.",
    },
}
STAYS_OPEN: Final[Mapping[Language, str]] = {
    "en": "Nothing endangers production, and the stage asks for {points} points: the open checks "
    "bring them.",
    "ru": "Опасного для продакшена нет, а этап требует {points} баллов: их принесут открытые "
    "проверки.",
}
OURS: Final[Mapping[Language, str]] = {
    "en": "A check of ours fell down. Its author is told; it costs you neither points nor an "
    "attempt.",
    "ru": "Наша проверка сломалась. Автор уже знает; это не стоит вам ни баллов, ни попытки.",
}


@dataclass(frozen=True, kw_only=True)
class Learn:
    """Where to read on."""

    title: str
    lesson: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check's result in words, flat for a template."""

    result: CheckResult
    message: Message
    in_a_row: int = 0  # attempts in a row that left it open, this one included
    waits_for: str = ""  # the title of the check that a skipped one waits for

    @property
    def check(self) -> str:
        return self.result.check

    @property
    def title(self) -> str:
        return self.message.title

    @property
    def what(self) -> str:
        return self.message.what or self.message.sentence

    @property
    def why(self) -> str:
        return self.message.why

    @property
    def reproduce(self) -> str:
        return self.message.reproduce

    @property
    def learn(self) -> Learn | None:
        """The lesson, if the reason names one."""
        if not self.message.lesson:
            return None
        return Learn(
            title=self.message.learn, lesson=self.message.lesson, minutes=self.message.minutes
        )

    @property
    def place(self) -> Location | None:
        """The first place in the project that it points at."""
        return self.result.locations[0] if self.result.locations else None

    @property
    def group(self) -> Group:
        return self.result.group

    @property
    def severity(self) -> Severity:
        return self.result.severity

    @property
    def outcome(self) -> Outcome:
        return self.result.outcome

    @property
    def points(self) -> float:
        return self.result.points

    @property
    def max_points(self) -> float:
        return self.result.max_points

    @property
    def output(self) -> str:
        return self.result.output


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """A stretch of the scale bar."""

    group: Group
    points: float
    max_points: float


@dataclass(frozen=True, kw_only=True)
class ReportClocks:
    """Where the time went, in seconds."""

    queued: float
    starting: float
    running: float
    judging: float

    @property
    def total(self) -> float:
        """From hand-in to verdict."""
        return self.queued + self.starting + self.running + self.judging


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The checks by what became of them since the previous attempt; each is in one class."""

    broke: tuple[Finding, ...] = ()  # was green: regressions are shown first
    still_open: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    passed: tuple[Finding, ...] = ()
    not_run: tuple[Finding, ...] = ()  # skipped, with what they wait for
    ours: tuple[Finding, ...] = ()  # broken checks: their author is told


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """A report, ready for a template."""

    attempt: Attempt
    grading: Grading
    quest: Quest
    stage: Stage
    judged: Judged
    graded_at: datetime
    headline: str
    sentence: str
    groups: tuple[GroupScore, ...]
    focus: Finding | None
    changes: Changes
    praise: tuple[Finding, ...]
    findings: tuple[Finding, ...]  # all, in the judge's order
    clocks: ReportClocks
    previous: Attempt | None = None
    delta: float | None = None  # points since the previous graded attempt at the stage
    was: Readiness | None = None  # its readiness
    rule_changed: bool = False  # it was judged by another version of the quest

    @property
    def number(self) -> int:
        return self.attempt.number

    @property
    def public_id(self) -> UUID:
        return self.attempt.public_id

    @property
    def previous_number(self) -> int | None:
        return self.previous.number if self.previous else None

    @property
    def score(self) -> float:
        return self.judged.score

    @property
    def blame(self) -> Blame:
        return self.judged.blame

    @property
    def readiness(self) -> Readiness:
        return self.judged.readiness

    @property
    def passed_stage(self) -> bool:
        return self.judged.passed

    @property
    def merit(self) -> bool:
        return self.judged.merit

    @property
    def broke(self) -> tuple[Finding, ...]:
        return self.changes.broke

    @property
    def still_open(self) -> tuple[Finding, ...]:
        return self.changes.still_open

    @property
    def fixed(self) -> tuple[Finding, ...]:
        return self.changes.fixed

    @property
    def passed(self) -> tuple[Finding, ...]:
        return self.changes.passed

    @property
    def not_run(self) -> tuple[Finding, ...]:
        return self.changes.not_run

    @property
    def ours(self) -> tuple[Finding, ...]:
        return self.changes.ours

    @property
    def memory_mb(self) -> float:
        return self.judged.peak_memory_mb

    @property
    def memory_limit_mb(self) -> int:
        return (self.stage.limits or self.quest.limits).memory_mb

    @property
    def quest_version(self) -> str:
        return self.grading.quest_version

    @property
    def runtime(self) -> str:
        return self.grading.runtime

    @property
    def scale(self) -> str:
        return self.grading.scale


@dataclass(frozen=True, kw_only=True)
class _Past:
    """The verdicts on the stage before this attempt, newest first."""

    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Mapping[str, Outcome], ...]  # by check, a verdict at a time

    @classmethod
    def before(cls, attempt: Attempt) -> "_Past":
        """What came before an attempt: of each earlier one, the grading that counts."""
        rows = Verdict.objects.filter(
            grading__attempt__enrolment=attempt.enrolment_id,
            grading__attempt__stage=attempt.stage,
            grading__attempt__number__lt=attempt.number,
        ).select_related("grading__attempt")
        latest: dict[int, Verdict] = {}
        for verdict in rows.order_by("-grading_id")[: 2 * MOST_LOOKED_BACK]:
            latest.setdefault(verdict.grading.attempt.number, verdict)
        verdicts = tuple(latest[number] for number in sorted(latest, reverse=True))
        return cls(
            verdicts=verdicts,
            outcomes=tuple(
                {result.check: result.outcome for result in events.read_verdict(v.body).results}
                for v in verdicts
            ),
        )

    @property
    def previous(self) -> Verdict | None:
        return self.verdicts[0] if self.verdicts else None

    def was(self, check: str) -> Outcome | None:
        """How the check ended when it last ran."""
        return next((found[check] for found in self.outcomes if found.get(check) in RAN), None)

    def open_in_a_row(self, check: str) -> int:
        """How many of the newest attempts left it open, one after the other."""
        count = 0
        for found in self.outcomes:
            if found.get(check) not in RAN - GREEN:
                break
            count += 1
        return count


def report(attempt: Attempt, language: Language) -> ReportPage | None:
    """The report of an attempt's latest grading; None while there is no verdict."""
    grading = latest_grading(attempt)
    verdict = Verdict.objects.filter(pk=grading.pk).first()
    if verdict is None:
        return None
    quest = quests.kept(attempt.enrolment.quest, digest=grading.quest_digest)
    stage = quest.stage(attempt.stage)
    judged = events.read_verdict(verdict.body)
    past = _Past.before(attempt)
    findings = _findings(judged, quest, stage, past, language)
    focus = focus_of(judged.results)
    previous = past.previous
    return ReportPage(
        attempt=attempt,
        grading=grading,
        quest=quest,
        stage=stage,
        judged=judged,
        graded_at=verdict.created_at,
        headline=HEADLINES[judged.readiness][language],
        sentence=_sentence(judged, stage, language),
        groups=_groups(judged.results),
        focus=next((f for f in findings if focus and f.check == focus.check), None),
        changes=_changes(findings, past),
        praise=tuple(f for f in findings if _is_praise(f.result))[:MOST_PRAISE],
        findings=findings,
        clocks=ReportClocks(
            queued=round(verdict.queued_seconds, 3),
            starting=judged.clocks.starting,
            running=judged.clocks.running,
            judging=judged.clocks.judging,
        ),
        previous=previous.grading.attempt if previous else None,
        delta=round(judged.score - previous.score, 1) if previous else None,
        was=Readiness(previous.readiness) if previous else None,
        rule_changed=bool(previous and previous.grading.quest_digest != grading.quest_digest),
    )


def _findings(
    judged: Judged, quest: Quest, stage: Stage, past: _Past, language: Language
) -> tuple[Finding, ...]:
    messages = {result.check: render(quest, stage, result, language) for result in judged.results}
    found: list[Finding] = []
    for result in judged.results:
        waits = messages.get(result.waits_for or "")
        found.append(
            Finding(
                result=result,
                message=messages[result.check],
                in_a_row=1 + past.open_in_a_row(result.check) if is_open(result) else 0,
                waits_for=waits.title if waits else result.waits_for or "",
            )
        )
    return tuple(found)


def _sentence(judged: Judged, stage: Stage, language: Language) -> str:
    if judged.blame is Blame.QUEST_ERROR:
        return OURS[language]
    if judged.readiness is not Readiness.NOT_READY and not judged.passed:
        return STAYS_OPEN[language].format(points=f"{stage.pass_:g}")
    return SENTENCES[judged.readiness][language]


def _groups(results: Sequence[CheckResult]) -> tuple[GroupScore, ...]:
    """The groups that have points, in their order; broken checks count on neither side."""
    counted = [result for result in results if result.outcome is not Outcome.BROKEN]
    scores = [
        GroupScore(
            group=group,
            points=round(sum(r.points for r in counted if r.group is group), 1),
            max_points=round(sum(r.max_points for r in counted if r.group is group), 1),
        )
        for group in Group
    ]
    return tuple(score for score in scores if score.max_points > 0)


def _changes(findings: Sequence[Finding], past: _Past) -> Changes:
    classes: dict[str, list[Finding]] = {}
    for finding in findings:
        if not _is_unearned_praise(finding.result):
            classes.setdefault(_class(finding, past), []).append(finding)
    return Changes(**{name: tuple(found) for name, found in classes.items()})


def _class(finding: Finding, past: _Past) -> str:
    """The class of a check that ended like this. What never ran before is neither new nor old."""
    was = past.was(finding.check)
    match finding.outcome:
        case Outcome.SKIPPED:
            return "not_run"
        case Outcome.BROKEN:
            return "ours"
        case Outcome.PASSED:
            return "fixed" if was is not None and was not in GREEN else "passed"
        case _:
            return "broke" if was in GREEN else "still_open"


def _is_praise(result: CheckResult) -> bool:
    """Something done well enough to say so: a pass that gives its reason."""
    return result.outcome is Outcome.PASSED and (
        result.reason is not None or result.severity is Severity.PRAISE
    )


def _is_unearned_praise(result: CheckResult) -> bool:
    """A good word that was not earned is nothing to repair."""
    return result.severity is Severity.PRAISE and result.outcome is not Outcome.PASSED
