"""A cohort at a glance: who is where, who may be stuck, in as many queries as ever."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from graders.quest import Quest
from graders.results import CheckResult
from simulator.accounts.models import User
from simulator.attempts import claiming, drafts
from simulator.attempts.claiming import claim
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.heatmap import STUCK_AFTER, heatmap
from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Membership
from simulator.cohorts.teaching import readable_cohorts
from simulator.progress.stages import State
from tests.simulator.conftest import HandIn
from tests.simulator.judges import verdict, wrong_sum

pytestmark = pytest.mark.django_db

QUERIES = 6


def graded(hand_in: HandIn, *results: CheckResult, by: Enrolment | None = None) -> None:
    attempt = hand_in(by=by) if by else hand_in()
    won = claim(latest_grading(attempt).pk)
    assert won is not None
    claiming.finish(won, verdict(*results))


def test_everybody_has_a_row_and_every_stage_a_cell(
    cohort: Cohort, toy: Quest, hand_in: HandIn
) -> None:
    graded(hand_in)
    found = heatmap(cohort, toy)
    rows = {row.learner.username: row for row in found.rows}
    assert set(rows) == {"owner", "colleague"}
    assert [cell.state.state for cell in rows["owner"].cells] == [State.PASSED, State.HERE]
    assert (rows["owner"].enrolled, rows["colleague"].enrolled) == (True, False)
    assert rows["owner"].cells[0].latest is not None


def test_the_foot_counts_passes_and_the_middle_of_attempts(
    cohort: Cohort, toy: Quest, hand_in: HandIn, colleague: User
) -> None:
    for _ in range(3):
        graded(hand_in, wrong_sum())
    graded(hand_in, by=drafts.enrol(colleague, "toy"))
    first, second = heatmap(cohort, toy).columns
    assert (first.passed, first.learners, first.median_attempts) == (1, 2, 2)
    assert (second.passed, second.median_attempts) == (0, None)


def test_the_same_finding_in_a_row_raises_the_flag_and_a_pass_lowers_it(
    cohort: Cohort, toy: Quest, hand_in: HandIn
) -> None:
    for number in range(STUCK_AFTER):
        assert not heatmap(cohort, toy).need_help
        graded(hand_in, wrong_sum(number))
    (row,) = heatmap(cohort, toy).need_help
    assert row.cells[0].same_finding == STUCK_AFTER
    graded(hand_in)
    assert not heatmap(cohort, toy).need_help


def test_deadlines_stand_at_their_stage(cohort: Cohort, toy: Quest) -> None:
    due = datetime(2030, 1, 1, tzinfo=UTC)
    plan = CohortQuest.objects.get(cohort=cohort)
    Deadline.objects.create(cohort_quest=plan, stage="model", due_at=due)
    first, second = heatmap(cohort, toy).columns
    assert first.deadline is None
    assert second.deadline is not None
    assert second.deadline.due_at == due


def test_more_learners_and_attempts_take_no_more_queries(
    cohort: Cohort,
    toy: Quest,
    hand_in: HandIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    graded(hand_in)
    with django_assert_num_queries(QUERIES):
        heatmap(cohort, toy)
    for number in range(10):
        learner = User.objects.create_user(f"learner {number}")
        Membership.objects.create(cohort=cohort, learner=learner)
        graded(hand_in, by=drafts.enrol(learner, "toy"))
    with django_assert_num_queries(QUERIES):
        assert len(heatmap(cohort, toy).rows) == 12


def test_a_cohort_is_seen_by_those_who_teach_it(
    cohort: Cohort, instructor: User, stranger: User, owner: User
) -> None:
    assert [one.name for one in readable_cohorts(instructor)] == ["theirs"]
    assert [one.name for one in readable_cohorts(stranger)] == ["another"]
    assert not readable_cohorts(owner)
    operator = User.objects.create_superuser("operator")
    assert readable_cohorts(operator).count() == 2
    User.objects.filter(pk=instructor.pk).update(role=User.Role.LEARNER)
    assert not readable_cohorts(User.objects.get(pk=instructor.pk))


def test_the_demo_has_three_people_and_a_cohort_however_often_it_is_made() -> None:
    for _ in range(2):
        call_command("demo_users")
    people = {person.username: person for person in User.objects.all()}
    assert set(people) == {"learner", "instructor", "author"}
    assert all(person.check_password(name) for name, person in people.items())
    assert not any(person.is_staff for person in people.values())
    (cohort,) = Cohort.objects.all()
    assert [quest.quest for quest in cohort.quests.all()] == ["toy"]
    assert [one.learner.username for one in cohort.memberships.all()] == ["learner"]
