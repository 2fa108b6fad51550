"""Plan a regrade: which attempts, by re-scoring or in rooms, and about how long it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import events
from simulator.attempts.models import Verdict
from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.regrading import stepping
from simulator.regrading.models import Regrade, Trial
from simulator.regrading.rescoring import judges_the_same

CHUNK: Final = 500
MINUTE: Final = 60.0
Method = Trial.Method


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a regrade would do."""

    quest: Quest
    stage: str
    scope: Regrade.Scope
    verdicts: Sequence[Verdict]
    methods: Sequence[Method]
    minutes: float  # of rooms, by what the attempts took when they were graded

    @property
    def rescored(self) -> int:
        return sum(one is Method.RESCORE for one in self.methods)

    @property
    def rerun(self) -> int:
        return len(self.methods) - self.rescored


def plan(cohort: Cohort, quest: Quest, stage: str, scope: Regrade.Scope) -> Plan:
    """What it takes to judge a cohort's attempts at a stage by `quest`; nothing is written."""
    chosen = _chosen(cohort, quest.slug, stage, scope)
    same: dict[str, bool] = {}
    methods: list[Method] = []
    seconds = 0.0
    for verdict in chosen:
        digest = verdict.grading.quest_digest
        if digest not in same:
            same[digest] = _same(quest, digest, stage)
        methods.append(Method.RESCORE if same[digest] else Method.RERUN)
        if not same[digest]:
            clocks = events.read_verdict(verdict.body).clocks
            seconds += clocks.starting + clocks.running + clocks.judging
    return Plan(
        quest=quest,
        stage=stage,
        scope=scope,
        verdicts=chosen,
        methods=methods,
        minutes=seconds / MINUTE,
    )


def begin(cohort: Cohort, made: Plan, *, author: User) -> Regrade:
    """Write the plan down and begin its dry run."""
    quests.keep(made.quest)
    with transaction.atomic():
        regrade = Regrade.objects.create(
            cohort=cohort,
            quest=made.quest.slug,
            stage=made.stage,
            scope=made.scope,
            version=made.quest.version,
            digest=made.quest.digest,
            author=author,
        )
        Trial.objects.bulk_create(
            (
                Trial(
                    regrade=regrade,
                    attempt_id=verdict.grading.attempt_id,
                    before_id=verdict.grading_id,
                    method=method,
                )
                for verdict, method in zip(made.verdicts, made.methods, strict=True)
            ),
            batch_size=CHUNK,
        )
        stepping.send(regrade.pk)
    return regrade


def _chosen(cohort: Cohort, quest: str, stage: str, scope: Regrade.Scope) -> list[Verdict]:
    rows = Verdict.objects.filter(
        grading__attempt__enrolment__learner__memberships__cohort=cohort,
        grading__attempt__enrolment__quest=quest,
        grading__attempt__stage=stage,
        counts=True,
    ).select_related("grading__attempt")
    if scope == Regrade.Scope.ALL:
        return [*rows.order_by("grading__attempt")]
    # Of each learner the last in this order: the newest, or the best and of equal ones the first.
    if scope == Regrade.Scope.LATEST:
        found = rows.order_by("grading__attempt__number")
    else:
        found = rows.order_by("score", "-grading__attempt__number")
    return [*{one.grading.attempt.enrolment_id: one for one in found}.values()]


def _same(quest: Quest, digest: str, stage: str) -> bool:
    try:
        before = quests.kept(quest.slug, digest=digest)
    except quests.NoSuchQuest:
        return False
    return judges_the_same(before, quest, stage)
