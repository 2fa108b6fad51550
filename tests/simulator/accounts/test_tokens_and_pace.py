"""Tokens are kept as digests and end; limits count in the database that all processes share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Now

from simulator.accounts import tokens
from simulator.accounts.models import ApiToken, Pace, User
from simulator.accounts.pacing import Limit, TooMany, forgive, pace

pytestmark = pytest.mark.django_db

THREE = Limit(name="three", times=3, seconds=60)


def test_a_token_names_its_holder_and_is_not_stored(owner: User) -> None:
    token = tokens.issue(owner, name="laptop")
    assert tokens.holder(token) == owner
    assert token not in str(list(ApiToken.objects.values()))


def test_a_token_that_does_not_count_names_nobody(owner: User) -> None:
    token = tokens.issue(owner, name="laptop")
    assert tokens.holder(token + "x") is None
    assert tokens.holder("") is None
    ApiToken.objects.update(expires_at=Now() - Value(timedelta(seconds=1)))
    assert tokens.holder(token) is None


def test_a_blocked_person_has_no_tokens(owner: User) -> None:
    token = tokens.issue(owner, name="laptop")
    User.objects.update(is_active=False)
    assert tokens.holder(token) is None


def test_a_revoked_token_is_gone_and_revoking_twice_is_fine(owner: User) -> None:
    token = tokens.issue(owner, name="laptop")
    tokens.revoke(token)
    tokens.revoke(token)
    assert tokens.holder(token) is None


def test_use_is_noted_now_and_then(owner: User) -> None:
    token = tokens.issue(owner, name="laptop")
    tokens.holder(token)
    first = ApiToken.objects.get().last_used_at
    tokens.holder(token)
    assert first is not None
    assert ApiToken.objects.get().last_used_at == first


def test_one_too_many_is_refused_and_others_are_not() -> None:
    for _ in range(3):
        pace(THREE, "me")
    with pytest.raises(TooMany) as caught:
        pace(THREE, "me")
    assert caught.value.seconds == 60
    pace(THREE, "you")


def test_a_window_that_is_over_begins_anew() -> None:
    for _ in range(3):
        pace(THREE, "me")
    Pace.objects.update(since=F("since") - timedelta(seconds=61))
    pace(THREE, "me")
    assert Pace.objects.get().count == 1


def test_forgiven_is_forgotten() -> None:
    for _ in range(3):
        pace(THREE, "me")
    forgive(THREE, "me")
    pace(THREE, "me")


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_count_ten() -> None:
    def knock(_: int) -> bool:
        try:
            pace(THREE, "me")
        except TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(knock, range(10))) == 3
