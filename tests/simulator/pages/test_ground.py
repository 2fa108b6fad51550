"""A result of rooms without a control group says so wherever it is shown; others never do."""

import json
from dataclasses import replace

import pytest
from django.test import Client

from graders.receipts import Receipt
from sandbox.interface import Made
from simulator.accounts.models import User
from simulator.attempts import following, runner_state, streaming
from simulator.attempts.models import Attempt, Verdict
from simulator.attempts.runner_state import RunnerState
from simulator.cohorts.models import Cohort
from tests.fakes import MADE
from tests.simulator.conftest import HandIn
from tests.simulator.judges import saying, standing_on, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db

WATCHED = replace(MADE, development_only=True)
HELD = replace(MADE, development_only=False)
MARK = 'data-ground="development"'
GROUNDS = pytest.mark.parametrize(("made", "marked"), [(WATCHED, True), (HELD, False)])


def page_of(attempt: Attempt) -> str:
    return f"/attempts/{attempt.public_id}/"


@GROUNDS
@pytest.mark.parametrize("address", ["report", "/work/", "outcome", "/quests/toy/features/"])
def test_a_learner_sees_what_the_result_is_worth(
    browser: Client, graded: Grade, made: Made, address: str, *, marked: bool
) -> None:
    attempt = graded(standing_on(made))
    places = {"report": page_of(attempt), "outcome": f"{page_of(attempt)}outcome"}
    page = browser.get(places.get(address, address)).content.decode()
    assert (MARK in page) is marked
    assert ("evelopment only" in page) is marked


def test_the_learner_reads_it_in_their_language(browser: Client, graded: Grade) -> None:
    attempt = graded(standing_on(WATCHED))
    page = browser.get(page_of(attempt), headers={"Accept-Language": "ru"}).content.decode()
    assert "Только для разработки:" in page
    assert "evelopment only" not in page


@GROUNDS
def test_the_last_word_of_the_stream_says_so(
    owner: User, graded: Grade, made: Made, *, marked: bool
) -> None:
    attempt = graded(standing_on(made))
    followed = streaming.find(owner, attempt.public_id, session=None, language="en")
    *_, last = following.news_of(followed.grading_id, following.Place())
    assert (MARK in streaming.write_html(last, followed)) is marked
    told = streaming.write_json(last, followed)
    assert ('"development_only": true' in told) is marked


@GROUNDS
def test_a_live_page_says_so_of_the_rooms_that_open_now(
    browser: Client,
    hand_in: HandIn,
    monkeypatch: pytest.MonkeyPatch,
    made: Made,
    *,
    marked: bool,
) -> None:
    state = RunnerState(answers=True, ok=True, development_only=made.development_only)
    monkeypatch.setattr(runner_state, "read", lambda: state)
    monkeypatch.setattr(runner_state, "_known", {})
    page = browser.get(page_of(hand_in())).content.decode()
    assert (MARK in page) is marked


@GROUNDS
def test_an_instructor_sees_it_at_a_glance(
    cohort: Cohort, graded: Grade, instructor: User, made: Made, *, marked: bool
) -> None:
    graded(standing_on(made))
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/").content.decode()
    assert ("1 result is development only" in page) is marked
    assert ("1 attempt, development only" in page) is marked
    assert ("dashed: development only" in page) is marked


def test_a_firm_result_as_good_as_a_watched_one_counts(
    cohort: Cohort, graded: Grade, instructor: User
) -> None:
    graded(standing_on(WATCHED))
    graded(standing_on(HELD))
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/").content.decode()
    assert MARK not in page


def test_a_firm_result_that_is_worse_does_not_cover_a_watched_one(
    cohort: Cohort, graded: Grade, instructor: User
) -> None:
    graded(standing_on(WATCHED))
    graded(standing_on(HELD, wrong_sum()))
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/").content.decode()
    assert "1 result is development only" in page


def test_what_was_graded_before_this_was_known_has_no_mark_and_no_receipt(
    browser: Client, graded: Grade
) -> None:
    attempt = graded(saying())
    page = browser.get(page_of(attempt)).content.decode()
    assert MARK not in page
    assert "receipt.json" not in page
    assert browser.get(f"{page_of(attempt)}receipt.json").status_code == 404
    assert not Verdict.objects.get().development_only


def test_a_report_has_its_receipt(browser: Client, graded: Grade) -> None:
    attempt = graded(standing_on(WATCHED))
    assert "receipt.json" in browser.get(page_of(attempt)).content.decode()
    answer = browser.get(f"{page_of(attempt)}receipt.json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith('attachment; filename="toy-1.')
    receipt = Receipt.model_validate(json.loads(answer.content))
    assert receipt.development_only
    assert receipt.basis.rooms == (WATCHED,)
    assert receipt.verdict.score == Verdict.objects.get().score


def test_a_receipt_is_read_by_whoever_may_read_the_report(
    cohort: Cohort, graded: Grade, instructor: User, stranger: User, colleague: User
) -> None:
    address = f"{page_of(graded(standing_on(HELD)))}receipt.json"
    readers = (instructor, stranger, colleague, None)
    codes = [browser_of(reader).get(address).status_code for reader in readers]
    assert codes == [200, 404, 404, 302]
