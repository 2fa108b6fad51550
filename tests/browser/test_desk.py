"""The desk in a real browser: who is stuck, a review, a grade changed, a bad check mended."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from graders import works
from graders.loading import load_quest
from simulator.demo.learning import Learner
from simulator.environment import ROOT
from simulator.serving.private import Site, private_site
from tests.browser.bad_check import repair, write_bad_quest
from tests.browser.conftest import COMPLAIN, Open, _note

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COHORT = "ML engineering, autumn"
MOST_MEMBERS = 110


@pytest.fixture
def attempt(site: Site) -> str:
    """The learner's attempt at the first stage of churn: the starter."""
    quest = load_quest(ROOT / "quests" / "churn")
    work = works.starter(quest, quest.stage("features"))
    with Learner(site.address, name="learner", password="learner") as learner:
        learner.enrol("churn")
        attempt = learner.hand_in("churn", "features", work.files)
        learner.report(attempt)
        return attempt


@pytest.fixture(scope="module")
def bad_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bad_quest(tmp_path_factory.mktemp("quests"))


@pytest.fixture(scope="module")
def bad_site(bad_check: Path, chromium: Browser) -> Iterator[Site]:
    """A site whose one quest has a bug, and which reads a repaired quest without a restart."""
    root = str(bad_check.parents[3])
    with private_site(SIM_QUESTS=root, SIM_DEBUG="1", SIM_SCALE="tiny") as served:
        with closing(sqlite3.connect(served.home / "db.sqlite3", timeout=60)) as database:
            # Half of the learners show the same, and are judged again in seconds.
            database.execute("DELETE FROM cohorts_membership WHERE id > ?", [MOST_MEMBERS])
            database.commit()
        yield served


@pytest.fixture
def teacher(bad_site: Site, chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    """The instructor's browser at that site."""
    context = chromium.new_context(
        base_url=bad_site.address, viewport=ViewportSize(width=1280, height=800)
    )
    context.set_default_timeout(60_000)
    context.add_init_script(COMPLAIN)
    context.on("console", lambda message: _note(complaints, message))
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "instructor")
    page.fill("[name=password]", "instructor")
    page.click("main form button")
    page.wait_for_url("**/quests/")
    yield page
    context.close()
    assert complaints == []


def test_a_stuck_learner_is_found_with_the_reason_and_gets_a_hint(open_as: Open) -> None:
    page = open_as("instructor", "/cohorts/")
    page.get_by_role("link", name=COHORT).click()
    needy = page.get_by_role("region", name=re.compile("Need help now")).locator("li").first
    reason = re.compile(r"in a row|does not pass|do not pass|usual gap|minutes of work")
    expect(needy).to_contain_text(reason)
    name = needy.get_by_role("link").inner_text()
    needy.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_text("A flag is a reason to look, never a grade.").first).to_be_visible()
    page.get_by_label("A word to the learner").first.fill("Read the table's key once more.")
    page.get_by_role("button", name="Send hint").first.click()
    expect(page.get_by_text("“Read the table's key once more.”")).to_be_visible()


def test_the_heatmap_is_walked_with_the_arrow_keys(open_as: Open) -> None:
    page = open_as("instructor", "/cohorts/")
    page.get_by_role("link", name=COHORT).click()
    page.locator("table.heat tbody tr").nth(1).locator("th a").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("table.heat tbody tr").nth(1).locator("td a").first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(page.locator("table.heat tbody tr").nth(2).locator("th a")).to_be_focused()


def test_a_comment_and_a_changed_grade_reach_the_learner_with_the_reason(
    open_as: Open, attempt: str
) -> None:
    page = open_as("instructor", "/cohorts/")
    page.get_by_role("link", name="Demo cohort").click()
    page.locator("table.heat tbody th a").filter(has_text="Lena Learner").first.click()
    page.get_by_role("link", name="Open").first.click()
    assert attempt in page.url
    first = page.locator("details[open] [data-line]").first
    path = first.locator("xpath=ancestor::*[@data-path]").get_attribute("data-path")
    first.click()
    page.locator("details[open] [data-line]").nth(2).click(modifiers=["Shift"])
    expect(page.get_by_label("From line")).to_have_value("1")
    expect(page.get_by_label("to", exact=True)).to_have_value("3")
    page.get_by_label("Comment, Markdown").fill("Say **when** this was known.")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator(".remark strong")).to_have_text("when")
    page.get_by_role("button", name="Publish all").click()
    page.locator("summary", has_text="Change the grade").click()
    page.get_by_label("Value, 0 to 100").fill("80")
    page.get_by_label("Reason; the learner reads it").fill("the host was slow that evening")
    page.get_by_role("button", name="Change the grade").click()
    expect(page.get_by_text("Changed. The learner sees who, what and why.")).to_be_visible()

    learner = open_as("learner", f"/attempts/{attempt}/")
    expect(learner.get_by_text("instructor gave 80 of 100")).to_be_visible()
    expect(learner.get_by_text("the host was slow that evening")).to_be_visible()
    learner.get_by_role("link", name="How the grade came about").click()
    expect(learner.locator(".remark strong")).to_have_text("when")
    expect(learner.get_by_text(path or "").first).to_be_visible()
    learner.get_by_role("button", name="Done").click()
    expect(learner.get_by_text("done", exact=True)).to_be_visible()


def test_a_bad_check_is_found_mended_tried_applied_and_rolled_back(
    teacher: Page, bad_check: Path
) -> None:
    page = teacher
    page.goto("/cohorts/")
    page.get_by_role("link", name=COHORT).click()
    page.get_by_role("link", name="Checks", exact=True).click()
    bug = page.get_by_role("row").filter(has_text="good work fails here: look for a bug")
    row = bug.filter(has_text="It pays").filter(has_text="Report")
    expect(row).to_have_count(1)
    repair(bad_check)
    row.get_by_role("link", name="Regrade").click()
    expect(page.get_by_text("run again")).to_be_visible()
    page.get_by_label("Which attempts").select_option("latest")
    page.get_by_role("button", name="Plan").click()
    page.get_by_role("button", name="Begin the dry run").click()
    page.get_by_role("heading", name="The difference").wait_for(timeout=240_000)
    expect(page.get_by_text("failed → passed").first).to_be_visible()
    page.get_by_label("Reason; the learners read it").fill("The check compared with 5.")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text(re.compile(r"Applied: [1-9]\d* attempts"))).to_be_visible()
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Rolled back: everything counts as before.")).to_be_visible()
