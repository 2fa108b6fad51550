"""axe on every page, in both themes: nothing serious, nothing critical."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Open
from tests.browser.test_layout import PAGES, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GRAVE = {"serious", "critical"}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
AXE = Axe()
OF_A_PLAYER = ("", "diff/", "diff/?show=code", "diff/?show=numbers")
OTHERS = (
    "/skills/",
    "/profile/",
    "/work/",
    "/quests/churn/",
    "/quests/churn/board",
    "/quests/churn/rollout/?tab=hints",
    "/quests/churn/lessons/",
    "/accounts/welcome/",
    "/accounts/2fa/",
)


def grave(open_as: Open, person: str, address: str) -> list[str]:
    """What is grave on a page, light and then dark."""
    page = visit(open_as, person, address, width=1280)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for violation in AXE.run(page, options=RULES).response["violations"]:
            if violation["impact"] in GRAVE:
                places = [node["html"][:120] for node in violation["nodes"][:3]]
                found.append(f"{scheme}: {violation['id']} {places}")
    return found


@pytest.mark.parametrize(("person", "address"), PAGES)
def test_a_page_is_for_everybody(
    open_as: Open, complaints: list[str], person: str, address: str
) -> None:
    assert grave(open_as, person, address) == []
    complaints[:] = [each for each in complaints if "status of 404" not in each]


@pytest.mark.parametrize("part", OF_A_PLAYER)
def test_a_report_is_for_everybody(open_as: Open, played: dict[str, str], part: str) -> None:
    assert grave(open_as, "author", f"{played['features']}{part}") == []


def test_the_page_of_the_money_is_for_everybody(open_as: Open, played: dict[str, str]) -> None:
    assert grave(open_as, "author", played["rollout"]) == []
    assert grave(open_as, "author", f"{played['rollout']}business/") == []


@pytest.mark.parametrize("address", OTHERS)
def test_pages_about_a_person_are_for_everybody(
    open_as: Open, played: dict[str, str], address: str
) -> None:
    assert grave(open_as, "author", address) == []


@pytest.mark.parametrize("address", ["/", "/quests/churn/", "/accounts/login/", "/nowhere/"])
def test_the_policy_allows_nothing_unsafe(
    open_as: Open, complaints: list[str], address: str
) -> None:
    page = open_as()
    answer = page.goto(address)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    complaints[:] = [each for each in complaints if "status of 404" not in each]
