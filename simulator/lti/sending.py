"""Send grades to platforms: each once, again when it changed, later when a platform is down."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.grades.book import Line, book
from simulator.lti.models import Identity, Placement, Sent
from simulator.lti.platform import PlatformError, Score, send_score

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))


@dataclass(frozen=True, kw_only=True)
class Due:
    """A grade that a platform does not have yet."""

    placement: Placement
    identity: Identity
    score: float
    completed: bool


def send_due(now: datetime | None = None) -> tuple[int, int]:
    """Send what is due; how many arrived, and how many did not."""
    now = now or timezone.now()
    arrived = failed = 0
    for due in due_grades(now):
        if _send(due, now):
            arrived += 1
        else:
            failed += 1
    return arrived, failed


def due_grades(now: datetime, cohort: Cohort | None = None) -> Iterator[Due]:
    """What would be sent now: the dry run of `send_due`."""
    placements = Placement.objects.exclude(grades_url="").select_related(
        "course__platform", "course__cohort"
    )
    if cohort is not None:
        placements = placements.filter(course__cohort=cohort)
    for placement in placements:
        yield from _due_at(placement, now)


def send_again(cohort: Cohort) -> int:
    """Do not wait any longer for grades that a platform refused."""
    return (
        Sent.objects.filter(placement__course__cohort=cohort)
        .filter(~Q(error=""))
        .update(not_before=None)
    )


def _due_at(placement: Placement, now: datetime) -> Iterator[Due]:
    try:
        quest = quests.get_quest(placement.quest)
    except quests.NoSuchQuest:
        return
    people = {
        one.user_id: one
        for one in Identity.objects.filter(platform=placement.course.platform).select_related(
            "platform"
        )
    }
    sent = {one.identity_id: one for one in placement.sent.all()}
    for line in book(placement.course.cohort, quest):
        identity = people.get(line.member.learner_id)
        found = _grade(line, placement, stages=len(quest.stages))
        if identity is None or found is None:
            continue
        before = sent.get(identity.pk)
        if before and before.not_before and before.not_before > now:
            continue
        if before is None or (before.score, before.completed) != found:
            yield Due(placement=placement, identity=identity, score=found[0], completed=found[1])


def _grade(line: Line, placement: Placement, *, stages: int) -> tuple[float, bool] | None:
    """Score and whether the work is complete; None before anything was graded."""
    if placement.stage:
        mark = line.marks.get(placement.stage)
        return (mark.score, mark.passed) if mark else None
    if not line.begun:
        return None
    passed = sum(mark.passed for mark in line.marks.values())
    return round(line.total, 1), passed == stages


def _send(due: Due, now: datetime) -> bool:
    row, _ = Sent.objects.get_or_create(placement=due.placement, identity=due.identity)
    free = Q(not_before=None) | Q(not_before__lte=now)
    # Whoever moves the time on sends; another process finds it moved.
    if not Sent.objects.filter(free, pk=row.pk).update(not_before=now + WAITS[0]):
        return False
    score = Score(
        subject=due.identity.subject,
        given=due.score,
        completed=due.completed,
        comment=f"{due.placement.quest} {due.placement.stage}".strip(),
        at=now,
    )
    try:
        send_score(due.identity.platform, due.placement.grades_url, score)
    except PlatformError as error:
        wait = WAITS[min(row.tries, len(WAITS) - 1)]
        Sent.objects.filter(pk=row.pk).update(
            tries=row.tries + 1, not_before=now + wait, error=str(error)[:400]
        )
        return False
    Sent.objects.filter(pk=row.pk).update(
        score=due.score, completed=due.completed, sent_at=now, tries=0, not_before=None, error=""
    )
    return True
