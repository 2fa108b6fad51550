"""The stage map: locked, open, here, passed, or passed with debt."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from graders.quest import Quest
from graders.results import CheckResult, Outcome
from simulator.accounts.models import User
from simulator.attempts import claiming
from simulator.attempts.claiming import claim
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.progress.stages import State, maps_of, stage_map, unwalked
from tests.simulator.conftest import HandIn
from tests.simulator.judges import everything_passes, result, verdict, wrong_sum

pytestmark = pytest.mark.django_db

Way = list[tuple[State, float | None, int]]
Reach = Callable[..., Way]


@pytest.fixture
def reach(hand_in: HandIn, enrolment: Enrolment) -> Reach:
    """Hand in for a stage with these results; the map after it."""

    def run(stage: str, *results: CheckResult) -> Way:
        won = claim(latest_grading(hand_in(stage)).pk)
        assert won is not None
        claiming.finish(won, verdict(*results))
        return states(enrolment)

    return run


def states(enrolment: Enrolment) -> Way:
    return [(one.state, one.best, one.attempts) for one in stage_map(enrolment)]


def test_at_the_beginning_the_first_stage_is_here(enrolment: Enrolment, toy: Quest) -> None:
    way = stage_map(enrolment)
    assert [one.state for one in way] == [State.HERE, State.LOCKED]
    assert [stage.slug for stage in way[1].locked_by] == ["features"]
    assert [one.state for one in unwalked(toy)] == [State.HERE, State.LOCKED]


def test_a_failed_attempt_counts_and_leaves_the_stage_open(reach: Reach) -> None:
    assert reach("features", wrong_sum()) == [(State.HERE, 0.0, 1), (State.LOCKED, None, 0)]


def test_a_pass_opens_the_next_stage(reach: Reach) -> None:
    assert reach("features") == [(State.PASSED, 100.0, 1), (State.HERE, None, 0)]


def test_a_pass_that_is_not_ready_for_production_is_debt(reach: Reach) -> None:
    missing = result("is_tested", Outcome.FAILED)
    found = [*everything_passes()[:3], missing]
    assert reach("features", *found)[0][0] is State.DEBT
    assert reach("features")[0] == (State.PASSED, 100.0, 2)


def test_a_later_failure_takes_nothing_back(reach: Reach) -> None:
    reach("features")
    assert reach("features", wrong_sum())[0] == (State.PASSED, 100.0, 2)


def test_what_our_side_broke_is_no_attempt(reach: Reach) -> None:
    assert reach("features", result("is_there", Outcome.BROKEN))[0][2] == 0


def test_authors_find_every_stage_open(enrolment: Enrolment) -> None:
    User.objects.update(role=User.Role.AUTHOR)
    way = stage_map(Enrolment.objects.get())
    assert [one.state for one in way] == [State.HERE, State.OPEN]


def test_all_maps_take_as_many_queries_as_one(
    enrolment: Enrolment, owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Enrolment.objects.create(learner=owner, quest="gone", version="1.0.0")
    with django_assert_num_queries(3):
        assert list(maps_of(owner)) == ["toy"]
