"""A verdict as a page reads it: what to do first, what changed, what is left, what it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from graders.messages import Message, render
from graders.quest import Language, Quest, Stage
from graders.readouts import Readout
from graders.receipts import Receipt, receipt_of
from graders.results import Blame, CheckResult, Group, Outcome, Readiness, Severity
from graders.results import Verdict as Judged
from sandbox.interface import Made
from simulator.attempts import events
from simulator.attempts.focusing import FAILING, focus_of, is_open
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.attempts.reading import latest_grading
from simulator.catalog import quests

MOST_PRAISE: Final = 2
MOST_LOOKED_BACK: Final = 20  # attempts, for "n in a row"
GREEN: Final = frozenset({Outcome.PASSED})
RAN: Final = FAILING | GREEN | {Outcome.PARTIAL}

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
class Finding:
    """One check's result, in words, and since when it is open."""

    result: CheckResult
    message: Message
    in_a_row: int = 0  # attempts in a row that left it open, this one included


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
class Versions:
    """What the verdict rests on."""

    quest: str
    digest: str
    runtime: str
    scale: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The checks by what became of them since the previous attempt; each is in one class."""

    broke: tuple[Finding, ...] = ()  # was green: regressions are shown first
    still_open: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    stayed: tuple[Finding, ...] = ()  # passes, and did not fail before
    not_run: tuple[Finding, ...] = ()  # skipped, with what they wait for
    broken: tuple[Finding, ...] = ()  # ours to repair: the author is told


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """A report, ready for a template."""

    attempt: Attempt
    quest: Quest
    stage: Stage
    graded_at: datetime
    blame: Blame
    score: float
    passed: bool
    merit: bool
    readiness: Readiness
    sentence: str
    groups: tuple[GroupScore, ...]
    focus: Finding | None
    findings: tuple[Finding, ...]  # all, in the order of the checks
    changes: Changes
    praise: tuple[Finding, ...]
    clocks: ReportClocks
    peak_memory_mb: float
    versions: Versions
    receipt: Receipt | None  # None for what was graded before receipts were kept
    previous: Attempt | None = None  # the graded attempt before it, at the same stage
    delta: float | None = None  # points since then
    was: Readiness | None = None  # its readiness
    rule_changed: bool = False  # another version of the quest judged it

    @property
    def development_only(self) -> bool:
        """Whether it is fine for learning, but no ground for a grade that counts."""
        return self.receipt is not None and self.receipt.development_only

    @property
    def rollout(self) -> Readout | None:
        """What the rollout has shown, as far as it came; None where there was none."""
        shown = [f.result.readout for f in self.findings if f.result.readout is not None]
        return shown[-1] if shown else None

    @property
    def rooms(self) -> tuple[Made, ...]:
        """What kinds of rooms the work ran in."""
        return self.receipt.basis.rooms if self.receipt else ()

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
    def not_run(self) -> tuple[Finding, ...]:
        return self.changes.not_run

    @property
    def broken(self) -> tuple[Finding, ...]:
        return self.changes.broken

    @property
    def open(self) -> tuple[Finding, ...]:
        """All that is left to do: what broke comes first."""
        return self.changes.broke + self.changes.still_open

    @property
    def passing(self) -> tuple[Finding, ...]:
        """Every check that passes, the fixed ones first."""
        return self.changes.fixed + self.changes.stayed


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
            counts=True,
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
        quest=quest,
        stage=stage,
        graded_at=verdict.created_at,
        blame=judged.blame,
        score=judged.score,
        passed=judged.passed,
        merit=judged.merit,
        readiness=judged.readiness,
        sentence=_sentence(judged, stage, language),
        groups=_groups(judged.results),
        focus=next((f for f in findings if f.result == focus), None),
        findings=findings,
        changes=_changes(findings, past),
        praise=tuple(f for f in findings if _is_praise(f.result))[:MOST_PRAISE],
        clocks=_clocks(verdict, judged),
        peak_memory_mb=judged.peak_memory_mb,
        versions=_versions(grading),
        receipt=receipt_of(judged),
        previous=previous.grading.attempt if previous else None,
        delta=round(judged.score - previous.score, 1) if previous else None,
        was=Readiness(previous.readiness) if previous else None,
        rule_changed=bool(previous and previous.grading.quest_digest != grading.quest_digest),
    )


def _findings(
    judged: Judged, quest: Quest, stage: Stage, past: _Past, language: Language
) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            result=result,
            message=render(quest, stage, result, language),
            in_a_row=1 + past.open_in_a_row(result.check) if is_open(result) else 0,
        )
        for result in judged.results
    )


def _clocks(verdict: Verdict, judged: Judged) -> ReportClocks:
    return ReportClocks(
        queued=round(verdict.queued_seconds, 3),
        starting=judged.clocks.starting,
        running=judged.clocks.running,
        judging=judged.clocks.judging,
    )


def _versions(grading: Grading) -> Versions:
    return Versions(
        quest=grading.quest_version,
        digest=grading.quest_digest,
        runtime=grading.runtime,
        scale=grading.scale,
    )


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
    was = past.was(finding.result.check)
    match finding.result.outcome:
        case Outcome.SKIPPED:
            return "not_run"
        case Outcome.BROKEN:
            return "broken"
        case Outcome.PASSED:
            return "fixed" if was is not None and was not in GREEN else "stayed"
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
