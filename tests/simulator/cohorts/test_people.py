"""Invitations, consent, what is noted while pages are served."""

from datetime import timedelta

import pytest
from django.utils import timezone

from simulator.accounts.models import User
from simulator.cohorts import inviting
from simulator.cohorts.models import Cohort, Invitation, Look, Membership, Opened
from simulator.desk.tending import forget_old
from tests.simulator.conftest import HandIn
from tests.simulator.pages.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(db: None) -> User:
    return User.objects.create_user("newcomer", email="new@example.org")


def test_a_link_is_used_up_and_twice_by_one_person_is_once(
    cohort: Cohort, instructor: User, newcomer: User
) -> None:
    invitation = inviting.invite(cohort, author=instructor, group="A", uses=1)
    assert inviting.join(invitation, newcomer)
    assert inviting.join(invitation, newcomer)
    assert Membership.objects.get(learner=newcomer).group == "A"
    assert inviting.find_invitation(invitation.token) is None
    other = User.objects.create_user("other")
    assert not inviting.join(invitation, other)


def test_a_late_link_leads_nowhere(cohort: Cohort, instructor: User, newcomer: User) -> None:
    invitation = inviting.invite(cohort, author=instructor)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert browser_of(newcomer).get(f"/join/{invitation.token}/").status_code == 404


def test_a_list_makes_a_link_each_and_says_which_lines_it_cannot_read(
    cohort: Cohort, instructor: User, newcomer: User
) -> None:
    Membership.objects.create(cohort=cohort, learner=newcomer)
    text = (
        "\ufeffemail,group\nann@example.org,A\nANN@example.org\n\nno address\nnew@example.org,B\n"
    )
    found = inviting.invite_list(cohort, text, author=instructor)
    assert (found.invited, found.known) == (1, 2)
    assert found.unreadable == ((5, "no address"),)
    assert Invitation.objects.get().uses_left == 1


def test_joining_says_who_will_see_the_work_and_leaving_ends_it(
    cohort: Cohort, instructor: User, newcomer: User, hand_in: HandIn
) -> None:
    invitation = inviting.invite(cohort, author=instructor)
    browser = browser_of(newcomer)
    page = browser.get(f"/join/{invitation.token}/").content.decode()
    assert "instructor" in page
    assert "They will see your work" in page
    assert not Membership.objects.filter(learner=newcomer).exists()
    browser.post(f"/join/{invitation.token}/")
    assert "theirs" in browser.get("/my/cohorts/").content.decode()
    browser.post(f"/my/cohorts/{cohort.pk}/leave")
    assert not Membership.objects.filter(learner=newcomer).exists()


def test_every_look_at_a_work_is_noted_and_a_look_at_ones_own_is_none(
    cohort: Cohort, instructor: User, owner: User, colleague: User, hand_in: HandIn
) -> None:
    attempt = hand_in()
    address = f"/attempts/{attempt.public_id}/"
    browser_of(owner).get(address)
    browser_of(colleague).get(address)
    assert not Look.objects.exists()
    browser_of(instructor).get(address)
    browser_of(instructor).get(f"/cohorts/{cohort.pk}/review/{attempt.public_id}/")
    looks = [(look.looker, look.learner, look.what) for look in Look.objects.order_by("pk")]
    assert looks == [
        (instructor, owner, "attempts:attempt"),
        (instructor, owner, "reviewing:sheet"),
    ]
    assert "instructor" in browser_of(owner).get("/my/data/").content.decode()


def test_lessons_are_noted_once_and_only_for_who_plays(
    owner: User, colleague: User, hand_in: HandIn
) -> None:
    for person in (owner, owner, colleague):
        browser = browser_of(person)
        browser.get("/quests/toy/lessons/")
        browser.get("/quests/toy/lessons/adding/")
    found = {(one.kind, one.name) for one in Opened.objects.all()}
    assert found == {("lesson", "adding")}
    assert Opened.objects.count() == 1


def test_the_log_is_forgotten_when_the_cohort_says_so(
    cohort: Cohort, instructor: User, owner: User, hand_in: HandIn
) -> None:
    attempt = hand_in()
    for days in (10, 40):
        Look.objects.create(
            looker=instructor, learner=owner, what="x", attempt=attempt.public_id,
            created_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    assert forget_old() == 0
    Cohort.objects.update(keeps_days=30)
    assert forget_old() == 1
    assert Look.objects.count() == 1
