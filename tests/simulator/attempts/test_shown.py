"""What a learner was shown of a hidden metric is what the next attempt is held against."""

from collections.abc import Iterator

import pytest

from graders.results import Event, Outcome
from sandbox.interface import Sandbox
from simulator.attempts.claiming import claim
from simulator.attempts.delivering import Work, deliver
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.attempts.shown import shown_to
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import result, saying, verdict

pytestmark = pytest.mark.django_db(transaction=True)


def graded(attempt: Attempt, value: float) -> Grading:
    """The attempt's grading, at whose end the learner has read a value."""
    grading = latest_grading(attempt)
    won = claim(grading.pk)
    assert won is not None
    shows = result("is_right", Outcome.PARTIAL, reason="between", params={"value": value})
    assert deliver(won, judge=saying(shows), sandbox=FakeSandbox())
    return grading


def test_the_judge_is_told_what_the_attempts_before_were_shown(hand_in: HandIn) -> None:
    told: list[dict[str, float]] = []

    def judge(work: Work, _: Sandbox) -> Iterator[Event]:
        told.append(work.shown)
        yield verdict()

    graded(hand_in(), 0.61)
    graded(hand_in(), 0.64)
    won = claim(latest_grading(hand_in()).pk)
    assert won is not None
    deliver(won, judge=judge, sandbox=FakeSandbox())
    assert told == [{"is_right": 0.64}]


def test_an_attempt_is_not_held_against_itself_or_a_later_one(hand_in: HandIn) -> None:
    first, second = hand_in(), hand_in()
    graded(second, 0.7)
    assert shown_to(first, version="1.0.0") == {}
    assert shown_to(second, version="1.0.0") == {}


def test_only_what_was_judged_alike_counts(hand_in: HandIn) -> None:
    grading = graded(hand_in(), 0.61)
    after = hand_in()
    major, minor, patch = grading.quest_version.split(".")
    assert shown_to(after, version=f"{major}.{minor}.{int(patch) + 7}") == {"is_right": 0.61}
    assert shown_to(after, version=f"{major}.{int(minor) + 1}.0") == {}
    after.stage = "another"
    assert shown_to(after, version=grading.quest_version) == {}
