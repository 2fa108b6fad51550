"""Pages ask the database a constant number of times, however much there is to show."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort, Membership
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db


def queries(client: Client, address: str) -> int:
    client.get(address)  # what is read once a process is read now
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.fixture
def work(graded: Grade) -> Callable[[], str]:
    """Another attempt of the owner, with findings; gives the address of its report."""

    def run() -> str:
        found = saying(result("is_there"), wrong_sum(), result("pays"), result("is_tested"))
        return f"/attempts/{graded(found).public_id}/"

    return run


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/quests/", 6),
        ("/quests/toy/", 6),
        ("/quests/toy/features/", 14),
        ("/quests/toy/features/?tab=hints", 14),
        ("/work/", 10),
    ],
)
def test_more_attempts_cost_no_more_queries(
    browser: Client, work: Callable[[], str], address: str, most: int
) -> None:
    work()
    before = queries(browser, address)
    for _ in range(5):
        work()
    assert queries(browser, address) == before <= most


def test_a_report_after_many_attempts_costs_no_more_queries(
    browser: Client, work: Callable[[], str]
) -> None:
    work()
    before = queries(browser, work())
    for _ in range(4):
        work()
    assert queries(browser, work()) == before <= 10


def test_more_files_cost_no_more_queries(browser: Client, enrolment: Enrolment) -> None:
    address = "/quests/toy/features/?tab=files"
    before = queries(browser, address)
    for number in range(20):
        drafts.save_file(enrolment, f"app/part_{number}.py", b"x = 1\n", seen=None)
    assert queries(browser, address) == before <= 13


def test_a_larger_cohort_costs_no_more_queries(
    cohort: Cohort, toy: Quest, instructor: User, work: Callable[[], str]
) -> None:
    client = browser_of(instructor)
    address = f"/cohorts/{cohort.pk}/"
    work()
    before = queries(client, address)
    listed = queries(client, "/cohorts/")
    for number in range(15):
        learner = User.objects.create_user(f"learner{number}")
        Membership.objects.create(cohort=cohort, learner=learner)
        drafts.enrol(learner, "toy")
    assert queries(client, address) == before <= 14
    assert queries(client, "/cohorts/") == listed <= 8
