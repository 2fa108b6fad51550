"""A cohort at a glance: who is where, who may be stuck, in as many queries as ever."""

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from graders.quest import Quest
from graders.results import CheckResult
from simulator.accounts.models import User
from simulator.attempts import claiming, drafts
from simulator.attempts.claiming import claim
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.heatmap import Order, heatmap, ordered
from simulator.cohorts.helping import SAME_FINDING_STRONG, Kind
from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Membership, Staff
from simulator.cohorts.teaching import readable_cohorts
from simulator.progress.stages import State
from tests.simulator.conftest import HandIn
from tests.simulator.judges import verdict, wrong_sum
from tests.simulator.toy_quest import STARTER

pytestmark = pytest.mark.django_db

QUERIES = 9


def project(number: int) -> dict[str, bytes]:
    return {**STARTER, "app/model.py": b"def add(a, b):\n    return a\n" + b"#\n" * (9 * number)}


def graded(
    hand_in: HandIn,
    *results: CheckResult,
    by: Enrolment | None = None,
    files: dict[str, bytes] | None = None,
) -> None:
    attempt = hand_in(by=by, files=files) if by else hand_in(files=files)
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
    assert rows["owner"].states == (State.PASSED, State.HERE)
    assert (rows["owner"].enrolled, rows["colleague"].enrolled) == (True, False)
    place = rows["owner"].places[0]
    assert place is not None
    assert (place.best, place.attempts, place.checks_passed) == (100.0, 1, 4)
    assert rows["colleague"].places == (None, None)


def test_the_foot_counts_passes_and_the_middle_of_attempts(
    cohort: Cohort, toy: Quest, hand_in: HandIn, colleague: User
) -> None:
    for _ in range(3):
        graded(hand_in, wrong_sum())
    graded(hand_in, by=drafts.enrol(colleague, "toy"))
    first, second = heatmap(cohort, toy).columns
    assert (first.passed, first.started, first.median_attempts) == (1, 2, 2)
    assert (second.passed, second.median_attempts) == (0, None)


def test_the_same_finding_in_changed_attempts_raises_the_flag_and_a_pass_lowers_it(
    cohort: Cohort, toy: Quest, hand_in: HandIn
) -> None:
    for number in range(SAME_FINDING_STRONG):
        assert not heatmap(cohort, toy).flags
        graded(hand_in, wrong_sum(), files=project(number))
    ((row, flag),) = heatmap(cohort, toy).flags
    assert (row.learner.username, flag.stage) == ("owner", "features")
    (signal,) = [one for one in flag.signals if one.kind is Kind.SAME_FINDING]
    assert (signal.number, signal.strong, signal.finding) == (
        SAME_FINDING_STRONG,
        True,
        "is_right:differs",
    )
    graded(hand_in)
    assert not heatmap(cohort, toy).flags


def test_handing_in_the_same_work_again_is_no_struggle(
    cohort: Cohort, toy: Quest, hand_in: HandIn
) -> None:
    for _ in range(SAME_FINDING_STRONG):
        graded(hand_in, wrong_sum())
    kinds = {one.kind for _, flag in heatmap(cohort, toy).flags for one in flag.signals}
    assert Kind.SAME_FINDING not in kinds


def test_rows_are_sorted_by_progress_and_by_who_may_need_help(
    cohort: Cohort, toy: Quest, hand_in: HandIn, colleague: User
) -> None:
    for number in range(SAME_FINDING_STRONG):
        graded(hand_in, wrong_sum(), files=project(number))
    graded(hand_in, by=drafts.enrol(colleague, "toy"))
    rows = heatmap(cohort, toy).rows
    names = {order: [row.learner.username for row in ordered(rows, order)] for order in Order}
    assert names[Order.NAME] == ["colleague", "owner"]
    assert names[Order.PROGRESS] == ["colleague", "owner"]
    assert names[Order.RISK] == ["owner", "colleague"]


def test_deadlines_stand_at_their_stage(cohort: Cohort, toy: Quest) -> None:
    due = datetime(2030, 1, 1, tzinfo=UTC)
    plan = CohortQuest.objects.get(cohort=cohort)
    Deadline.objects.create(cohort_quest=plan, stage="model", due_at=due)
    first, second = heatmap(cohort, toy).columns
    assert (first.due, second.due) == (None, due)


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
    assert Staff.objects.filter(user=instructor).exists()
