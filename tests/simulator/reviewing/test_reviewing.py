"""Comments, rubric, requests: drafts are unseen, what is published is answered."""

import pytest
from django.test import Client

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.attempts.standing import standings
from simulator.cohorts.models import Cohort
from simulator.grades.models import Override
from simulator.reviewing.models import BankEntry, Comment, Request, RubricItem
from simulator.reviewing.queue import queue, shuffle
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db

FAILS = (result("is_there"), wrong_sum(), result("pays"), result("is_tested"))


@pytest.fixture
def attempt(graded: Grade) -> Attempt:
    return graded(saying(*FAILS))


@pytest.fixture
def reviewer(instructor: User) -> Client:
    return browser_of(instructor)


@pytest.fixture
def sheet(cohort: Cohort, attempt: Attempt) -> str:
    return f"/cohorts/{cohort.pk}/review/{attempt.public_id}/"


def comment(reviewer: Client, sheet: str, **facts: object) -> None:
    form = {"path": "app/model.py", "first": "2", "last": "1", "severity": "major"}
    reviewer.post(f"{sheet}comment", form | {"text": "Why **not** `a + b`?"} | facts)


def test_a_comment_stands_at_its_lines_and_waits_for_publishing(
    reviewer: Client, sheet: str, attempt: Attempt, browser: Client
) -> None:
    comment(reviewer, sheet, suggestion="    return a + b")
    made = Comment.objects.get()
    assert (made.first_line, made.last_line) == (1, 2)  # the right way round
    page = reviewer.get(sheet).content.decode()
    assert "<strong>not</strong>" in page
    assert "draft" in page
    feedback = f"/attempts/{attempt.public_id}/feedback/"
    assert "<strong>not</strong>" not in browser.get(feedback).content.decode()
    reviewer.post(f"{sheet}publish", {"summary": "Nearly *there*."})
    page = browser.get(feedback).content.decode()
    assert "<strong>not</strong>" in page
    assert "<em>there</em>" in page
    assert "    return a + b" in page
    assert (
        "Read the review (1 open comment)"
        in browser.get(f"/attempts/{attempt.public_id}/").content.decode()
    )


def test_markdown_of_a_comment_runs_nothing(
    reviewer: Client, sheet: str, attempt: Attempt, browser: Client
) -> None:
    comment(reviewer, sheet, text="<script>x</script> [y](javascript:z)")
    reviewer.post(f"{sheet}publish", {})
    page = browser.get(f"/attempts/{attempt.public_id}/feedback/").content.decode()
    assert "<script>x" not in page
    assert "javascript:z" not in page.replace("(javascript:z)", "")


def test_a_comment_on_a_file_that_is_not_there_is_refused(reviewer: Client, sheet: str) -> None:
    comment(reviewer, sheet, path="/etc/passwd")
    comment(reviewer, sheet, text="   ")
    assert not Comment.objects.exists()


def test_the_learner_answers_and_says_when_it_is_done(
    reviewer: Client, sheet: str, attempt: Attempt, browser: Client
) -> None:
    comment(reviewer, sheet)
    number = Comment.objects.get().pk
    address = f"/attempts/{attempt.public_id}/reply"
    browser.post(address, {"comment": number, "text": "too early"})
    reviewer.post(f"{sheet}publish", {})
    browser.post(address, {"comment": number, "text": "Because of tests."})
    browser.post(address, {"comment": number, "resolve": "1"})
    found = Comment.objects.get()
    assert [reply.text for reply in found.replies.all()] == ["Because of tests."]
    assert found.resolved_at is not None
    assert "Because of tests." in reviewer.get(sheet).content.decode()


def test_words_worth_saying_again_stay_in_the_bank(
    reviewer: Client, sheet: str, cohort: Cohort
) -> None:
    for _ in range(2):
        comment(reviewer, sheet, remember="1")
    entry = BankEntry.objects.get()
    assert entry.used == 2
    comment(reviewer, sheet, text="", entry=str(entry.pk))
    assert Comment.objects.filter(text=entry.text).count() == 3


def test_a_rubric_counts_when_an_instructor_says_so_and_why(
    reviewer: Client, sheet: str, cohort: Cohort, attempt: Attempt, browser: Client
) -> None:
    for title, points in (("Says who pays", "10"), ("Copies the task", "-5")):
        form = {"quest": "toy", "stage": "features", "title": title, "points": points}
        reviewer.post(f"/cohorts/{cohort.pk}/rubric", form)
    items = [item.pk for item in RubricItem.objects.all()]
    reviewer.post(f"{sheet}publish", {"item": items, "count": "1", "why": ""})
    assert not Override.objects.exists()
    reviewer.post(f"{sheet}publish", {"item": items, "count": "1", "why": "the rubric"})
    assert Override.objects.get().value == 62.1
    place = standings([attempt.enrolment_id])[attempt.enrolment_id].places["features"]
    assert (place.best, place.passed) == (62.1, True)
    page = browser.get(f"/attempts/{attempt.public_id}/feedback/").content.decode()
    assert "Says who pays" in page
    assert "the rubric" in page


def test_the_learner_sees_who_changed_what_and_why(
    reviewer: Client, sheet: str, attempt: Attempt, browser: Client
) -> None:
    form = {"scope": "stage", "value": "80", "reason": "host 3 was slow"}
    reviewer.post(f"{sheet}grade", form | {"reason": ""})
    assert not Override.objects.exists()
    reviewer.post(f"{sheet}grade", form)
    page = browser.get(f"/attempts/{attempt.public_id}/").content.decode()
    assert "instructor gave 80 of 100" in page
    assert "host 3 was slow" in page
    override = Override.objects.get().pk
    reviewer.post(f"{sheet}undo", {"override": override, "reason": "it was not"})
    page = browser.get(f"/attempts/{attempt.public_id}/feedback/").content.decode()
    assert "it was not" in page
    assert "gave 80 of 100" not in browser.get(f"/attempts/{attempt.public_id}/").content.decode()


def test_a_request_waits_in_the_queue_until_it_is_answered_with_a_reason(
    reviewer: Client, sheet: str, attempt: Attempt, browser: Client, cohort: Cohort
) -> None:
    for _ in range(2):
        browser.post(
            f"/attempts/{attempt.public_id}/ask-people",
            {"kind": "regrade", "reason": "the tie rule is ambiguous"},
        )
    (waiting,) = queue(cohort)
    assert waiting.request is not None
    assert "the tie rule is ambiguous" in reviewer.get(f"/cohorts/{cohort.pk}/").content.decode()
    answer = {"request": waiting.request.pk, "decision": "declined", "text": ""}
    reviewer.post(f"{sheet}answer", answer)
    assert queue(cohort)
    reviewer.post(f"{sheet}answer", answer | {"text": "see the brief"})
    assert not queue(cohort)
    assert Request.objects.get().answer == "declined"
    page = browser.get(f"/attempts/{attempt.public_id}/feedback/").content.decode()
    assert "see the brief" in page


def test_the_order_of_the_queue_is_another_one_at_every_stage(
    cohort: Cohort, graded: Grade
) -> None:
    attempts = [graded() for _ in range(1)]
    first = shuffle(cohort, attempts[0])
    assert first == shuffle(cohort, attempts[0])
    attempts[0].stage = "model"
    assert first != shuffle(cohort, attempts[0])
