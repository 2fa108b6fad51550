"""The instructor's pages: who may see whom, and what they are told."""

import pytest

from simulator.accounts.models import User
from simulator.cohorts.models import Cohort
from tests.simulator.cohorts.test_heatmap import project
from tests.simulator.judges import result, saying, wrong_sum
from tests.simulator.pages.conftest import Grade, browser_of

pytestmark = pytest.mark.django_db


def test_only_its_instructors_see_a_cohort(
    cohort: Cohort, owner: User, instructor: User, stranger: User
) -> None:
    address = f"/cohorts/{cohort.pk}/"
    assert browser_of(instructor).get(address).status_code == 200
    assert browser_of(stranger).get(address).status_code == 404
    assert browser_of(owner).get(address).status_code == 404
    assert "theirs" in browser_of(instructor).get("/cohorts/").content.decode()
    assert "theirs" not in browser_of(stranger).get("/cohorts/").content.decode()
    assert "You teach no cohort" in browser_of(owner).get("/cohorts/").content.decode()


def test_the_navigation_offers_cohorts_to_those_who_teach(owner: User, instructor: User) -> None:
    assert 'href="/cohorts/"' not in browser_of(owner).get("/help/").content.decode()
    assert 'href="/cohorts/"' in browser_of(instructor).get("/help/").content.decode()


def test_the_heatmap_is_a_table_with_headers(
    cohort: Cohort, instructor: User, graded: Grade
) -> None:
    attempt = graded()
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/").content.decode()
    assert page.count('<th scope="row">') == 2 + 3  # learners, and the lines of the foot
    assert page.count('<th scope="col">') == 1 + 2
    learner = attempt.enrolment.learner_id
    assert f'href="/cohorts/{cohort.pk}/learners/{learner}/#toy-features" data-heat="4"' in page
    assert "✓ 100" in page
    assert "not begun" in page


def test_who_may_need_help_is_named_with_the_reason(
    cohort: Cohort, instructor: User, graded: Grade
) -> None:
    for number in range(6):
        graded(saying(result("is_there"), wrong_sum()), files=project(number))
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/").content.decode()
    assert "Need help now" in page
    assert "“It adds” came first in 6 changed attempts in a row" in page
    assert 'data-heat="stuck"' in page


def test_names_can_be_hidden_to_share_the_screen(
    cohort: Cohort, instructor: User, graded: Grade
) -> None:
    for number in range(6):
        graded(saying(result("is_there"), wrong_sum()), files=project(number))
    page = browser_of(instructor).get(f"/cohorts/{cohort.pk}/?names=hidden").content.decode()
    assert "owner" not in page
    assert "colleague" not in page
    assert "Learner 1" in page
