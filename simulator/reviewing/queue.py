"""What waits to be read, in an order that favours nobody.

Grades drift along a pile and with surnames, so the order is pseudo-random, another one at every
stage, and the same whenever one comes back.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from graders.quest import StageKind
from simulator.attempts.models import Attempt
from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.reviewing.models import Request

READ_BY_PEOPLE: Final = (StageKind.DOCUMENT, StageKind.DECISION, StageKind.PLAN)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An attempt that waits for a reader, and why."""

    attempt: Attempt
    request: Request | None  # None: the stage is one that people read


def open_requests(cohort: Cohort) -> list[Request]:
    """What learners of the cohort asked for and nobody answered, the oldest first."""
    slugs = [plan.quest for plan in cohort.quests.all()]
    found = Request.objects.filter(
        attempt__enrolment__learner__memberships__cohort=cohort,
        attempt__enrolment__quest__in=slugs,
        answer=Request.Answer.OPEN,
    )
    return [*found.select_related("attempt__enrolment__learner", "author")]


def queue(cohort: Cohort) -> list[Waiting]:
    """Everything that waits: requests, and passed work at stages that people read."""
    asked = {request.attempt_id: request for request in open_requests(cohort)}
    attempts = {request.attempt.pk: request.attempt for request in asked.values()}
    for attempt in _to_read(cohort):
        attempts.setdefault(attempt.pk, attempt)
    found = [Waiting(attempt=attempt, request=asked.get(pk)) for pk, attempt in attempts.items()]
    return sorted(found, key=lambda one: (one.attempt.stage, shuffle(cohort, one.attempt)))


def shuffle(cohort: Cohort, attempt: Attempt) -> str:
    """Where an attempt stands in the queue of its stage."""
    facts = f"{cohort.pk}/{attempt.stage}/{attempt.enrolment.learner_id}"
    return hashlib.sha256(facts.encode()).hexdigest()


def after(waiting: Sequence[Waiting], attempt: Attempt) -> Attempt | None:
    """The next one of the queue."""
    others = [one.attempt for one in waiting]
    places = [place for place, one in enumerate(others) if one.pk == attempt.pk]
    following = others[places[0] + 1 :] if places else others
    return next((one for one in following if one.pk != attempt.pk), None)


def _to_read(cohort: Cohort) -> list[Attempt]:
    """The newest passed attempt of every learner at stages that people read, unless reviewed."""
    slugs = [plan.quest for plan in cohort.quests.all()]
    stages = _stages_to_read(slugs)
    if not stages:
        return []
    found = Attempt.objects.filter(
        enrolment__learner__memberships__cohort=cohort,
        enrolment__quest__in={quest for quest, _ in stages},
        stage__in={stage for _, stage in stages},
        gradings__verdict__passed=True,
        gradings__verdict__counts=True,
    ).select_related("enrolment__learner", "review")
    newest: dict[tuple[int, str], Attempt] = {}
    for attempt in found.order_by("number"):
        if (attempt.enrolment.quest, attempt.stage) in stages:
            newest[attempt.enrolment_id, attempt.stage] = attempt
    return [one for one in newest.values() if not _is_reviewed(one)]


def _stages_to_read(slugs: Collection[str]) -> set[tuple[str, str]]:
    return {
        (quest.slug, stage.slug)
        for quest in quests.all_quests()
        if quest.slug in slugs
        for stage in quest.stages
        if stage.kind in READ_BY_PEOPLE
    }


def _is_reviewed(attempt: Attempt) -> bool:
    review = getattr(attempt, "review", None)
    return review is not None and review.published_at is not None
