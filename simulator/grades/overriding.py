"""Give another value than the judge, with a reason; undo it; let scores follow from the events.

A verdict keeps what the judge said in its body. Its columns, which everything else reads, follow
from the body and the overrides that stand: they can be settled again at any time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from graders.quest import Stage
from graders.results import CheckResult, Outcome, Readiness
from graders.results import Verdict as Judged
from graders.verdicts import conclude
from simulator.accounts.models import User
from simulator.attempts import events, standing
from simulator.attempts.models import Attempt, Verdict
from simulator.attempts.reading import latest_grading
from simulator.catalog import quests
from simulator.grades.models import Override

Scope = Override.Scope
WHOLE: Final = 100.0
LONGEST: Final = 1000


class Unfit(ValueError):
    """An override that cannot be meant; `code` says what is missing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What someone wants to change."""

    scope: Scope
    value: float
    reason: str
    check: str = ""
    until_regrade: bool = False


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A verdict's columns as they follow from body and events."""

    score: float
    passed: bool
    merit: bool
    readiness: str


def override(attempt: Attempt, wish: Wish, *, author: User) -> Override:
    """Change a value at an attempt. Raises Unfit, with what is missing."""
    reason = wish.reason.strip()[:LONGEST]
    if not reason:
        raise Unfit("reason")
    if not 0 <= wish.value <= WHOLE:
        raise Unfit("value")
    if wish.scope is Scope.CHECK and wish.check not in _checks(attempt):
        raise Unfit("check")
    with transaction.atomic():
        made = Override.objects.create(
            enrolment_id=attempt.enrolment_id,
            attempt=attempt,
            scope=wish.scope,
            check_name=wish.check if wish.scope is Scope.CHECK else "",
            value=wish.value,
            reason=reason,
            until_regrade=wish.until_regrade,
            author=author,
        )
        settle(attempt.enrolment_id, attempt.stage)
    return made


def undo(override: Override, *, author: User, reason: str) -> bool:
    """Take an override back; False if someone was first. Raises Unfit without a reason."""
    if not reason.strip():
        raise Unfit("reason")
    with transaction.atomic():
        rows = Override.objects.filter(pk=override.pk, undone_at=None).update(
            undone_at=timezone.now(), undone_by=author, undone_for=reason.strip()[:LONGEST]
        )
        settle(override.enrolment_id, override.attempt.stage)
    return rows == 1


def standing_overrides(enrolment_ids: Iterable[int]) -> list[Override]:
    """The overrides that stand, in the order in which they were made."""
    return [
        *Override.objects.filter(enrolment__in=[*enrolment_ids], undone_at=None).select_related(
            "attempt"
        )
    ]


def settle(enrolment_id: int, stage: str) -> None:
    """Let the scores of a learner's stage follow from bodies and events again."""
    made = [one for one in standing_overrides([enrolment_id]) if one.attempt.stage == stage]
    rows = Verdict.objects.filter(
        grading__attempt__enrolment=enrolment_id, grading__attempt__stage=stage, counts=True
    ).select_related("grading__attempt__enrolment")
    for verdict in rows:
        found = settled(verdict, made)
        Verdict.objects.filter(pk=verdict.pk).update(
            score=found.score, passed=found.passed, merit=found.merit, readiness=found.readiness
        )
    standing.recount([enrolment_id], stage=stage)


def settled(verdict: Verdict, overrides: Sequence[Override]) -> Settled:
    """What a verdict comes to under overrides."""
    judged = events.read_verdict(verdict.body)
    grading = verdict.grading
    quest = quests.kept(grading.attempt.enrolment.quest, digest=grading.quest_digest)
    stage = quest.stage(grading.attempt.stage)
    mine = [one for one in overrides if one.scope == Scope.CHECK]
    changed = {one.check_name: one.value for one in mine if one.attempt_id == grading.attempt_id}
    if changed:
        judged = _with_checks(judged, changed, stage)
    found = Settled(
        score=judged.score,
        passed=judged.passed,
        merit=judged.merit,
        readiness=str(judged.readiness),
    )
    for one in overrides:
        if one.scope == Scope.STAGE and grading.attempt.number <= one.attempt.number:
            found = _with_stage(found, one, stage, here=one.attempt_id == grading.attempt_id)
    return found


def end_until_regrade(attempt_ids: Iterable[int], *, author: User) -> list[int]:
    """A regrade has come: overrides that were to stand until then end. Gives their ids."""
    ending = Override.objects.filter(
        Q(attempt__in=[*attempt_ids]), until_regrade=True, undone_at=None
    )
    ids = [*ending.values_list("pk", flat=True)]
    Override.objects.filter(pk__in=ids).update(
        undone_at=timezone.now(), undone_by=author, undone_for=REGRADED
    )
    return ids


REGRADED: Final = "regraded"  # shown as a sentence of the page


def _checks(attempt: Attempt) -> frozenset[str]:
    verdict = Verdict.objects.filter(pk=latest_grading(attempt).pk).first()
    if verdict is None:
        return frozenset()
    return frozenset(one.check for one in events.read_verdict(verdict.body).results)


def _with_checks(judged: Judged, changed: dict[str, float], stage: Stage) -> Judged:
    results = [
        _given(one, changed[one.check]) if one.check in changed else one for one in judged.results
    ]
    return conclude(results, pass_=stage.pass_, merit=stage.merit)


def _given(result: CheckResult, value: float) -> CheckResult:
    """A check with the points that someone gave it."""
    outcome = (
        Outcome.PASSED if value >= WHOLE else Outcome.PARTIAL if value > 0 else Outcome.FAILED
    )
    points = round(result.max_points * value / WHOLE, 2)
    return replace(result, outcome=outcome, points=points, waits_for=None)


def _with_stage(found: Settled, one: Override, stage: Stage, *, here: bool) -> Settled:
    """The stage's value stands at the attempt it was given for; earlier ones are not above it."""
    if not here:
        score = min(found.score, one.value)
        passed = found.passed and one.value >= stage.pass_
        return replace(found, score=score, passed=passed, merit=passed and score >= stage.merit)
    passed = one.value >= stage.pass_
    readiness = found.readiness
    if passed and readiness == Readiness.NOT_READY:
        readiness = str(Readiness.PILOT)
    return Settled(
        score=one.value,
        passed=passed,
        merit=one.value >= stage.merit,
        readiness=readiness,
    )
