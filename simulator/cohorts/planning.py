"""What a cohort plays and until when: quests, pins, dates, more time, pauses."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort, CohortQuest, Extension, Nudge, Pause

LONGEST_EXTENSION: Final = 24 * 90  # hours
LONGEST_REASON: Final = 400


def add_quest(cohort: Cohort, slug: str, *, pinned: bool) -> CohortQuest:
    """Let the cohort play a quest, or change how it does. Raises NoSuchQuest.

    A pin keeps today's version: what judges the cohort does not change under it.
    """
    quest = quests.get_quest(slug)
    if pinned:
        quests.keep(quest)
    with transaction.atomic():
        plan, _ = CohortQuest.objects.update_or_create(
            cohort=cohort,
            quest=quest.slug,
            defaults={"version": quest.version, "digest": quest.digest if pinned else ""},
        )
        if pinned:
            begin_pinned(cohort)
        else:
            _enrolled(plan).update(pinned="")
    return plan


def remove_quest(cohort: Cohort, slug: str) -> None:
    """Stop playing a quest: its dates go, the learners' work stays theirs."""
    for plan in CohortQuest.objects.filter(cohort=cohort, quest=slug):
        _enrolled(plan).update(pinned="")
        plan.delete()


def begin_pinned(cohort: Cohort) -> None:
    """Enrol everyone in the cohort's pinned quests, so that their work is judged by the pin."""
    for plan in cohort.quests.exclude(digest=""):
        begun = _enrolled(plan).values_list("learner", flat=True)
        waiting = User.objects.filter(memberships__cohort=cohort).exclude(pk__in=[*begun])
        for learner in waiting:
            drafts.enrol(learner, plan.quest)
        _enrolled(plan).update(pinned=plan.digest)


def extend(  # noqa: PLR0913, for whom, what and how long, by name
    cohort: Cohort,
    *,
    author: User,
    hours: int,
    reason: str,
    learner: User | None = None,
    group: str = "",
    quest: str = "",
    stage: str = "",
) -> Extension | None:
    """More time for a learner or a group; None when it says nothing or not why."""
    if not (0 < hours <= LONGEST_EXTENSION and reason.strip() and (learner or group)):
        return None
    return Extension.objects.create(
        cohort=cohort,
        learner=learner,
        group="" if learner else group,
        quest=quest,
        stage=stage,
        hours=hours,
        reason=reason.strip()[:LONGEST_REASON],
        author=author,
    )


def pause(cohort: Cohort, *, author: User, reason: str) -> bool:
    """Stop the clock; False if it stands already, or nobody said why."""
    if not reason.strip() or is_paused(cohort):
        return False
    Pause.objects.create(cohort=cohort, author=author, reason=reason.strip()[:LONGEST_REASON])
    return True


def resume(cohort: Cohort) -> bool:
    """Let the clock go on; dates have moved by as long as it stood."""
    return Pause.objects.filter(cohort=cohort, ended_at=None).update(ended_at=timezone.now()) > 0


def is_paused(cohort: Cohort) -> bool:
    return Pause.objects.filter(cohort=cohort, ended_at=None).exists()


def nudge(  # noqa: PLR0913, who is told what about which stage, by name
    cohort: Cohort,
    learner: User,
    *,
    author: User,
    kind: Nudge.Kind,
    quest: str,
    stage: str,
    text: str = "",
    quiet_for: timedelta = timedelta(days=3),
) -> Nudge:
    """Do something about a flag; it stays down for a while."""
    return Nudge.objects.create(
        cohort=cohort,
        learner=learner,
        author=author,
        kind=kind,
        quest=quest,
        stage=stage,
        text=text.strip()[:1000],
        until=timezone.now() + quiet_for,
    )


def _enrolled(plan: CohortQuest) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(
        learner__in=User.objects.filter(memberships__cohort=plan.cohort), quest=plan.quest
    )
