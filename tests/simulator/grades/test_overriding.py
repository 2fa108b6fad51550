"""A grade is a list of events: overrides by scope, undo, what follows from them."""

import pytest

from simulator.accounts.models import User
from simulator.attempts.models import Verdict
from simulator.attempts.passing import passed_stages
from simulator.attempts.reporting import report
from simulator.attempts.standing import standings
from simulator.catalog.models import Enrolment
from simulator.grades.models import Override
from simulator.grades.overriding import Scope, Unfit, Wish, override, undo
from simulator.grades.trail import Kind, trail
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db

FAILS = (result("is_there"), wrong_sum(), result("pays"), result("is_tested"))  # 57.1 of 100


def score(enrolment: Enrolment) -> tuple[float, bool]:
    place = standings([enrolment.pk])[enrolment.pk].places["features"]
    return place.best, place.passed


def test_an_override_of_the_stage_opens_the_next_one_and_the_judge_keeps_its_word(
    graded: Grade, enrolment: Enrolment, instructor: User
) -> None:
    attempt = graded(saying(*FAILS))
    assert score(enrolment) == (57.1, False)
    override(attempt, Wish(scope=Scope.STAGE, value=80, reason="host 3"), author=instructor)
    assert score(enrolment) == (80.0, True)
    assert "features" in passed_stages(enrolment)
    said = report(attempt, "en")
    assert said is not None
    assert said.score == 57.1


def test_an_override_of_a_check_gives_its_points(
    graded: Grade, enrolment: Enrolment, instructor: User
) -> None:
    attempt = graded(saying(*FAILS))
    wish = Wish(scope=Scope.CHECK, check="is_right", value=100, reason="flaky")
    override(attempt, wish, author=instructor)
    assert score(enrolment) == (100.0, True)


def test_an_override_downwards_holds_against_earlier_attempts_and_not_later_ones(
    graded: Grade, enrolment: Enrolment, instructor: User
) -> None:
    graded()
    attempt = graded(saying(*FAILS))
    override(attempt, Wish(scope=Scope.STAGE, value=20, reason="copied"), author=instructor)
    assert score(enrolment) == (20.0, False)
    graded()
    assert score(enrolment) == (100.0, True)


def test_undoing_adds_an_event_and_everything_is_as_before(
    graded: Grade, enrolment: Enrolment, instructor: User
) -> None:
    attempt = graded(saying(*FAILS))
    made = override(attempt, Wish(scope=Scope.STAGE, value=80, reason="one"), author=instructor)
    assert undo(made, author=instructor, reason="a mistake")
    assert not undo(made, author=instructor, reason="again")
    assert score(enrolment) == (57.1, False)
    events = trail(enrolment.pk, "features")
    assert [event.kind for event in events] == [Kind.GRADED, Kind.OVERRIDE, Kind.UNDONE]
    assert [event.reason for event in events] == ["", "one", "a mistake"]


@pytest.mark.parametrize(
    ("wish", "missing"),
    [
        (Wish(scope=Scope.STAGE, value=80, reason="  "), "reason"),
        (Wish(scope=Scope.STAGE, value=101, reason="x"), "value"),
        (Wish(scope=Scope.CHECK, value=50, reason="x", check="unknown"), "check"),
    ],
)
def test_an_override_says_what_and_why(
    graded: Grade, instructor: User, wish: Wish, missing: str
) -> None:
    attempt = graded(saying(*FAILS))
    with pytest.raises(Unfit) as unfit:
        override(attempt, wish, author=instructor)
    assert unfit.value.code == missing
    assert not Override.objects.exists()
    assert Verdict.objects.get().score == 57.1
