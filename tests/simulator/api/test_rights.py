"""Every operation of the API and every person: who gets it, and for whom it is absent."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.api.endpoints import api
from simulator.attempts import claiming, drafts
from simulator.attempts.claiming import claim
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort
from simulator.warehouse import filling
from tests.fakes import MADE
from tests.simulator.api.conftest import with_token
from tests.simulator.conftest import HandIn
from tests.simulator.judges import resting_on, verdict, wrong_sum

pytestmark = pytest.mark.django_db

FINE, NOBODY, ABSENT = 200, 401, 404
PEOPLE = ("nobody", "colleague", "stranger", "instructor", "owner")

# What a request answers, in the order of PEOPLE. Only the owner is enrolled.
MINE = (NOBODY, ABSENT, ABSENT, ABSENT, FINE)
READ = (NOBODY, ABSENT, ABSENT, FINE, FINE)  # an instructor reads the work of the cohort
OWN_LIST = (NOBODY, FINE, FINE, FINE, FINE)  # each gets their own
OPERATIONS: dict[str, tuple[int, int, int, int, int]] = {
    "GET /api/me": OWN_LIST,
    "GET /api/quests": OWN_LIST,
    "GET /api/attempts": OWN_LIST,
    "GET /api/quests/{slug}/project": MINE,
    "GET /api/quests/{slug}/project.zip": MINE,
    "GET /api/quests/{slug}/kit": MINE,
    "GET /api/quests/{slug}/kit.zip": MINE,
    "GET /api/quests/{slug}/tables/{name}": MINE,
    "GET /api/quests/{slug}/stages/{stage}/hints": MINE,
    "GET /api/attempts/{public_id}": READ,
    "GET /api/attempts/{public_id}/report": READ,
    "GET /api/attempts/{public_id}/receipt": READ,
    "GET /api/attempts/{public_id}/project.zip": READ,
}
# What changes something: those who may not are told what a stranger is told.
DEEDS = {
    "PUT /api/quests/{slug}/project",
    "POST /api/quests/{slug}/stages/{stage}/attempts",
    "POST /api/quests/{slug}/stages/{stage}/try-out",
    "POST /api/quests/{slug}/stages/{stage}/sql",
    "POST /api/attempts/{public_id}/cancel",
}
FOR_ALL = {
    "POST /api/quests/{slug}/enrolment",  # anybody who signed in may begin
    "DELETE /api/token",  # of one's own
    "POST /api/token",  # by password: tests/simulator/api/test_endpoints.py
    "POST /api/device",  # the device asks, nobody is signed in yet: test_devices.py
    "POST /api/device/token",
}
BODIES = {"sql": {"query": "SELECT 1"}, "project": {"files": {}}}


def operations() -> Iterator[str]:
    """Every operation that the document of the API lists."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods)


@pytest.fixture
def attempt(hand_in: HandIn, cohort: Cohort, toy: Quest) -> Attempt:
    """The owner's, with a report; the tables are there."""
    filling.fill(toy)
    made = hand_in()
    won = claim(latest_grading(made).pk)
    assert won is not None
    claiming.finish(won, replace(verdict(wrong_sum()), basis=resting_on(MADE)))
    return made


def answer(operation: str, who: str, attempt: Attempt) -> int:
    method, _, path = operation.partition(" ")
    address = path.format(
        slug="toy", stage="features", name="_dataset.json", public_id=attempt.public_id
    )
    client = Client() if who == "nobody" else with_token(User.objects.get(username=who))
    ask = getattr(client, method.lower())
    if method == "GET":
        return int(ask(address).status_code)
    body = BODIES.get(path.rpartition("/")[2], {})
    return int(ask(address, body, content_type="application/json").status_code)


def test_no_operation_is_forgotten_here() -> None:
    assert {*operations()} == {*OPERATIONS} | DEEDS | FOR_ALL


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_for_those_it_is_for(operation: str, attempt: Attempt) -> None:
    assert tuple(answer(operation, who, attempt) for who in PEOPLE) == OPERATIONS[operation]


@pytest.mark.parametrize("operation", sorted(DEEDS))
def test_nobody_acts_on_what_is_not_theirs(
    operation: str, attempt: Attempt, enrolment: Enrolment
) -> None:
    before = drafts.files_of(enrolment)
    answers = [answer(operation, who, attempt) for who in PEOPLE[:-1]]
    assert answers == [NOBODY, ABSENT, ABSENT, ABSENT]
    assert Attempt.objects.count() == 1
    assert drafts.files_of(enrolment) == before


def test_a_table_is_named_by_the_kit_or_it_is_none(attempt: Attempt) -> None:
    client = with_token(User.objects.get(username="owner"))
    for name in ("_counted.json", "..", "%2e%2e%2fsecret", "users.parquet"):
        assert client.get(f"/api/quests/toy/tables/{name}").status_code == ABSENT
