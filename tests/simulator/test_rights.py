"""Every page and every person: who gets it, who is asked to sign in, for whom it is absent."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import claiming, drafts
from simulator.attempts.claiming import claim
from simulator.attempts.models import Attempt, Objection
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort
from tests.fakes import MADE
from tests.simulator.conftest import HandIn
from tests.simulator.judges import resting_on, verdict, wrong_sum

pytestmark = pytest.mark.django_db

FINE, SIGN_IN, ABSENT, WRONG_METHOD = 200, 302, 404, 405
PEOPLE = ("nobody", "colleague", "stranger", "instructor", "owner")
APPS = ("attempts", "cohorts", "progress", "catalog")

# What a GET answers, in the order of PEOPLE. Only the owner is enrolled.
PAGES: dict[str, tuple[int, int, int, int, int]] = {
    "attempts:attempt": (SIGN_IN, ABSENT, ABSENT, FINE, FINE),
    "attempts:outcome": (SIGN_IN, ABSENT, ABSENT, FINE, FINE),
    "attempts:receipt": (SIGN_IN, ABSENT, ABSENT, FINE, FINE),
    "attempts:file": (SIGN_IN, ABSENT, ABSENT, ABSENT, FINE),
    "attempts:download": (SIGN_IN, ABSENT, ABSENT, ABSENT, FINE),
    "attempts:reset": (SIGN_IN, ABSENT, ABSENT, ABSENT, FINE),
    "attempts:workspace": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, FINE),  # to the quest's page
    "cohorts:cohort": (SIGN_IN, ABSENT, ABSENT, FINE, ABSENT),
    "cohorts:cohorts": (SIGN_IN, FINE, FINE, FINE, FINE),  # a list of one's own
    "progress:work": (SIGN_IN, FINE, FINE, FINE, FINE),  # of one's own
    "progress:skills": (SIGN_IN, FINE, FINE, FINE, FINE),
    "progress:profile": (SIGN_IN, FINE, FINE, FINE, FINE),
    "progress:export": (SIGN_IN, FINE, FINE, FINE, FINE),  # of oneself
    "progress:export-projects": (SIGN_IN, FINE, FINE, FINE, FINE),
    "progress:left-behind": (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT),  # nobody left anything
    "progress:board": (SIGN_IN, FINE, FINE, FINE, FINE),
    "progress:compare": (SIGN_IN, ABSENT, ABSENT, FINE, FINE),
    "progress:business": (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT),  # it was no rollout
    "progress:public": (ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),  # nobody has such a page
    "attempts:sample": (SIGN_IN, ABSENT, ABSENT, ABSENT, ABSENT),  # the toy has no tables
    "progress:landing": (FINE, FINE, FINE, FINE, FINE),
    "progress:quests": (FINE, FINE, FINE, FINE, FINE),
    "progress:quest": (FINE, FINE, FINE, FINE, FINE),
    "catalog:lessons": (FINE, FINE, FINE, FINE, FINE),
    "catalog:lesson": (FINE, FINE, FINE, FINE, FINE),
}
# What only a POST does, and what it answers to one who may not.
DEEDS = {
    "attempts:hand-in": ABSENT,
    "attempts:try-out": ABSENT,
    "attempts:ask": ABSENT,
    "attempts:files": ABSENT,
    "attempts:differences": ABSENT,
    "attempts:upload": ABSENT,
    "attempts:object": ABSENT,
    "attempts:hint": ABSENT,
    "attempts:keep-query": ABSENT,
    "progress:decide": ABSENT,
    "progress:note": ABSENT,
    "progress:seat": ABSENT,
    "progress:start": None,  # anybody who signed in may begin
    "progress:share": None,  # one's own page
    "progress:trial": None,  # anybody may try
}
ELSEWHERE = {"attempts:events"}  # tests/simulator/attempts/test_streaming.py


def names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace in APPS:
                yield from (f"{pattern.namespace}:{one}" for one in names(pattern))
            elif not pattern.namespace:
                yield from (one for one in names(pattern) if ":" in one)
        elif pattern.name:
            yield pattern.name


@pytest.fixture
def attempt(hand_in: HandIn, cohort: Cohort) -> Attempt:
    """The owner's, with a report."""
    made = hand_in()
    won = claim(latest_grading(made).pk)
    assert won is not None
    claiming.finish(won, replace(verdict(wrong_sum()), basis=resting_on(MADE)))
    return made


def address(name: str, attempt: Attempt, cohort: Cohort) -> str:
    arguments: dict[str, list[object]] = {
        "attempts:file": ["toy", "app/model.py"],
        "attempts:workspace": ["toy", "features"],
        "attempts:hand-in": ["toy", "features"],
        "attempts:try-out": ["toy", "features"],
        "attempts:ask": ["toy", "features"],
        "cohorts:cohort": [cohort.pk],
        "attempts:hint": ["toy", "features"],
        "attempts:keep-query": ["toy", "features"],
        "attempts:sample": ["toy", "users"],
        "catalog:lesson": ["toy", "adding"],
        "progress:compare": [attempt.public_id],
        "progress:business": [attempt.public_id],
        "progress:decide": [attempt.public_id],
        "progress:note": [attempt.public_id],
        "progress:public": ["nobodys-key"],
        "progress:skills": [],
        "progress:profile": [],
        "progress:share": [],
        "progress:export": [],
        "progress:export-projects": [],
        "progress:left-behind": [],
        "attempts:attempt": [attempt.public_id],
        "attempts:outcome": [attempt.public_id],
        "attempts:receipt": [attempt.public_id],
        "attempts:object": [attempt.public_id],
        "progress:landing": [],
        "progress:quests": [],
        "progress:work": [],
        "cohorts:cohorts": [],
    }
    query = "?path=app/model.py&stage=features" if name == "attempts:reset" else ""
    return reverse(name, args=arguments.get(name, ["toy"])) + query


def client_of(who: str) -> Client:
    client = Client()
    if who != "nobody":
        client.force_login(User.objects.get(username=who))
    return client


def test_no_page_is_forgotten_here() -> None:
    assert {*names(get_resolver())} == {*PAGES} | {*DEEDS} | ELSEWHERE


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_those_it_is_for(name: str, attempt: Attempt, cohort: Cohort) -> None:
    where = address(name, attempt, cohort)
    answers = tuple(client_of(who).get(where).status_code for who in PEOPLE)
    assert answers == PAGES[name]


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_never_a_get(name: str, attempt: Attempt, cohort: Cohort) -> None:
    where = address(name, attempt, cohort)
    assert client_of("owner").get(where).status_code == WRONG_METHOD


@pytest.mark.parametrize("name", [name for name, answer in DEEDS.items() if answer])
@pytest.mark.parametrize("who", ["nobody", "colleague", "stranger"])
def test_nobody_acts_on_what_is_not_theirs(
    name: str, who: str, attempt: Attempt, cohort: Cohort, enrolment: Enrolment
) -> None:
    before = drafts.files_of(enrolment)
    form = {"path": "app/model.py", "content": "x", "check": "is_right", "text": "no"}
    answer = client_of(who).post(address(name, attempt, cohort), form)
    assert answer.status_code == (SIGN_IN if who == "nobody" else ABSENT)
    assert Attempt.objects.count() == 1
    assert not Objection.objects.exists()
    assert drafts.files_of(enrolment) == before


@pytest.mark.parametrize("name", DEEDS)
def test_a_form_of_another_site_does_nothing(
    name: str, attempt: Attempt, cohort: Cohort, owner: User
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(address(name, attempt, cohort)).status_code == 403
    assert Attempt.objects.count() == 1


def test_what_is_absent_and_what_is_forbidden_look_the_same(
    attempt: Attempt, cohort: Cohort, toy: Quest
) -> None:
    client = client_of("colleague")
    pages: list[str] = []
    for public_id in (str(attempt.public_id), "00000000-0000-4000-8000-000000000000"):
        answer = client.get(reverse("attempts:attempt", args=[public_id]))
        assert answer.status_code == ABSENT
        # A page repeats its own address, and has a fresh token against forgery.
        text = answer.content.decode().replace(public_id, "")
        pages.append(re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text))
    assert pages[0] == pages[1]
