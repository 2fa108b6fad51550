"""What the tests of the API share: clients that hold a token."""

import pytest
from django.test import Client

from simulator.accounts import tokens
from simulator.accounts.models import User


def with_token(user: User) -> Client:
    """A client without cookies that signs every request."""
    return Client(headers={"Authorization": f"Bearer {tokens.issue(user, name='test')}"})


@pytest.fixture
def api(owner: User) -> Client:
    return with_token(owner)
