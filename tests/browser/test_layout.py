"""Every page at every width: nothing sticks out, nothing is too small, nothing weighs too much."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    ("", "/"),
    ("", "/quests/"),
    ("", "/quests/churn/"),
    ("", "/accounts/login/"),
    ("", "/accounts/signup/"),
    ("", "/help/"),
    ("", "/health/"),
    ("", "/nowhere/"),
    ("", "/quests/churn/lessons/"),
    ("learner", "/quests/churn/features/"),
    ("learner", "/quests/churn/features/?tab=data"),
    ("learner", "/quests/churn/features/?tab=sql"),
    ("learner", "/work/"),
    ("learner", "/accounts/settings/"),
    ("instructor", "/cohorts/"),
)
BUDGET = 120_000
WEIGHT = """
() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((entry) => !/\\/(ace|editor)[./]/.test(entry.name) && !entry.name.includes("django_ace"))
  .reduce((total, entry) => total + entry.encodedBodySize, 0)
"""
SMALL_TARGETS = """
() => [...document.querySelectorAll("button, select, summary, input[type=submit], nav a, .btn")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 24)
  .map((each) => each.outerHTML.slice(0, 120))
"""
UNNAMED = """
() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
  .filter((each) => each.checkVisibility() && !each.classList.contains("ace_text-input"))
  .filter((each) => !(each.textContent.trim() || each.getAttribute("aria-label") || each.title
    || each.labels?.length))
  .map((each) => each.outerHTML.slice(0, 120))
"""


def visit(open_as: Open, person: str, address: str, *, width: int, scheme: str = "light") -> Page:
    page = open_as(person, "/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    if "/features/" in address:
        page.goto("/quests/churn/")
        if page.locator("form.start").count():
            page.click("form.start button")
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize(("person", "address"), PAGES)
def test_nothing_sticks_out_on_a_narrow_screen(
    open_as: Open, complaints: list[str], person: str, address: str
) -> None:
    page = visit(open_as, person, address, width=320)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320
    assert page.evaluate(SMALL_TARGETS) == []
    _forget_missing_page(complaints, address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("person", "address"), PAGES)
def test_a_page_is_well_formed_in_both_colours(
    open_as: Open, complaints: list[str], person: str, address: str, scheme: str
) -> None:
    page = visit(open_as, person, address, width=1280, scheme=scheme)
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("[role=status]").count() == 1
    assert page.evaluate(UNNAMED) == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    _forget_missing_page(complaints, address)


@pytest.mark.parametrize(("person", "address"), PAGES)
def test_a_page_is_light(open_as: Open, complaints: list[str], person: str, address: str) -> None:
    page = visit(open_as, person, address, width=1280)
    assert page.evaluate(WEIGHT) < BUDGET
    _forget_missing_page(complaints, address)


def test_the_skip_link_is_first_and_leads_to_the_content(open_as: Open) -> None:
    page = open_as("", "/quests/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_the_sticky_bar_never_hides_what_has_the_focus(open_as: Open) -> None:
    page = visit(open_as, "learner", "/quests/churn/features/?tab=files", width=360)
    bar = page.locator(".bar").bounding_box()
    assert bar is not None
    padding = page.evaluate(
        "parseFloat(getComputedStyle(document.documentElement).scrollPaddingBlockEnd)"
    )
    assert padding >= bar["height"] * 0.8


def _forget_missing_page(complaints: list[str], address: str) -> None:
    """A page that is not there is said so in the console too; that is no fault of the page."""
    if address == "/nowhere/":
        complaints[:] = [each for each in complaints if "status of 404" not in each]
