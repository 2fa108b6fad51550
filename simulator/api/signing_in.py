"""Who asks: a session of the site, or a bearer token."""

from django.contrib.auth import authenticate
from django.http import HttpRequest
from ninja.security import HttpBearer

from simulator.accounts import tokens
from simulator.accounts.models import User
from simulator.accounts.pacing import SIGN_IN, address_of, forgive, pace
from simulator.wire import Credentials


class Bearer(HttpBearer):
    """A token in the Authorization header."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = tokens.holder(token)
        if user is not None:
            request.user = user
        return user


def sign_in(request: HttpRequest, given: Credentials) -> User | None:
    """Who these credentials belong to. Raises TooMany after too many tries."""
    address = address_of(request)
    name = given.username.casefold()
    pace(SIGN_IN, f"address:{address}")
    pace(SIGN_IN, f"name:{name}")
    user = authenticate(request, username=given.username, password=given.password)
    if not isinstance(user, User) or not user.is_active:
        return None
    forgive(SIGN_IN, f"address:{address}")
    forgive(SIGN_IN, f"name:{name}")
    return user


def person(request: HttpRequest) -> User:
    """The one who asks; every operation that calls this demands one."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("the operation is open to anybody, or ninja let a stranger in")
    return user


def bearer_of(request: HttpRequest) -> str:
    """The token of a request that ninja does not see; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
