"""A first stage without an account: kept, moved at sign-up, never mixed with other work."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.accounts.pacing import Limit
from simulator.attempts import drafts
from simulator.attempts.models import Attempt, Grading
from simulator.catalog.models import Enrolment
from simulator.progress import trying_out

pytestmark = pytest.mark.django_db

SIGN_UP = {"username": "ada", "email": "ada@example.org", "password1": "a long enough one"}


@pytest.fixture
def visitor() -> Client:
    client = Client()
    answer = client.post("/quests/toy/try")
    assert answer.headers["Location"] == "/quests/toy/features/"
    return client


def enrolment_of(name: str) -> Enrolment:
    return Enrolment.objects.get(learner__username=name)


def test_a_visitor_plays_the_first_stage_at_once(visitor: Client) -> None:
    page = visitor.get("/quests/toy/features/")
    assert page.status_code == 200
    assert "Keep this work" in page.content.decode()
    answer = visitor.post("/quests/toy/features/hand-in", {"seen": "0"})
    assert answer.headers["Location"].startswith("/attempts/")
    assert Attempt.objects.get().enrolment.learner.on_trial


def test_the_second_stage_wants_an_account(visitor: Client) -> None:
    assert visitor.get("/quests/toy/model/").headers["Location"] == "/accounts/signup/"
    answer = visitor.post("/quests/toy/model/hand-in", {"seen": "0"})
    assert answer.headers["Location"] == "/accounts/signup/"
    assert not Attempt.objects.exists()


def test_sign_up_takes_the_work_along(visitor: Client) -> None:
    enrolment = Enrolment.objects.get()
    drafts.save_file(enrolment, "notes.md", b"mine", seen=None)
    visitor.post("/quests/toy/features/hand-in", {"seen": "0"})
    assert visitor.get("/accounts/signup/").status_code == 200
    answer = visitor.post("/accounts/signup/", SIGN_UP)
    assert answer.headers["Location"].startswith("/accounts/welcome/")
    mine = enrolment_of("ada")
    assert drafts.files_of(mine)["notes.md"] == b"mine"
    assert Grading.objects.get().learner.username == "ada"
    assert not User.objects.filter(trial_until__isnull=False).exists()
    assert "in your account now" in visitor.get("/work/").content.decode()


def test_signing_in_takes_the_work_along_too(visitor: Client, owner: User) -> None:
    visitor.post("/accounts/login/", {"login": "owner", "password": "owner-password"})
    assert enrolment_of("owner").quest == "toy"


def test_a_quest_that_is_played_already_is_not_written_over(
    visitor: Client, owner: User, enrolment: Enrolment
) -> None:
    tried = Enrolment.objects.get(learner__trial_until__isnull=False)
    drafts.save_file(tried, "notes.md", b"tried", seen=None)
    before = drafts.files_of(enrolment)
    visitor.post("/accounts/login/", {"login": "owner", "password": "owner-password"})
    assert drafts.files_of(enrolment) == before
    assert "/work/left-behind.zip" in visitor.get("/work/").content.decode()
    packed = visitor.get("/work/left-behind.zip").content
    assert packed.startswith(b"PK")
    assert b"notes.md" in packed
    other = Client()
    other.force_login(User.objects.create_user("else"))
    assert other.get("/work/left-behind.zip").status_code == 404


def test_a_trial_that_nobody_took_over_ends(toy: Quest) -> None:
    User.objects.create_user("visitor-old", trial_until=timezone.now() - timedelta(minutes=1))
    Client().post("/quests/toy/try")
    assert not User.objects.filter(username="visitor-old").exists()
    begun = timezone.now() + timedelta(days=6)
    assert User.objects.get(trial_until__isnull=False, trial_until__gt=begun).on_trial


def test_one_address_begins_only_so_many_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Limit(name="trial", times=1, seconds=60)
    monkeypatch.setattr(trying_out, "BEGIN", few)
    assert Client().post("/quests/toy/try").status_code == 302
    assert Client().post("/quests/toy/try").status_code == 429


def test_who_is_signed_in_simply_begins(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    client.post("/quests/toy/try")
    assert enrolment_of("owner").quest == "toy"
    assert not User.objects.filter(trial_until__isnull=False).exists()
