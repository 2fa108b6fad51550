"""The cohort of the demo: people, dates, histories, a few things that wait for the instructor."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Grading, Objection, Verdict
from simulator.catalog import quests
from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Membership, Staff
from simulator.desk.demo.histories import Scene, write_histories
from simulator.desk.demo.people import Person, people
from simulator.reviewing.models import Request

NAME: Final = "ML engineering, autumn"
SEED: Final = 20
QUARANTINED: Final = 2
ASKED: Final = (
    (Request.Kind.REGRADE, "The brief says ties go by customer, the check wants another order."),
    (Request.Kind.REVIEW, "I am not sure that the baseline is a fair one. Could someone look?"),
    (None, "I get the same number by hand; the check says that it differs."),
)


def make_cohort(teacher: User, *, size: int) -> Cohort | None:
    """The cohort with so many learners; None when it is there already."""
    if Cohort.objects.filter(name=NAME).exists():
        return None
    rng = random.Random(SEED)  # noqa: S311, a story, not a secret
    now = timezone.now()
    with transaction.atomic():
        cohort = Cohort.objects.create(name=NAME, zone="Europe/Moscow")
        Staff.objects.create(cohort=cohort, user=teacher, role=Staff.Role.OWNER)
        learners = _learners(cohort, [*people(size, rng)])
        for number, quest in enumerate(quests.all_quests()):
            plan = CohortQuest.objects.create(
                cohort=cohort, quest=quest.slug, version=quest.version
            )
            Deadline.objects.bulk_create(
                Deadline(
                    cohort_quest=plan,
                    stage=stage.slug,
                    opens_at=now - timedelta(weeks=4),
                    due_at=now + timedelta(days=4 * (place - len(quest.stages) // 2)),
                    daily_loss=5,
                    least_credit=50,
                )
                for place, stage in enumerate(quest.stages)
            )
            # Everyone plays the first quest; of the others, whoever is not busy.
            players = learners if number == 0 else learners[number::3]
            write_histories(Scene.of(quest, rng, now=now), players, rng)
        _asking(cohort, rng)
        _broken(cohort)
    return cohort


def _learners(cohort: Cohort, found: Sequence[Person]) -> list[tuple[User, Person]]:
    users = User.objects.bulk_create(
        User(
            username=person.username,
            first_name=person.first,
            last_name=person.last,
            email=f"{person.username}@example.org",
            password="!",  # noqa: S106, nobody can sign in as a simulated learner
        )
        for person in found
    )
    Membership.objects.bulk_create(
        Membership(cohort=cohort, learner=user, group=person.group)
        for user, person in zip(users, found, strict=True)
    )
    return [*zip(users, found, strict=True)]


def _asking(cohort: Cohort, rng: random.Random) -> None:
    """What learners asked and said."""
    rows = Verdict.objects.filter(
        grading__attempt__enrolment__learner__memberships__cohort=cohort, passed=False
    ).select_related("grading__attempt__enrolment")
    found = [*rows.exclude(focus_check="").order_by("-grading__attempt__created_at")[:40]]
    for (kind, text), verdict in zip(
        ASKED, rng.sample(found, min(len(ASKED), len(found))), strict=False
    ):
        attempt = verdict.grading.attempt
        learner_id = attempt.enrolment.learner_id
        if kind is None:
            Objection.objects.create(
                grading=verdict.grading,
                check_name=verdict.focus_check,
                text=text,
                author_id=learner_id,
            )
        else:
            Request.objects.create(
                attempt=attempt,
                author_id=learner_id,
                kind=kind,
                reason=text,
                check_name=verdict.focus_check,
            )


def _broken(cohort: Cohort) -> None:
    """Two hand-ins at which our machines failed."""
    rows = Attempt.objects.filter(enrolment__learner__memberships__cohort=cohort)
    newest = {one.enrolment_id: one for one in rows.select_related("enrolment").order_by("number")}
    latest = sorted(newest.values(), key=lambda one: one.created_at, reverse=True)
    for attempt in latest[:QUARANTINED]:
        before = Grading.objects.filter(attempt=attempt).latest("pk")
        again = Attempt.objects.create(
            enrolment=attempt.enrolment,
            stage=attempt.stage,
            number=attempt.number + 1,
            manifest=attempt.manifest,
            idempotency_key=f"demo {attempt.number + 1}",
            created_at=attempt.created_at + timedelta(minutes=20),
        )
        before.pk = None
        before.attempt = again
        before.state = Grading.State.QUARANTINED
        before.save(force_insert=True)
