"""From the landing page to the decision: a visitor, a sign-up, help, a comparison, the money."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_journey import add_line, begin, saved, text_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}


def test_a_visitor_tries_signs_up_and_keeps_the_work(open_as: Open) -> None:
    page = open_as("", "/")
    page.get_by_role("button", name="Try the first stage").click()
    page.wait_for_selector(".ace_editor")
    add_line(page, "-- a visitor was here\n")
    page.keyboard.press("Control+s")
    saved(page)
    page.get_by_role("link", name="Keep this work").click()
    page.fill("[name=username]", "newcomer")
    page.fill("[name=email]", "newcomer@example.org")
    page.fill("[name=password1]", "quite-a-long-one-42")
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url("**/accounts/welcome/**")
    page.select_option("[name=sql]", "2")
    page.get_by_role("button", name="Show me where to begin").click()
    page.wait_for_url("**/work/")
    page.get_by_role("link", name=re.compile("Go on")).click()
    page.wait_for_selector(".ace_editor")
    assert text_of(page).endswith("-- a visitor was here\n")


def test_a_session_that_ends_loses_nothing(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("#signed-out")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    add_line(page, "-- typed after the session ended\n")
    page.keyboard.press("Control+s")
    expect(page.locator("#signed-out")).to_have_attribute("open", "")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what Playwright gave
    page.goto("/quests/churn/features/?file=sql/features.sql")
    page.wait_for_selector(".ace_editor")
    assert "-- typed after the session ended" in text_of(page)
    page.keyboard.press("Control+s")
    saved(page)


def test_help_opens_in_the_card_that_fails(open_as: Open, played: dict[str, str]) -> None:
    page = open_as("author", "/work/")
    page.locator(".attempts-table tbody a").last.click()
    card = page.locator(".focus")
    card.get_by_text("Where to look").click()
    card.get_by_role("button", name=re.compile("Open: The idea")).click()
    expect(card.locator(".hint-steps details[open]")).to_have_count(2)
    expect(card.get_by_text("opens after another attempt")).to_be_visible()


def test_two_attempts_are_compared(open_as: Open, played: dict[str, str]) -> None:
    page = open_as("author", played["features"])
    page.get_by_role("link", name="Compare with attempt 1").click()
    expect(page.locator("tr[data-became=fixed]").first).to_be_visible()
    page.get_by_role("link", name="Code").click()
    expect(page.locator("table.diff .ins").first).to_be_attached()
    page.get_by_role("link", name="Numbers").click()
    expect(page.get_by_role("row", name=re.compile("Score"))).to_contain_text("+")


def test_a_decision_is_made_and_the_market_answers(open_as: Open, played: dict[str, str]) -> None:
    page = open_as("author", played["rollout"])
    page.get_by_role("link", name=re.compile("money")).first.click()
    before = page.locator("#what ~ p b").first.text_content()
    page.fill("#months", "12")
    page.get_by_role("button", name="Recalculate").click()
    assert "months=12" in page.url
    assert page.locator("#what ~ p b").first.text_content() != before
    if page.get_by_role("radio", name=re.compile("Iterate")).count():
        page.get_by_role("radio", name=re.compile("Iterate")).check()
        page.fill("#reason", "The interval holds zero; four more weeks.")
        page.get_by_role("button", name=re.compile("Send to")).click()
    expect(page.get_by_text("In truth your policy brings")).to_be_visible()
    expect(page.locator("svg.vega, details.fold[open]").first).to_be_attached()


def test_a_place_on_the_board_is_taken_and_left(open_as: Open, played: dict[str, str]) -> None:
    page = open_as("author", "/quests/churn/board")
    page.fill("#seat-name", "Anna K.")
    page.get_by_role("button", name="Join the board").click()
    expect(page.get_by_role("row", name=re.compile("Anna K."))).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("row", name=re.compile("Anna K."))).to_have_count(0)


def test_all_data_can_be_taken_along(open_as: Open, played: dict[str, str]) -> None:
    page = open_as("author", "/profile/")
    with page.expect_download() as download:
        page.get_by_role("link", name="All data, JSON").click()
    data = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert {each["stage"] for each in data["attempts"]} == {*played}


@pytest.mark.parametrize(
    "place", ["/skills/", "/profile/", "/work/", "/quests/churn/board", "report", "diff", "money"]
)
def test_every_page_speaks_russian_on_a_phone(
    open_as: Open, played: dict[str, str], place: str
) -> None:
    address = {
        "report": played["features"],
        "diff": f"{played['features']}diff/",
        "money": f"{played['rollout']}business/",
    }.get(place, place)
    page = open_as("author", address, viewport=PHONE, locale="ru-RU")
    _in_russian(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _in_russian(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "ru"
    heading = page.locator("h1").first.text_content() or ""
    assert re.search("[а-яё]", heading, re.IGNORECASE) or heading == "Anna Author"
