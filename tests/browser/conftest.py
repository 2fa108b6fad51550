"""A whole site of its own, and Debian's chromium to look at it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    sync_playwright,
)

from graders import works
from graders.loading import load_quest
from simulator.demo.learning import Learner
from simulator.environment import ROOT
from simulator.serving.private import Site, private_site
from tests.needs import need

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAPTOP: Final = {"width": 1280, "height": 800}
# What the browser itself says of an answer that a page expects and handles.
HANDLED: Final = (
    "status of 405",  # a save after the session has ended
    "status of 412",
    "status of 422",
    "ERR_INTERNET_DISCONNECTED",
)
COMPLAIN: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.sourceFile} ${event.sample}`));
"""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site with its quests at the smallest scale."""
    need("chromium", present=CHROMIUM.is_file())
    with private_site(SIM_SCALE="tiny") as served:
        yield served


@pytest.fixture(scope="session")
def chromium(site: Site) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions(site: Site, chromium: Browser) -> dict[str, StorageState]:
    """The cookies of those who signed in: once each, through the form."""
    return {"": StorageState(cookies=[], origins=[])}


@pytest.fixture(scope="session")
def played(site: Site) -> dict[str, str]:
    """The way of somebody through churn: the address of the last attempt at each stage."""
    with Learner(site.address, name="author", password="author") as learner:
        quest = load_quest(ROOT / "quests" / "churn")
        learner.enrol(quest.slug)
        first = works.starter(quest, quest.stages[0])
        learner.report(learner.hand_in(quest.slug, "features", first.files))
        found = {}
        for stage in quest.stages:
            attempt = learner.hand_in(quest.slug, stage.slug, works.reference(quest, stage).files)
            learner.report(attempt)
            found[stage.slug] = f"/attempts/{attempt}/"
        return found


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about; a test that ends with any fails."""
    return []


@pytest.fixture
def open_as(
    site: Site, chromium: Browser, sessions: dict[str, StorageState], complaints: list[str]
) -> Iterator[Open]:
    """Open a page in a browser of its own, signed in as somebody or nobody."""
    contexts: list[BrowserContext] = []

    def run(person: str = "", address: str = "/", **settings: object) -> Page:
        if person not in sessions:
            sessions[person] = _sign_in(chromium.new_context(base_url=site.address), person)
        context = chromium.new_context(
            base_url=site.address,
            storage_state=sessions[person],
            **({"viewport": LAPTOP} | settings),  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.add_init_script(COMPLAIN)
        context.on("console", lambda message: _note(complaints, message))
        context.on("request", lambda request: _stay_here(complaints, request, site.address))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(address)
        return page

    yield run
    for context in contexts:
        context.close()
    assert complaints == []


def _sign_in(context: BrowserContext, person: str) -> StorageState:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", person)
    page.fill("[name=password]", person)
    page.click("main form button")
    page.wait_for_url("**/quests/")
    state = context.storage_state()
    context.close()
    return state


def _stay_here(complaints: list[str], request: Request, address: str) -> None:
    """No page asks another host for anything."""
    if not request.url.startswith((f"{address}/", "data:", "blob:")):
        complaints.append(f"asked elsewhere: {request.url}")


def _note(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"} and not any(
        known in message.text for known in HANDLED
    ):
        complaints.append(f"{message.type}: {message.text}")
