"""Who may need help, and why in words: signals from the work, never a grade."""

import enum
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.utils.translation import ngettext

from graders.messages import load_catalogue
from graders.quest import Language, Quest
from simulator.attempts.models import Grading
from simulator.attempts.standing import DAY, Stood, Struggle
from simulator.catalog.models import HintUse
from simulator.cohorts.models import Cohort, Nudge

SAME_FINDING: Final = 4
SAME_FINDING_STRONG: Final = 6
IDLE_MINUTES: Final = 90
IDLE_MINUTES_STRONG: Final = 180
HURRIED: Final = 5
FAR_STEP: Final = 3  # of a stage's help: the next step in so many words
AFTER_HINTS: Final = 3  # attempts that still fail although the hints were read
SILENT_DAYS: Final = 3  # beyond the learner's own usual gap
FORGOTTEN_DAYS: Final = 60  # after that nobody is waited for
NOT_GRADABLE: Final = 3
FINE_FOR: Final = timedelta(days=3)
ENOUGH_SIGNALS: Final = 2


class Kind(enum.StrEnum):
    """What may show that someone is stuck."""

    SAME_FINDING = "same_finding"
    NOTHING_NEW = "nothing_new"
    HURRIED = "hurried"
    HINTS_READ = "hints_read"
    SILENT = "silent"
    NOT_GRADABLE = "not_gradable"


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Mark both forms for translation; they are translated when they are said."""
    return one, many


SENTENCES: Final = {
    Kind.SAME_FINDING: ngettext_noop(
        "“%(finding)s” came first in %(number)d changed attempt",
        "“%(finding)s” came first in %(number)d changed attempts in a row",
    ),
    Kind.NOTHING_NEW: ngettext_noop(
        "no newly passed check in %(number)d minute of work",
        "no newly passed check in %(number)d minutes of work",
    ),
    Kind.HURRIED: ngettext_noop(
        "%(number)d quick attempt with few changed lines",
        "%(number)d quick attempts in a row, with few changed lines each",
    ),
    Kind.HINTS_READ: ngettext_noop(
        "the hints are read, %(number)d attempt does not pass",
        "the hints are read, %(number)d attempts do not pass",
    ),
    Kind.SILENT: ngettext_noop(
        "silent for %(number)d day; the usual gap is %(usual)d",
        "silent for %(number)d days; the usual gap is %(usual)d",
    ),
    Kind.NOT_GRADABLE: ngettext_noop(
        "%(number)d hand-in could not be graded",
        "%(number)d hand-ins in a row could not be graded",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One reason to look, with the number that says how strong it is."""

    kind: Kind
    number: int
    strong: bool = False
    finding: str = ""
    usual: int = 0  # days


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A learner who may need help at a stage."""

    learner_id: int
    quest: str
    stage: str
    signals: tuple[Signal, ...]
    days: int  # since the last attempt
    latest: str = ""  # the newest graded attempt

    @property
    def urgency(self) -> tuple[int, int]:
        """What comes first in a list."""
        return sum(1 + signal.strong for signal in self.signals), self.days


@dataclass(frozen=True, kw_only=True)
class Clues:
    """What is known beside the verdicts, in three queries a cohort."""

    hints: frozenset[tuple[int, str]]  # enrolment, stage: who read nearly all of them
    refused: Mapping[tuple[int, str], Sequence[int]]  # when, in seconds since 1970
    fine: frozenset[tuple[int, str, str]]  # learner, quest, stage

    @classmethod
    def of(cls, cohort: Cohort, enrolment_ids: Sequence[int], *, now: datetime) -> "Clues":
        """The clues of a cohort's enrolments."""
        far = HintUse.objects.filter(enrolment__in=enrolment_ids, step__gte=FAR_STEP)
        fine = Nudge.objects.filter(cohort=cohort, until__gt=now)
        return cls(
            hints=frozenset(far.values_list("enrolment", "stage")),
            refused=_refused(enrolment_ids),
            fine=frozenset(fine.values_list("learner", "quest", "stage")),
        )


def flags_of(
    learner_id: int, enrolment_id: int, quest: Quest, stood: Stood, *, clues: Clues, now: datetime
) -> Iterator[Flag]:
    """The stages at which a learner may need help: two signals, or a strong one."""
    today = int(now.timestamp()) // DAY
    here = _here(quest, stood)
    for stage in quest.stages:
        struggle = stood.struggles.get(stage.slug)
        key = (enrolment_id, stage.slug)
        # Most stages of most learners are passed or not begun: nothing to look at.
        if struggle is None and stage.slug != here and key not in clues.refused:
            continue
        if (learner_id, quest.slug, stage.slug) in clues.fine:
            continue
        place = stood.places.get(stage.slug)
        signals: list[Signal] = []
        if struggle is not None:
            signals += _signals(struggle, hints_read=key in clues.hints)
        if stage.slug == here:
            signals += _silence(stood.days, today)
        since = place.last_at if place else 0
        refused = sum(at > since for at in clues.refused.get(key, ()))
        if refused >= NOT_GRADABLE:
            signals.append(Signal(kind=Kind.NOT_GRADABLE, number=refused, strong=True))
        if len(signals) >= ENOUGH_SIGNALS or any(signal.strong for signal in signals):
            yield Flag(
                learner_id=learner_id,
                quest=quest.slug,
                stage=stage.slug,
                signals=tuple(signals),
                days=today - (place.last_at // DAY if place else max(stood.days, default=today)),
                latest=struggle["latest"] if struggle else "",
            )


def say(signal: Signal, quest: Quest, stage: str, language: Language) -> str:
    """A signal as a sentence for the instructor."""
    values = {
        "number": signal.number,
        "usual": signal.usual,
        "finding": _title(quest, stage, signal.finding, language),
    }
    one, many = SENTENCES[signal.kind]
    return ngettext(one, many, signal.number) % values


def _signals(struggle: Struggle, *, hints_read: bool) -> Iterator[Signal]:
    same, idle, hurried = (
        struggle["same_finding"], struggle["idle_minutes"], struggle["hurried"]
    )  # fmt: skip
    if same >= SAME_FINDING:
        yield Signal(
            kind=Kind.SAME_FINDING,
            number=same,
            strong=same >= SAME_FINDING_STRONG,
            finding=struggle["finding"],
        )
    if idle >= IDLE_MINUTES:
        yield Signal(kind=Kind.NOTHING_NEW, number=idle, strong=idle >= IDLE_MINUTES_STRONG)
    if hurried >= HURRIED:
        yield Signal(kind=Kind.HURRIED, number=hurried)
    if hints_read and struggle["graded"] >= AFTER_HINTS:
        yield Signal(kind=Kind.HINTS_READ, number=struggle["graded"], strong=True)


def _silence(days: Sequence[int], today: int) -> Iterator[Signal]:
    if not days:
        return
    gaps = [after - before for before, after in pairwise(days)]
    usual = max(1, round(statistics.median(gaps))) if gaps else 1
    silent = today - days[-1]
    if usual + SILENT_DAYS <= silent <= FORGOTTEN_DAYS:
        yield Signal(kind=Kind.SILENT, number=silent, strong=True, usual=usual)


def _here(quest: Quest, stood: Stood) -> str:
    """The first stage that is not passed; none when the quest is done."""
    for stage in quest.stages:
        place = stood.places.get(stage.slug)
        if place is None or not place.passed:
            return stage.slug
    return ""


def _refused(enrolment_ids: Iterable[int]) -> dict[tuple[int, str], list[int]]:
    """When a hand-in could not even be graded."""
    refused = Grading.objects.filter(
        attempt__enrolment__in=[*enrolment_ids], state=Grading.State.REFUSED
    )
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for enrolment, stage, at in refused.values_list(
        "attempt__enrolment", "attempt__stage", "attempt__created_at"
    ):
        found[enrolment, stage].append(int(at.timestamp()))
    return found


def _title(quest: Quest, stage: str, finding: str, language: Language) -> str:
    check = finding.partition(":")[0]
    texts = load_catalogue(quest, quest.stage(stage)).texts(check) if check else None
    return texts.title[language].replace("`", "") if texts else check
