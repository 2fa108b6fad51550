"""The catalogue and the quest's page."""

import pytest
from django.http import QueryDict
from django.test import Client

from graders.quest import Difficulty, Quest, Status
from simulator.catalog.models import Enrolment
from simulator.catalog.shelf import shelf
from tests.simulator.pages.conftest import Grade

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(toy: Quest) -> tuple[Quest, ...]:
    """A gentle, a hard and a beta quest."""
    long = tuple(stage.model_copy(update={"estimate_minutes": 300}) for stage in toy.stages)
    hard = {"slug": "hard", "difficulty": Difficulty.HARD, "concepts": ("uplift",), "stages": long}
    beta = {"slug": "beta", "status": Status.BETA, "concepts": ("testing", "uplift")}
    return toy, toy.model_copy(update=hard), toy.model_copy(update=beta)


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["toy", "hard", "beta"]),
        ("sort=shortest", ["beta", "toy", "hard"]),
        ("sort=nonsense&level=nonsense", ["toy", "hard", "beta"]),
        ("level=hard", ["hard"]),
        ("level=hard&level=easy", ["toy", "hard", "beta"]),
        ("skill=uplift", ["hard", "beta"]),
        ("skill=uplift&level=easy", ["beta"]),
        ("length=long", ["hard"]),
        ("length=long&level=easy", []),
    ],
)
def test_filters_and_order_stand_in_the_address(
    three: tuple[Quest, ...], query: str, slugs: list[str]
) -> None:
    assert [quest.slug for quest in shelf(three, QueryDict(query)).quests] == slugs


def test_an_empty_shelf_says_what_to_take_away(three: tuple[Quest, ...]) -> None:
    empty = shelf(three, QueryDict("length=long&level=easy"))
    assert [(each.label, each.count, each.query) for each in empty.loosenings] == [
        ("8 hours and more", 2, "level=easy"),
        ("gentle", 1, "length=long"),
    ]


def test_boxes_tell_how_many_and_stay_ticked(three: tuple[Quest, ...]) -> None:
    facets = {facet.name: facet for facet in shelf(three, QueryDict("level=hard")).facets}
    level = {option.value: option for option in facets["level"].options}
    assert (level["easy"].count, level["hard"].count) == (2, 1)
    assert (level["easy"].chosen, level["hard"].chosen) == (False, True)


def test_a_quest_is_started_with_an_estimate(browser: Client) -> None:
    answer = browser.post("/quests/toy/start", {"estimate": "9"})
    assert answer["Location"] == "/quests/toy/features/"
    assert Enrolment.objects.get().estimate_hours == 9
    browser.post("/quests/toy/start", {"estimate": "2"})
    assert Enrolment.objects.get().estimate_hours == 9
    assert "<b>9 h</b>" in browser.get("/quests/toy/").content.decode()


@pytest.mark.parametrize("estimate", ["", "-1", "0", "1e9", "99999", "nine"])
def test_an_estimate_that_cannot_be_meant_is_left_out(browser: Client, estimate: str) -> None:
    browser.post("/quests/toy/start", {"estimate": estimate})
    assert Enrolment.objects.get().estimate_hours is None


def test_the_map_says_where_the_learner_is(browser: Client, graded: Grade) -> None:
    page = browser.get("/quests/toy/").content.decode()
    assert page.count('data-state="here"') == 1
    assert 'data-state="locked"' in page
    graded()
    page = browser.get("/quests/toy/").content.decode()
    assert "passed with merit" in page
    assert "1 of 2 stages passed" in page
    assert 'href="/quests/toy/model/"' in page


def test_a_locked_stage_is_no_link(browser: Client, enrolment: Enrolment) -> None:
    assert 'href="/quests/toy/model/"' not in browser.get("/quests/toy/").content.decode()


def test_the_catalogue_shows_how_far_one_is(browser: Client, graded: Grade) -> None:
    assert "0 of 2 stages passed" in browser.get("/quests/").content.decode()
    graded()
    assert "1 of 2 stages passed" in browser.get("/quests/").content.decode()


def test_a_story_is_shown_and_its_markup_is_ours(browser: Client) -> None:
    assert "<em>upon</em>" in browser.get("/quests/toy/").content.decode()


def test_a_lesson_has_its_title_once(browser: Client) -> None:
    page = browser.get("/quests/toy/lessons/adding/").content.decode()
    assert page.count(">Adding</h1>") == 1
    assert ">Adding</h2>" not in page
