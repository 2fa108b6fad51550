"""The loop without scripts: workspace, hand-in, live page, report; and who may see it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from graders.datasets import Datasets
from graders.results import Outcome
from sandbox.interface import SandboxError
from simulator.accounts.models import User
from simulator.accounts.pacing import HAND_IN, Limit
from simulator.attempts import trying
from simulator.attempts.models import Attempt, Grading, Objection
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort
from simulator.warehouse import exploring
from tests.fakes import FakeSandbox
from tests.simulator.conftest import HandIn
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db

WORKSPACE = "/quests/toy/features/"
HAND_IN_PAGE = "/quests/toy/features/hand-in"


def page_of(attempt: Attempt) -> str:
    return f"/attempts/{attempt.public_id}/"


def test_the_workspace_opens_the_file_that_the_stage_is_about(
    browser: Client, enrolment: Enrolment
) -> None:
    page = browser.get(WORKSPACE).content.decode()
    assert "<textarea" in page
    assert "SELECT 1" in page
    assert "No attempt yet" in page
    assert "12,345 rows" in page


@pytest.mark.parametrize(
    ("tab", "word"),
    [
        ("brief", "Reach"),
        ("files", "app/"),
        ("data", "The tables are being made"),
        ("sql", "SELECT 1"),
        ("hints", "Look."),
        ("nonsense", "Reach"),
    ],
)
def test_tabs_are_addresses(
    browser: Client, enrolment: Enrolment, tab: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploring, "filled", lambda quest: None)
    whole = browser.get(f"{WORKSPACE}?tab={tab}").content.decode()
    part = browser.get(f"{WORKSPACE}?tab={tab}", headers={"HX-Target": "brief"}).content.decode()
    assert word in whole
    assert word in part
    assert "<html" not in part
    assert part.count('aria-current="page"') == 1


def test_a_plain_text_area_can_be_chosen(
    browser: Client, enrolment: Enrolment, owner: User
) -> None:
    assert "ace.js" in browser.get(WORKSPACE).content.decode()
    User.objects.filter(pk=owner.pk).update(plain_editor=True)
    assert "ace.js" not in browser.get(WORKSPACE).content.decode()


def test_who_has_not_begun_is_sent_to_the_quest(browser: Client) -> None:
    assert browser.get(WORKSPACE)["Location"] == "/quests/toy/"


def test_the_whole_loop_works_without_scripts(
    browser: Client, enrolment: Enrolment, graded: Grade
) -> None:
    answer = browser.post(HAND_IN_PAGE, {"seen": "0"})
    attempt = Attempt.objects.get()
    assert answer["Location"] == page_of(attempt)
    live = browser.get(page_of(attempt)).content.decode()
    assert "0 of 4 checks done" in live
    assert f'sse-connect="/attempts/{attempt.public_id}/events"' in live
    assert ">Refresh</a>" in live


def test_a_double_click_is_one_attempt(browser: Client, enrolment: Enrolment) -> None:
    first = browser.post(HAND_IN_PAGE, {"seen": "0"})
    second = browser.post(HAND_IN_PAGE, {"seen": "0"})
    assert first["Location"] == second["Location"]
    assert Attempt.objects.count() == 1
    browser.post(HAND_IN_PAGE, {"seen": "1"})
    assert Attempt.objects.count() == 2


def test_htmx_gets_a_fragment_and_the_next_number(browser: Client, enrolment: Enrolment) -> None:
    answer = browser.post(HAND_IN_PAGE, {"seen": "0"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert 'id="live"' in text
    assert re.search(r'name="seen" value="1" id="hand-in-seen" hx-swap-oob="true"', text)


def test_a_refusal_is_a_sentence_and_leaves_nothing(browser: Client, enrolment: Enrolment) -> None:
    answer = browser.post("/quests/toy/model/hand-in", {}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "no attempt was used" in answer.content.decode()
    plain = browser.post("/quests/toy/model/hand-in", {}, follow=True)
    assert 'data-status="failed"' in plain.content.decode()
    assert Attempt.objects.count() == 0


def test_hand_ins_have_a_pace(
    browser: Client, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "simulator.accounts.pacing.HAND_IN", Limit(name=HAND_IN.name, times=1, seconds=60)
    )
    browser.post(HAND_IN_PAGE, {"seen": "0"})
    answer = browser.post(HAND_IN_PAGE, {"seen": "1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "Wait 60 seconds" in answer.content.decode()
    assert Attempt.objects.count() == 1


def test_a_report_says_first_what_to_fix_first(browser: Client, graded: Grade) -> None:
    attempt = graded(saying(result("is_there"), wrong_sum(), result("pays"), result("is_tested")))
    page = browser.get(page_of(attempt)).content.decode()
    order = [
        page.index(word)
        for word in (
            "Fix this first",
            "<code>add(2, 3)</code> returned 2.",
            "Sums go to the invoice.",
            "data-copy=",
            "/quests/toy/lessons/adding/",
            "All checks",
        )
    ]
    assert order == sorted(order)
    assert page.count('id="is_right"') == 1
    assert "One attempt so far" in page


def test_a_report_compares_with_the_attempt_before(browser: Client, graded: Grade) -> None:
    graded(saying(result("is_there"), wrong_sum(), result("pays"), result("is_tested")))
    broken = result("is_tested", Outcome.FAILED)
    attempt = graded(saying(result("is_there"), result("is_right"), result("pays"), broken))
    page = browser.get(page_of(attempt)).content.decode()
    assert "Since attempt 1" in page
    assert re.search(r"1\s+broke", page)
    assert re.search(r"1\s+fixed", page)
    assert page.index(">Broke<") < page.index(">Fixed<")


def test_a_report_without_faults_leads_to_the_next_stage(browser: Client, graded: Grade) -> None:
    page = browser.get(page_of(graded())).content.decode()
    assert "Ready for production, with merit" in page
    assert "Nothing is left to fix" in page
    assert 'href="/quests/toy/model/"' in page


def test_what_the_learner_printed_is_text(browser: Client, graded: Grade) -> None:
    loud = result("is_right", Outcome.ERROR, output="<script>alert(1)</script>")
    page = browser.get(page_of(graded(saying(result("is_there"), loud)))).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_workspace_shows_the_last_report(browser: Client, graded: Grade) -> None:
    attempt = graded(saying(result("is_there"), wrong_sum()))
    page = browser.get(WORKSPACE).content.decode()
    assert f'href="{page_of(attempt)}"' in page
    assert "Fix this first" in page
    part = browser.get(f"{page_of(attempt)}outcome").content.decode()
    assert "Fix this first" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (Grading.State.CANCELLED, "cancelled"),
        (Grading.State.QUARANTINED, "a person will look"),
        (Grading.State.REFUSED, "nothing was graded"),
    ],
)
def test_an_attempt_that_is_not_graded_says_why(
    browser: Client, hand_in: HandIn, state: Grading.State, word: str
) -> None:
    attempt = hand_in()
    Grading.objects.filter(attempt=attempt).update(state=state)
    for address in (page_of(attempt), WORKSPACE):
        page = browser.get(address).content.decode()
        assert word in page
        assert "o attempt was used" in page


def test_three_people_see_an_attempt_differently(
    graded: Grade, cohort: Cohort, owner: User, colleague: User, stranger: User, instructor: User
) -> None:
    address = page_of(graded(saying(wrong_sum())))
    for person, status in ((owner, 200), (instructor, 200), (colleague, 404), (stranger, 404)):
        client = browser_of(person)
        assert client.get(address).status_code == status, person
        assert client.get(f"{address}outcome").status_code == status, person
        assert client.post(f"{address}object", {}).status_code in {302, status}, person
    taught = browser_of(instructor).get(address).content.decode()
    assert "(owner)" in taught
    assert "Back to the code" not in taught


def test_a_learner_objects_once_to_a_check_that_ran(browser: Client, graded: Grade) -> None:
    attempt = graded(saying(wrong_sum()))
    given = {"check": "is_right", "text": "  two and three are not five here "}
    for _ in range(2):
        browser.post(f"{page_of(attempt)}object", given)
    browser.post(f"{page_of(attempt)}object", given | {"check": "invented"})
    browser.post(f"{page_of(attempt)}object", given | {"text": "   "})
    objection = Objection.objects.get()
    assert objection.grading == latest_grading(attempt)
    assert objection.text == "two and three are not five here"


def test_my_work_lists_every_attempt(browser: Client, graded: Grade, hand_in: HandIn) -> None:
    done = graded(saying(wrong_sum()))
    waiting = hand_in()
    page = browser.get("/work/").content.decode()
    assert page.index(page_of(waiting)) < page.index(page_of(done))
    assert "being graded" in page
    assert "Pilot" in page


def test_an_empty_history_has_one_way_out(browser: Client) -> None:
    page = browser.get("/work/").content.decode()
    assert "not begun a quest" in page
    assert 'href="/quests/"' in page


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The toy quest has no tables; its rooms open on an empty folder."""
    nothing: dict[str, Any] = {**dict.fromkeys(Datasets.__dataclass_fields__, ""), "hidden": {}}
    nothing |= {"public_folder": tmp_path, "truth": tmp_path}
    monkeypatch.setattr(trying, "filled", lambda quest: Datasets(**nothing))


@pytest.mark.usefixtures("tables")
def test_open_checks_run_on_the_draft_without_an_attempt(
    browser: Client, enrolment: Enrolment
) -> None:
    text = browser.post(
        "/quests/toy/features/try-out", headers={"HX-Request": "true"}
    ).content.decode()
    assert 'data-tried="is_there"' in text
    assert "<code>add(2, 3)</code> returned 2." in text
    assert "<html" not in text
    assert "<html" in browser.post("/quests/toy/features/try-out").content.decode()
    assert Attempt.objects.count() == 0


def test_open_checks_wait_for_the_tables(
    browser: Client, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "filled", lambda quest: None)
    page = browser.post("/quests/toy/features/try-out").content.decode()
    assert "still being made" in page


@pytest.mark.usefixtures("tables")
def test_open_checks_without_a_machine_say_so(
    browser: Client, enrolment: Enrolment, rooms: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object, **__: object) -> None:
        raise SandboxError("no runner")

    monkeypatch.setattr(rooms, "open", fall)
    page = browser.post("/quests/toy/features/try-out").content.decode()
    assert "No machine is free" in page
    assert "no runner" not in page


def test_what_no_command_repeats_is_told_in_a_sentence(browser: Client, graded: Grade) -> None:
    params: dict[str, Any] = {"target": "app.model:add", "error": "KeyError", "path": "app/a.py"}
    raised = result("is_right", Outcome.ERROR, reason="raised", params=params)
    absent = result("is_there", Outcome.ERROR, reason="file_missing", params=params)
    page = browser.get(page_of(graded(saying(raised, absent)))).content.decode()
    assert "Run the open checks on the draft: they show the traceback." in page
    assert 'data-copy="ls -l app/a.py"' in page
    assert 'data-copy="Run the open' not in page
