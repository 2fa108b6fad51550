"""Sign in a device: a short code in a browser, a long one at home, and no third person."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Now
from django.test import Client

from simulator.accounts import tokens
from simulator.accounts.models import ApiToken, User
from simulator.api import devices
from simulator.api.devices import ASK_DEVICE, POLL_DEVICE, TYPE_CODE
from simulator.api.models import DeviceSignIn

pytestmark = pytest.mark.django_db

PAGE = "/accounts/device/"


def post(address: str, body: dict[str, Any]) -> Any:
    return Client().post(address, body, content_type="application/json")


@pytest.fixture
def codes() -> dict[str, Any]:
    """What a device was told."""
    told: dict[str, Any] = post("/api/device", {"name": "sim on ada"}).json()
    return told


def claim(codes: dict[str, Any]) -> tuple[int, str]:
    answer = post("/api/device/token", {"device_code": codes["device_code"]})
    return answer.status_code, answer.json().get("code", "token")


def allow(user: User, code: str, word: str = "allow") -> Any:
    client = Client()
    client.force_login(user)
    return client.post(PAGE, {"code": code, "answer": word})


def test_a_code_that_is_allowed_buys_one_token(codes: dict[str, Any], owner: User) -> None:
    assert claim(codes) == (400, "authorization_pending")
    assert allow(owner, codes["user_code"]).status_code == 302
    token = post("/api/device/token", {"device_code": codes["device_code"]}).json()["token"]
    assert tokens.holder(token) == owner
    assert ApiToken.objects.get().name == "sim on ada"
    assert claim(codes) == (400, "expired_token")


def test_the_page_names_the_device_before_it_is_allowed(
    codes: dict[str, Any], owner: User
) -> None:
    client = Client()
    client.force_login(owner)
    page = client.get(codes["verification_uri_complete"]).content.decode()
    assert "sim on ada" in page
    assert codes["user_code"] in page
    assert claim(codes) == (400, "authorization_pending")  # looking allows nothing


def test_what_is_denied_stays_out(codes: dict[str, Any], owner: User) -> None:
    allow(owner, codes["user_code"], "deny")
    assert claim(codes) == (400, "access_denied")
    assert not ApiToken.objects.exists()


def test_a_code_is_good_for_ten_minutes(codes: dict[str, Any], owner: User) -> None:
    DeviceSignIn.objects.update(expires_at=Now() - Value(timedelta(seconds=1)))
    assert allow(owner, codes["user_code"]).status_code == 404
    assert claim(codes) == (400, "expired_token")
    post("/api/device", {})
    assert DeviceSignIn.objects.count() == 1  # the old one is swept


def test_the_second_answer_changes_nothing(
    codes: dict[str, Any], owner: User, colleague: User
) -> None:
    allow(owner, codes["user_code"])
    assert allow(colleague, codes["user_code"]).status_code == 404
    assert DeviceSignIn.objects.get().user == owner


def test_nobody_is_asked_to_sign_in_first(codes: dict[str, Any]) -> None:
    answer = Client().post(PAGE, {"code": codes["user_code"], "answer": "allow"})
    assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)
    assert claim(codes) == (400, "authorization_pending")


def test_another_site_cannot_allow_it(codes: dict[str, Any], owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(PAGE, {"code": codes["user_code"], "answer": "allow"})
    assert answer.status_code == 403
    assert claim(codes) == (400, "authorization_pending")


def test_codes_cannot_be_guessed_without_end(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    answers = [client.get(PAGE, {"code": "BBBB-BBBB"}).status_code for _ in range(TYPE_CODE.times)]
    assert set(answers) == {404}
    assert client.get(PAGE, {"code": "BBBB-BBBB"}).status_code == 429


def test_devices_and_their_questions_are_paced() -> None:
    for address, body, limit in (
        ("/api/device", {}, ASK_DEVICE),
        ("/api/device/token", {"device_code": "x"}, POLL_DEVICE),
    ):
        answers = [post(address, body).status_code for _ in range(limit.times + 1)]
        assert answers[-1] == 429
        assert 429 not in answers[:-1]


def test_case_and_hyphens_do_not_matter(codes: dict[str, Any]) -> None:
    typed = codes["user_code"].replace("-", " ").lower()
    assert devices.waiting(typed) is not None
    assert re.fullmatch(r"[BCDFGHJ-NP-TV-XZ]{4}-[BCDFGHJ-NP-TV-XZ]{4}", codes["user_code"])


def test_only_digests_are_kept(codes: dict[str, Any]) -> None:
    assert codes["device_code"] not in str(DeviceSignIn.objects.values().get())
