"""When a stage is due for whom, and what late work is worth."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.cohorts import planning
from simulator.cohorts.dates import Calendar, Dates
from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Membership, Pause
from simulator.grades.book import book
from tests.simulator.cohorts.test_heatmap import graded
from tests.simulator.conftest import HandIn
from tests.simulator.judges import wrong_sum
from tests.simulator.toy_quest import reread

pytestmark = pytest.mark.django_db
DUE = datetime(2030, 1, 10, 18, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def member(cohort: Cohort, owner: User) -> Membership:
    return Membership.objects.get(cohort=cohort, learner=owner)


@pytest.fixture
def deadline(cohort: Cohort) -> Deadline:
    plan = CohortQuest.objects.get(cohort=cohort)
    return Deadline.objects.create(
        cohort_quest=plan, due_at=DUE, closes_at=DUE + 7 * DAY, daily_loss=10, least_credit=50
    )


def test_credit_falls_by_the_day_to_the_least_and_ends_with_the_close() -> None:
    dates = Dates(due=DUE, closes=DUE + 7 * DAY, daily_loss=10, least_credit=50)
    late = [0, 0.1, 1, 1.1, 3, 6, 7.1]
    credits_ = [dates.credit(DUE + days * DAY) for days in late]
    assert credits_ == [1.0, 0.9, 0.9, 0.8, 0.7, 0.5, 0.0]
    assert Dates().credit(DUE) == 1.0


def test_a_stage_without_dates_of_its_own_has_those_of_all(
    cohort: Cohort, member: Membership, deadline: Deadline
) -> None:
    own = Deadline.objects.create(
        cohort_quest=deadline.cohort_quest, stage="model", due_at=DUE + DAY
    )
    calendar = Calendar.of(cohort)
    assert calendar.of_learner(member, "toy", "features").due == DUE
    assert calendar.of_learner(member, "toy", "model").due == own.due_at
    assert calendar.of_learner(member, "other", "model") == Dates()


def test_extensions_of_a_person_and_their_group_add_up_and_reach_nobody_else(
    cohort: Cohort, member: Membership, deadline: Deadline, instructor: User, colleague: User
) -> None:
    Membership.objects.filter(pk=member.pk).update(group="A")
    member.group = "A"
    for facts in ({"learner": member.learner}, {"group": "A"}, {"group": "B"}):
        assert planning.extend(cohort, author=instructor, hours=24, reason="ill", **facts)
    planning.extend(
        cohort, author=instructor, hours=5, reason="x", group="A", quest="toy", stage="model"
    )
    calendar = Calendar.of(cohort)
    assert calendar.of_learner(member, "toy", "features").due == DUE + 2 * DAY
    other = Membership.objects.get(cohort=cohort, learner=colleague)
    assert calendar.of_learner(other, "toy", "features").due == DUE
    assert planning.extend(cohort, author=instructor, hours=24, reason="", group="A") is None


def test_a_pause_moves_the_dates_that_had_not_passed(
    cohort: Cohort, member: Membership, instructor: User
) -> None:
    now = timezone.now()
    plan = CohortQuest.objects.get(cohort=cohort)
    for stage, due in (("features", now - 5 * DAY), ("model", now + DAY)):
        Deadline.objects.create(cohort_quest=plan, stage=stage, due_at=due)
    Pause.objects.create(
        cohort=cohort, author=instructor, reason="outage",
        began_at=now - 3 * DAY, ended_at=now - DAY,
    )  # fmt: skip
    calendar = Calendar.of(cohort)
    assert calendar.of_learner(member, "toy", "features").due == now - 5 * DAY
    assert calendar.of_learner(member, "toy", "model").due == now + 3 * DAY
    assert planning.pause(cohort, author=instructor, reason="again")
    assert not planning.pause(cohort, author=instructor, reason="twice")
    assert planning.resume(cohort)


def test_the_book_counts_what_brings_most_after_credit(
    cohort: Cohort, toy: Quest, deadline: Deadline, hand_in: HandIn, owner: User
) -> None:
    Deadline.objects.update(due_at=timezone.now() - 2.5 * DAY, closes_at=None)
    graded(hand_in, wrong_sum())
    graded(hand_in)
    (line,) = book(cohort, toy, only=owner.pk)
    mark = line.marks["features"]
    assert (mark.score, mark.best, mark.credit, mark.attempt) == (70.0, 100.0, 0.7, 2)
    assert line.total == 35.0  # two stages, one begun


def test_a_pin_keeps_the_version_that_judges(
    cohort: Cohort, toy: Quest, hand_in: HandIn, owner: User
) -> None:
    planning.add_quest(cohort, "toy", pinned=True)
    enrolment = owner.enrolments.get(quest="toy")
    assert enrolment.pinned == toy.digest
    (toy.folder / "quest.yaml").write_text(
        (toy.folder / "quest.yaml").read_text().replace("1.2.0", "2.0.0")
    )
    assert reread().version == "2.0.0"
    attempt = hand_in(by=enrolment)
    assert attempt.gradings.get().quest_digest == toy.digest
    assert Membership.objects.filter(cohort=cohort).count() == 2
