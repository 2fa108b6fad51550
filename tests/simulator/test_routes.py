"""Every route that is no page of an app: the accounts, the admin. None is forgotten.

Whoever adds a route places it here, in `test_rights.py` or in `desk/test_rights.py`; the
operations of the API have their own table in `api/test_rights.py`.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from pytest_django import Settings

from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.attempts import claiming
from simulator.attempts.claiming import claim
from simulator.attempts.models import Attempt, Grading
from simulator.attempts.reading import latest_grading
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort
from simulator.guarding.models import Act
from tests.fakes import MADE
from tests.simulator.conftest import HandIn
from tests.simulator.desk import test_rights as desk
from tests.simulator.judges import resting_on, verdict, wrong_sum
from tests.simulator.test_rights import DEEDS, PAGES, PEOPLE

pytestmark = pytest.mark.django_db

FINE, WHO, ABSENT = 200, 401, 404
# Of these the person is the one who is signed in: there is no id that could be another's.
OF_ONESELF = ("account_", "mfa_", "accounts:")
OPEN = {"health", "pages:help", "api-reference"}
# tests/simulator/attempts/test_streaming.py, tests/simulator/api/test_devices.py
ELSEWHERE = {"api-events", "attempts:events", "device"}


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names(pattern, prefix + inside)
        elif pattern.name:
            yield prefix + pattern.name


def test_every_route_is_placed() -> None:
    known = {*PAGES, *DEEDS, *desk.PAGES, *desk.DEEDS, *OPEN, *ELSEWHERE}
    unplaced = {
        name
        for name in names(get_resolver())
        if name not in known and not name.startswith((*OF_ONESELF, "admin:", "api:"))
    }
    assert unplaced == set()


@pytest.fixture
def attempt(hand_in: HandIn, cohort: Cohort) -> Attempt:
    """The owner's, with a report."""
    made = hand_in()
    won = claim(latest_grading(made).pk)
    assert won is not None
    claiming.finish(won, replace(verdict(wrong_sum()), basis=resting_on(MADE)))
    return made


def admin_addresses() -> Iterator[str]:
    for name in names(get_resolver()):
        if not name.startswith("admin:") or name in {"admin:login", "admin:logout"}:
            continue
        for given in ([], ["1"], ["1", "1"], ["accounts"]):
            try:
                yield reverse(name, args=given)
            except NoReverseMatch:
                continue
            break


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_is_for_nobody_but_staff(who: str, attempt: Attempt, cohort: Cohort) -> None:
    client = Client()
    if who != "nobody":
        client.force_login(User.objects.get(username=who))
    found = [*admin_addresses()]
    assert len(found) > 20
    for address in found:
        for answer in (client.get(address), client.post(address, {"is_staff": "on"})):
            assert answer.status_code == 302, address
            assert "/login/" in answer["Location"]


SENT = {
    "score": 100, "verdict": "passed", "owner": 1, "learner": 1, "is_staff": True,
    "is_superuser": True, "role": "instructor", "charged": False, "attempts_left": 99,
    "created_at": "2020-01-01", "state": "done", "lane": "batch",
}  # fmt: skip


def test_what_nobody_may_set_is_never_stored(attempt: Attempt, owner: User) -> None:
    """WEB-13."""
    client = Client()
    client.force_login(owner)
    client.post(reverse("accounts:settings"), {**SENT, "language": "en", "theme": "dark"})
    client.post(
        reverse("api:hand_in", kwargs={"slug": "toy", "stage": "features"}),
        json.dumps({**SENT, "files": {"app/model.py": "eCA9IDEK"}}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {tokens.issue(owner, name='t')}"},
    )
    owner.refresh_from_db()
    assert (owner.theme, owner.is_staff, owner.is_superuser) == ("dark", False, False)
    assert owner.role == User.Role.LEARNER
    for one in Grading.objects.exclude(attempt=attempt):
        assert (one.state, one.lane) == (Grading.State.QUEUED, Grading.Lane.INTERACTIVE)
    assert {one.enrolment.learner_id for one in Attempt.objects.all()} == {owner.pk}


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password="operator-password")


def test_staff_prove_twice_who_they_are(operator: User, settings: Settings) -> None:
    settings.SIM_STAFF_MFA = True
    client = Client()
    client.force_login(operator)
    for address in (reverse("attempts:operations"), reverse("admin:index"), "/quests/"):
        assert client.get(address)["Location"] == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == FINE
    answer = Client().post(
        reverse("api:make_token"),
        json.dumps({"username": "operator", "password": "operator-password"}),
        content_type="application/json",
    )
    assert answer.status_code == WHO


def test_the_operator_sees_what_is_late_and_decides(
    operator: User, attempt: Attempt, hand_in: HandIn
) -> None:
    waiting = latest_grading(hand_in())
    Grading.objects.filter(pk=waiting.pk).update(
        state=Grading.State.QUARANTINED, trouble="its worker died", finished_at="2020-01-01T00:00Z"
    )
    client = Client()
    client.force_login(operator)
    page = client.get(reverse("attempts:operations")).content.decode()
    assert "1 grading is late" in page
    assert "its worker died" in page
    client.post(reverse("attempts:decide", args=[waiting.pk]), {"action": "release"})
    waiting.refresh_from_db()
    assert waiting.state == Grading.State.QUEUED
    figures = client.get(reverse("attempts:metrics")).content.decode()
    assert 'sim_gradings{lane="interactive",state="queued"} 1.0' in figures
    assert "sim_request_seconds_bucket" in figures


def test_a_monitor_reads_figures_with_its_token_alone(settings: Settings) -> None:
    settings.SIM_METRICS_TOKEN = "figures"
    address = reverse("attempts:metrics")
    wrong = Client().get(address, headers={"Authorization": "Bearer other"})
    right = Client().get(address, headers={"Authorization": "Bearer figures"})
    assert (wrong.status_code, right.status_code) == (ABSENT, FINE)


def test_deeds_are_on_record_and_what_was_sent_is_not(
    instructor: User, attempt: Attempt, owner: User
) -> None:
    reader = Client()
    reader.force_login(instructor)
    reader.get(reverse("attempts:attempt", args=[attempt.public_id]))
    Client().post(reverse("account_login"), {"login": "owner", "password": "a-wrong-password"})
    seen = Act.objects.order_by("pk").values_list("actor_name", "route", "status")
    assert [*seen] == [("instructor", "attempts:attempt", 200), ("", "account_login", 200)]
    assert str(attempt.public_id) in Act.objects.get(route="attempts:attempt").target
    assert "a-wrong-password" not in str([*Act.objects.values()])
    own = Client()
    own.force_login(owner)
    own.get(reverse("attempts:attempt", args=[attempt.public_id]))
    assert Act.objects.count() == 2


def test_the_front_door_keeps_a_pace(owner: User) -> None:
    """WEB-10: guesses end, wherever the account is tried from; others still come in."""
    form = {"login": "owner", "password": "a-guess"}
    codes = [
        Client(REMOTE_ADDR=f"10.0.0.{n}").post(reverse("account_login"), form).status_code
        for n in range(12)
    ]
    assert codes[-1] == 429
    assert codes[0] == FINE
    User.objects.create_user("another", password="another-password")
    honest = {"login": "another", "password": "another-password"}
    answer = Client(REMOTE_ADDR="10.0.1.1").post(reverse("account_login"), honest)
    assert answer.status_code == 302


def test_headers_say_what_a_page_may_do(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    answer = client.get("/quests/")
    policy = answer["Content-Security-Policy"]
    for rule in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "private" in answer["Cache-Control"]
    assert len(answer["X-Request-ID"]) == 16


def test_a_session_is_new_at_the_door_and_old_ones_end_with_the_password(owner: User) -> None:
    """WEB-11."""
    client = Client()
    client.get("/")
    client.cookies["sessionid"] = "f" * 32
    client.post(reverse("account_login"), {"login": "owner", "password": "owner-password"})
    assert client.cookies["sessionid"].value != "f" * 32
    assert client.cookies["sessionid"]["httponly"]
    elsewhere = Client()
    elsewhere.force_login(owner)
    form = {
        "oldpassword": "owner-password",
        "password1": "a-new-Pass-1",
        "password2": "a-new-Pass-1",
    }
    client.post(reverse("account_change_password"), form)
    owner.refresh_from_db()
    assert owner.check_password("a-new-Pass-1")
    assert elsewhere.get("/work/").status_code == 302


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_sent_elsewhere(target: str, owner: User) -> None:
    """WEB-14."""
    form = {"login": "owner", "password": "owner-password", "next": target}
    answer = Client().post(reverse("account_login"), form)
    assert "evil" not in answer["Location"]
    answer = Client().post(reverse("accounts:theme"), {"theme": "dark", "next": target})
    assert "evil" not in answer["Location"]


def test_an_unknown_host_is_no_host_of_ours() -> None:
    """WEB-14: a link in a mail is never made of what a stranger's header says."""
    answer = Client().get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    spoofed = Client().get("/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in spoofed.content.decode()


def test_a_body_that_is_too_large_is_refused_unread(owner: User, enrolment: Enrolment) -> None:
    """WEB-09."""
    client = Client()
    client.force_login(owner)
    address = reverse("attempts:upload", args=["toy"])
    answer = client.post(
        address, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="5000000000"
    )
    assert answer.status_code == 413
    assert (
        client.post(address, b"", content_type="text/plain", CONTENT_LENGTH="x").status_code == 413
    )


@pytest.mark.parametrize(
    "name", ["a%0d%0aSet-Cookie: x=1", "a%22b;.py", "..%2f..%2fx", "x" * 4000]
)
def test_a_file_name_is_no_header(name: str, owner: User, enrolment: Enrolment) -> None:
    """WEB-15."""
    client = Client()
    client.force_login(owner)
    answer = client.get(f"/quests/toy/project/files/{name}")
    assert answer.status_code == ABSENT
    assert "x=1" not in str(answer.cookies)


def test_an_unknown_id_of_an_attempt_is_absent(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    assert client.get(reverse("attempts:attempt", args=[uuid4()])).status_code == ABSENT
