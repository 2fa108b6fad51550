"""The demo: three people, their cohort, and a cohort of simulated learners."""

import pytest
from django.core.management import call_command

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Standing, Verdict
from simulator.attempts.reporting import report
from simulator.cohorts.heatmap import heatmap
from simulator.cohorts.models import Cohort, Staff
from simulator.desk.demo.cohort import NAME
from tests.simulator.pages.conftest import browser_of
from tests.simulator.toy_quest import reread

pytestmark = pytest.mark.django_db


def test_the_demo_has_three_people_and_a_cohort_however_often_it_is_made() -> None:
    for _ in range(2):
        call_command("demo_users")
    people = {person.username: person for person in User.objects.all()}
    assert set(people) == {"learner", "instructor", "author"}
    assert all(person.check_password(name) for name, person in people.items())
    assert not any(person.is_staff for person in people.values())
    (cohort,) = Cohort.objects.all()
    assert [quest.quest for quest in cohort.quests.all()] == ["toy"]
    assert [one.learner.username for one in cohort.memberships.all()] == ["learner"]


def test_simulated_learners_have_histories_that_every_page_can_show(toy: Quest) -> None:
    (toy.folder / "reference" / "app").mkdir(parents=True)
    model = toy.folder / "reference" / "app" / "model.py"
    model.write_text("def add(a, b):\n    return a + b\n")
    toy = reread()
    for _ in range(2):
        call_command("demo_users", "--simulated", "40")
    cohort = Cohort.objects.get(name=NAME)
    assert cohort.memberships.count() == 40
    assert cohort.staff.get().role == Staff.Role.OWNER
    assert Standing.objects.count() > 25
    assert Verdict.objects.filter(passed=True).exists()
    assert Verdict.objects.filter(passed=False).exists()
    found = heatmap(cohort, toy)
    assert any(row.passed for row in found.rows)
    attempt = Attempt.objects.filter(gradings__verdict__passed=False).first()
    assert attempt is not None
    assert report(attempt, "ru") is not None
    teacher = browser_of(User.objects.get(username="instructor"))
    assert teacher.get(f"/cohorts/{cohort.pk}/").status_code == 200
    assert teacher.get(f"/attempts/{attempt.public_id}/").status_code == 200
