"""The doors of the site: how often one may knock, and that a visitor on trial is nobody yet."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from simulator.accounts.models import User
from simulator.accounts.pacing import Limit, TooMany, address_of, pace

# Many people may share one address, a class room for example; a name is one person.
BY_ADDRESS: Final = {
    "account_login": Limit(name="door-login", times=60, seconds=300),
    "account_signup": Limit(name="door-signup", times=60, seconds=3600),
    "account_reset_password": Limit(name="door-reset", times=20, seconds=3600),
    "mfa_authenticate": Limit(name="door-mfa", times=30, seconds=300),
    "mfa_login_webauthn": Limit(name="door-passkey", times=60, seconds=300),
}
BY_NAME: Final = Limit(name="door-name", times=10, seconds=300)
# Where someone becomes somebody else: a trial must not count as signed in there.
DOORS: Final = frozenset(BY_ADDRESS)

Answer = Callable[[HttpRequest], HttpResponse]


class EntranceMiddleware:
    """Slow down those who knock often; take visitors on trial for strangers at the doors."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        door = request.resolver_match.url_name if request.resolver_match else None
        if door not in DOORS:
            return None
        if isinstance(request.user, User) and request.user.on_trial:
            request.user = AnonymousUser()
        if request.method != "POST":
            return None
        try:
            _knock(request, str(door))
        except TooMany as limit:
            return _wait(request, limit)
        return None


def _knock(request: HttpRequest, door: str) -> None:
    pace(BY_ADDRESS[door], address_of(request))
    name = request.POST.get("login", "").casefold().strip()
    if name:
        pace(BY_NAME, name)


def _wait(request: HttpRequest, limit: TooMany) -> HttpResponse:
    answer = render(
        request, "429.html", {"seconds": limit.seconds}, status=HTTPStatus.TOO_MANY_REQUESTS
    )
    answer["Retry-After"] = str(limit.seconds)
    return answer
