"""The loop in a real browser: sign in, edit, hand in, watch the checks arrive, read the report."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORKSPACE = "/quests/churn/features/"
EDITOR = "document.querySelector('[data-ace]')"
WATCH = """
window.arrived = [];
window.titles = [];
window.sameDocument = true;
new MutationObserver(() => {
  const count = document.querySelectorAll("[data-live-results] [data-check]").length;
  if (count && count !== window.arrived.at(-1)) window.arrived.push(count);
}).observe(document.body, { childList: true, subtree: true });
new MutationObserver(() => window.titles.push(document.title))
  .observe(document.querySelector("title"), { childList: true });
"""


def begin(page: Page, quest: str = "churn") -> None:
    """Start the quest from its page, unless it was started before."""
    page.goto(f"/quests/{quest}/")
    if page.locator("form.start").count():
        page.fill("#estimate", "9")
        page.click("form.start button")
        page.wait_for_load_state()
    page.goto(WORKSPACE)
    page.wait_for_selector(".ace_editor")


def add_line(page: Page, text: str) -> None:
    page.evaluate(
        f"""(text) => {{
          const editor = ace.edit({EDITOR});
          editor.focus();
          editor.navigateFileEnd();
          editor.insert(text);
        }}""",
        text,
    )


def text_of(page: Page) -> str:
    return str(page.evaluate(f"ace.edit({EDITOR}).getValue()"))


def saved(page: Page) -> None:
    expect(page.locator("[data-save-line]")).to_have_attribute("data-save", "saved")


def test_a_learner_hands_in_and_sees_checks_arrive_one_by_one(open_as: Open) -> None:
    page = open_as("learner", "/quests/")
    page.get_by_role("link", name="Whom to give the discount").click()
    begin(page)
    assert page.url.endswith(WORKSPACE)

    add_line(page, "-- a line of the journey\n")
    expect(page.locator("[data-save-line]")).to_have_attribute("data-save", "dirty")
    page.keyboard.press("Control+s")
    saved(page)

    page.evaluate(WATCH)
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_selector(
        "[data-live-results] [data-check]"
    )  # another attempt's verdict has gone
    page.wait_for_selector(".verdict-short")

    assert page.evaluate("window.sameDocument") is True
    counts = page.evaluate("window.arrived")
    assert counts == [*range(1, counts[-1] + 1)], "results came in lumps"
    assert counts[-1] > 3
    assert any(
        re.match(rf"{count}/\d+", title)
        for title in page.evaluate("window.titles")
        for count in counts[:-1]
    )
    expect(page.locator("#status")).to_have_text(re.compile(r"Graded: \d"))
    assert re.match(r"[✓✗] \d", page.title())

    page.get_by_role("link", name="Whole report").click()
    page.wait_for_url("**/attempts/**")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.get_by_text("Fix this first").first).to_be_visible()
    assert page.locator(".clocks dd").count() == 4
    page.get_by_role("link", name="All attempts").click()
    expect(page.locator(".attempts-table tbody tr").first).to_be_visible()


def test_the_loop_needs_no_mouse(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.keyboard.press("F6")
    panes = []
    for _ in range(3):
        panes.append(page.evaluate("document.activeElement.closest('.pane')?.id"))
        page.keyboard.press("F6")
    assert sorted(panes) == ["brief", "editor", "report"]
    add_line(page, "-- typed\n")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-tried]")
    page.keyboard.press("Control+Shift+Enter")
    page.wait_for_selector("#live, [data-verdict], .verdict-short")
    page.wait_for_selector(".verdict-short")


def test_the_editor_lets_the_keyboard_go(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.evaluate(f"ace.edit({EDITOR}).focus()")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").startswith("ace_")
    page.keyboard.press("Tab")
    assert page.evaluate(f"!{EDITOR}.contains(document.activeElement)")


def test_two_tabs_never_overwrite_each_other(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    other = page.context.new_page()
    other.goto(WORKSPACE)
    other.wait_for_selector(".ace_editor")
    add_line(other, "-- theirs\n")
    other.keyboard.press("Control+s")
    saved(other)

    page.bring_to_front()
    add_line(page, "-- mine\n")
    page.keyboard.press("Control+s")
    page.wait_for_selector("#conflict[open]")
    page.keyboard.press("Escape")
    expect(page.locator("#conflict")).to_have_attribute("open", "")
    page.get_by_role("button", name="See the difference").click()
    expect(page.locator("#conflict .del")).to_contain_text("theirs")
    expect(page.locator("#conflict .ins")).to_contain_text("mine")
    page.get_by_role("button", name="Take theirs").click()
    expect(page.locator("#conflict")).not_to_have_attribute("open", "")
    assert text_of(page).endswith("-- theirs\n")

    add_line(page, "-- both\n")
    page.keyboard.press("Control+s")
    saved(page)


def test_what_is_typed_offline_is_kept_and_saved_later(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.context.set_offline(True)
    add_line(page, "-- typed offline\n")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save-line]")).to_have_attribute("data-save", "offline")
    kept = page.evaluate(
        "Object.entries(localStorage).filter(([key]) => key.startsWith('draft:'))"
    )
    assert "-- typed offline" in kept[0][1]
    page.context.set_offline(False)
    saved(page)
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    page.wait_for_selector(".ace_editor")
    assert "-- typed offline" in text_of(page)


def test_files_open_without_a_reload(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.evaluate("window.sameDocument = true")
    add_line(page, "-- kept while another file is open\n")
    page.locator("#brief .tabs").get_by_text("Files").click()
    page.locator("[data-file-list] [data-file='churn/__init__.py']").click()
    expect(page.locator("[data-open-path]")).to_have_text("churn/__init__.py")
    page.locator("[data-file-list] [data-file='sql/features.sql']").click()
    expect(page.locator("[data-open-path]")).to_have_text("sql/features.sql")
    assert "-- kept while another file is open" in text_of(page)
    assert page.evaluate("window.sameDocument") is True
    assert "file=sql%2Ffeatures.sql" in page.url


def test_the_data_tab_tells_facts_of_every_table(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.locator("#brief .tabs").get_by_text("Data").click()
    page.locator("#brief summary", has_text="users").click()
    expect(page.locator("#brief .dictionary").first).to_contain_text("user_id")
    expect(page.locator("#brief table.sample").first).to_be_visible()


def test_a_question_to_the_tables_is_answered(open_as: Open) -> None:
    page = open_as("learner")
    begin(page)
    page.locator("#brief .tabs").get_by_text("SQL").click()
    page.fill("#sql-query", "SELECT count() AS people FROM users")
    page.focus("#sql-query")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer td").first).to_have_text(re.compile(r"^\d+$"))
    page.fill("#sql-query", "SELECT user_ids FROM users")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer .pointed")).to_contain_text("^^^^^^^^")
    expect(page.locator("#answer")).to_contain_text("Did you mean user_id?")
    page.locator("#brief .tabs").get_by_text("Hints").click()
    page.locator("#brief .tabs").get_by_text("SQL").click()
    expect(page.locator("#sql-query")).to_have_value("SELECT user_ids FROM users")


def test_an_instructor_sees_the_cohort_at_a_glance(open_as: Open) -> None:
    page = open_as("instructor", "/cohorts/")
    page.locator("main a").first.click()
    expect(page.locator("table.heat").first).to_be_visible()


def test_colours_change_without_a_reload_and_stay(open_as: Open) -> None:
    page = open_as("", "/help/", color_scheme="light")
    page.evaluate("window.sameDocument = true")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_response("**/accounts/theme/"):
        page.get_by_role("button", name="dark").click()
    assert page.evaluate("window.sameDocument") is True
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.goto("/quests/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
