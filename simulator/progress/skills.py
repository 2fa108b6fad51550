"""Skills with their evidence: which checks of which attempts show what a learner can do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from graders.quest import Quest, Stage, StageKind
from graders.results import CheckResult, Group, Kind, Outcome, Phase
from simulator.accounts.models import User
from simulator.attempts import events
from simulator.attempts.models import Attempt, Verdict
from simulator.catalog import quests
from simulator.catalog.models import HintUse

FADES: Final = timedelta(days=90)
AIDED_FROM: Final = 3  # the step of help that shows the way
ENOUGH_QUESTS: Final = 2
CRAFTS: Final[dict[str, Promise]] = {
    "extraction": _("Data extraction"),
    "metrics": _("Metrics and baselines"),
    "modelling": _("Modelling"),
    "testing": _("Testing"),
    "serving": _("Serving"),
    "experiments": _("Experiments and rollouts"),
    "communication": _("Plans and communication"),
    "engineering": _("Code that others can run"),
}
LEVELS: Final[dict[str, Promise]] = {
    "mastered": _("mastered: shown in two quests, one of them unaided"),
    "shown": _("shown"),
    "aided": _("shown with help"),
    "unseen": _("not seen yet"),
}
WORDS: Final = frozenset({StageKind.DOCUMENT, StageKind.PLAN, StageKind.DECISION})
PHASES: Final = {
    Phase.OWN_TESTS: "testing",
    Phase.ROLLOUT: "experiments",
    Phase.SERVICE: "serving",
    Phase.TRAIN: "modelling",
}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The checks of one passed stage that show a craft."""

    quest: Quest
    stage: Stage
    attempt: Attempt
    checks: tuple[str, ...]  # names of checks
    aided: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Skill:
    """A craft as far as it was shown."""

    slug: str
    name: Promise
    evidence: tuple[Evidence, ...]
    now: datetime

    @property
    def level(self) -> str:
        if not self.evidence:
            return "unseen"
        if all(each.aided for each in self.evidence):
            return "aided"
        several = len({each.quest.slug for each in self.evidence}) >= ENOUGH_QUESTS
        return "mastered" if several else "shown"

    @property
    def level_word(self) -> Promise:
        return LEVELS[self.level]

    @property
    def checks(self) -> int:
        return sum(len(each.checks) for each in self.evidence)

    @property
    def last(self) -> datetime | None:
        return max((each.at for each in self.evidence), default=None)

    @property
    def faded(self) -> bool:
        """Whether it was last shown long ago: a word of it, never a loss."""
        return self.last is not None and self.now - self.last > FADES


def skills_of(user: User, *, now: datetime) -> tuple[Skill, ...]:
    """Every craft with its evidence, in a constant number of queries."""
    found: dict[str, list[Evidence]] = {craft: [] for craft in CRAFTS}
    for craft, evidence in _evidence(user):
        found[craft].append(evidence)
    return tuple(
        Skill(slug=craft, name=name, evidence=tuple(found[craft]), now=now)
        for craft, name in CRAFTS.items()
    )


def craft_of(result: CheckResult, stage: Stage) -> str:
    """What a check shows that one can do: by its phase, else by its stage, else by its group."""
    if result.phase in PHASES:
        return PHASES[result.phase]
    if result.group is Group.TESTS:
        return "testing"
    if result.kind is Kind.DOCUMENT or stage.kind in WORDS:
        return "communication"
    if stage.kind is StageKind.SQL:
        return "extraction"
    metrics = "modelling" if result.phase is Phase.HIDDEN else "metrics"
    return {Group.METRICS: metrics, Group.BUSINESS: "experiments"}.get(result.group, "engineering")


def _evidence(user: User) -> Iterator[tuple[str, Evidence]]:
    here = {quest.slug: quest for quest in quests.all_quests()}
    aided = _aided(user)
    for verdict in _passing(user):
        attempt = verdict.grading.attempt
        quest = here.get(attempt.enrolment.quest)
        stages = {stage.slug: stage for stage in quest.stages} if quest else {}
        if quest is None or attempt.stage not in stages:
            continue
        stage = stages[attempt.stage]
        for craft, checks in _by_craft(events.read_verdict(verdict.body).results, stage).items():
            yield (
                craft,
                Evidence(
                    quest=quest,
                    stage=stage,
                    attempt=attempt,
                    checks=checks,
                    aided=(attempt.enrolment_id, attempt.stage) in aided,
                    at=verdict.created_at,
                ),
            )


def _passing(user: User) -> Iterable[Verdict]:
    """Of every stage the last verdict that passed it."""
    mine = Verdict.objects.filter(grading__attempt__enrolment__learner=user, passed=True)
    rows = mine.order_by("pk").values_list(
        "grading__attempt__enrolment", "grading__attempt__stage", "pk"
    )
    last = {(enrolment, stage): pk for enrolment, stage, pk in rows}
    return (
        Verdict.objects.filter(pk__in=last.values())
        .select_related("grading__attempt__enrolment")
        .order_by("pk")
    )


def _aided(user: User) -> frozenset[tuple[int, str]]:
    uses = HintUse.objects.filter(enrolment__learner=user, step__gte=AIDED_FROM)
    return frozenset(uses.values_list("enrolment", "stage"))


def _by_craft(results: Iterable[CheckResult], stage: Stage) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for result in results:
        if result.outcome is Outcome.PASSED and result.max_points:
            craft = craft_of(result, stage)
            found[craft] = (*found.get(craft, ()), result.check)
    return found
