"""Which deeds are put on record: those of people with rights, and everything at the front door."""

import logging
from typing import Final

from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from simulator.accounts.models import User
from simulator.accounts.pacing import address_of
from simulator.guarding.models import Act

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FRONT_DOOR: Final = ("account_", "mfa_", "api:make_token", "api:forget_token")
# Reading another person's work is a deed, too; one's own is not.
WORK: Final = ("attempts:", "api:get_", "api-events", "cohorts:")
LONGEST: Final = 200

logger = logging.getLogger(__name__)


def record(request: HttpRequest, response: HttpResponseBase, *, before: User | None) -> None:
    """Put a deed on record, if it is one; `before` is who asked, should they be signed out now."""
    route = route_of(request)
    actor = person_of(request) or before
    if not _is_deed(request.method or "", route, actor):
        return
    try:
        with transaction.atomic():
            Act.objects.create(
                actor_id=actor.pk if actor else None,
                actor_name=actor.username if actor else "",
                method=request.method or "",
                route=route[:100],
                target=_target(request),
                status=response.status_code,
                address=address_of(request)[:64],
                request_id=getattr(request, "request_id", ""),
            )
    except DatabaseError as error:
        logger.error("a deed is not on record: %s", type(error).__name__)  # noqa: TRY400, no content


def route_of(request: HttpRequest) -> str:
    """The name of the route that a request found; empty when there is none."""
    match = request.resolver_match
    return match.view_name if match else ""


def person_of(request: HttpRequest) -> User | None:
    """Who asks, without asking the database on behalf of a request that named nobody."""
    user = getattr(request, "user", None)
    return user if isinstance(user, User) or _is_user(user) else None


def _is_user(user: object) -> bool:
    return bool(getattr(user, "is_authenticated", False))


def _is_deed(method: str, route: str, actor: User | None) -> bool:
    if route.startswith(FRONT_DOOR):
        return method not in SAFE
    if actor is None or not (actor.teaches or actor.is_staff):
        return False
    return method not in SAFE or route.startswith(("admin:", *WORK))


def _target(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    values = [*map(str, match.args), *(f"{name}={value}" for name, value in match.kwargs.items())]
    shown = " ".join(values)
    return "".join(c if c.isprintable() else "�" for c in shown)[:LONGEST]
