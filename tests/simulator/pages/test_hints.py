"""The ladder of help: the first step open, the others by effort, each in the failing card."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from graders.quest import Quest
from simulator.attempts import hinting
from simulator.catalog import quests
from simulator.catalog.models import Enrolment, HintUse
from tests.simulator.conftest import HandIn
from tests.simulator.judges import saying, wrong_sum
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db

STEPS = "".join(f"## H{number}\nStep {number} says so.\n\n" for number in (1, 2, 3, 4))
HINT = "/quests/toy/features/hint"


@pytest.fixture(autouse=True)
def four(toy: Quest) -> None:
    for language in ("en", "ru"):
        (toy.folder / f"stages/01_features/hints.{language}.md").write_text(STEPS)
    quests._loaded.cache_clear()  # the toy was read before it had four steps


def states(enrolment: Enrolment, toy: Quest, *, later: timedelta = timedelta()) -> str:
    steps = hinting.ladder(enrolment, toy, toy.stages[0], "en", now=timezone.now() + later)
    return "".join("o" if step.body else "?" if step.may_open else "." for step in steps)


def test_the_first_step_is_open_and_the_second_for_the_asking(
    enrolment: Enrolment, toy: Quest, browser: Client
) -> None:
    assert states(enrolment, toy) == "o?.."
    browser.post(HINT, {"step": "3"})
    assert states(enrolment, toy) == "o?.."
    text = browser.post(HINT, {"step": "2"}, headers={"HX-Request": "true"}).content.decode()
    assert "Step 2 says so." in text
    assert "Step 3" not in text
    assert states(enrolment, toy) == "oo.."


def test_time_spent_opens_the_next_step(enrolment: Enrolment, toy: Quest, browser: Client) -> None:
    browser.post(HINT, {"step": "2"})
    assert states(enrolment, toy, later=timedelta(minutes=4)) == "oo?."


def test_changed_work_opens_the_next_step_and_the_same_again_does_not(
    enrolment: Enrolment, toy: Quest, browser: Client, hand_in: HandIn
) -> None:
    hand_in()
    browser.post(HINT, {"step": "2"})
    hand_in()  # the very same files
    assert states(enrolment, toy) == "oo.."
    hand_in(files={"app/model.py": b"x = 2\n"})
    assert states(enrolment, toy) == "oo?."


def test_a_step_is_counted_once(enrolment: Enrolment, browser: Client) -> None:
    browser.post(HINT, {"step": "2"})
    browser.post(HINT, {"step": "2"})
    assert HintUse.objects.get().step == 2
    browser.post(HINT, {"step": "two"})
    assert HintUse.objects.count() == 1


def test_help_and_lesson_stand_in_the_card_that_fails(graded: Grade, browser: Client) -> None:
    attempt = graded(saying(wrong_sum()))
    text = browser.get(f"/attempts/{attempt.public_id}/").content.decode()
    assert "Step 1 says so." in text
    assert "Read it here" in text
    assert "<p>Add.</p>" in text
