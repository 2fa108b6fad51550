"""The doors: knocking often is slowed down; second factors and passkeys stand there."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from simulator.accounts import entering
from simulator.accounts.models import User
from simulator.accounts.pacing import Limit

pytestmark = pytest.mark.django_db

WRONG = {"login": "owner", "password": "no"}
RIGHT = {"login": "owner", "password": "owner-password"}


def test_a_name_is_guessed_only_so_often(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "BY_NAME", Limit(name="door-name", times=2, seconds=60))
    answers = [Client().post("/accounts/login/", WRONG).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    refused = Client().post("/accounts/login/", RIGHT)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"


def test_looking_at_a_door_is_not_knocking(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"account_login": Limit(name="door-login", times=1, seconds=60)}
    monkeypatch.setattr(entering, "BY_ADDRESS", entering.BY_ADDRESS | few)
    assert [Client().get("/accounts/login/").status_code for _ in range(3)] == [200] * 3


def test_a_second_factor_is_asked_for(owner: User) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(owner, secret)
    client = Client()
    asked = client.post("/accounts/login/", RIGHT)
    assert asked.headers["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    counter = next(totp.yield_hotp_counters_from_time())
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.session["_auth_user_id"] == str(owner.pk)


def test_passkeys_can_be_added_and_used(owner: User) -> None:
    assert "passkey_login" in Client().get("/accounts/login/").content.decode()
    challenge = Client().get(
        "/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert challenge.json()["request_options"]["publicKey"]["challenge"]
    client = Client()
    client.post("/accounts/login/", RIGHT)
    adding = "/accounts/2fa/webauthn/add/"
    assert client.get(adding).headers["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": RIGHT["password"]})
    assert client.get(adding).status_code == 200
    assert not Authenticator.objects.exists()


def test_three_questions_may_all_be_left_out(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    assert client.post("/accounts/welcome/", {"next": "/work/"}).headers["Location"] == "/work/"
    given = {"craft": "mle", "sql": "3", "weekly_sessions": "2", "next": "https://evil.example/"}
    assert client.post("/accounts/welcome/", given).headers["Location"] == "/quests/"
    owner.refresh_from_db()
    assert (owner.craft, owner.comfort, owner.weekly_sessions) == ("mle", {"sql": 3}, 2)
    assert (
        'href="https://evil'
        not in client.get("/accounts/welcome/?next=https://evil.example/").content.decode()
    )
