"""What every request passes: a number of its own, the pace of the door, and the headers."""

import logging
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from simulator.accounts import pacing
from simulator.accounts.models import User
from simulator.guarding import recording, timing
from simulator.guarding.second_factor import has_second_factor

PERMISSIONS: Final = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "browsing-topics", "camera", "display-capture",
        "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment",
        "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
LARGEST_BODY: Final = 16 * 1024 * 1024  # the proxy refuses more before it comes here
CHANGES: Final = pacing.Limit(name="change", times=240, seconds=60)
SECOND_FACTOR_PAGES: Final = ("mfa_", "account_logout", "account_reauthenticate")

logger = logging.getLogger(__name__)


class Numbered(MiddlewareMixin):
    """Gives a request its number, which is in every line of the log and in the answer."""

    def process_request(self, request: HttpRequest) -> None:
        number = uuid.uuid4().hex[:16]
        request.request_id = number  # type: ignore[attr-defined]
        request.began = time.perf_counter()  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=number)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response["X-Request-ID"] = getattr(request, "request_id", "")
        seconds = time.perf_counter() - getattr(request, "began", time.perf_counter())
        timing.observe(recording.route_of(request), request.method or "", response, seconds)
        return response


class Guarded(MiddlewareMixin):
    """Sets the headers, keeps the pace, asks staff for a second factor, records deeds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)

    def process_view(
        self, request: HttpRequest, *_: object, **__: object
    ) -> HttpResponseBase | None:
        person = recording.person_of(request) if "_auth_user_id" in request.session else None
        request.before = person  # type: ignore[attr-defined]
        if person is not None:
            structlog.contextvars.bind_contextvars(user=person.pk)
        return _too_large(request) or _too_often(request, person) or _one_factor(request, person)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        person = getattr(request, "before", None)
        if person is not None:
            # A page with somebody's work on it is kept by nobody in between.
            response.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ["Cookie"])
        if request.resolver_match is not None and response.status_code != HTTPStatus.NOT_FOUND:
            recording.record(request, response, before=person)
        return response


def _too_large(request: HttpRequest) -> HttpResponse | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) <= LARGEST_BODY:
        return None
    if recording.route_of(request).startswith("api:"):
        return None  # the API refuses it, unread too, in its own form
    return HttpResponse(
        "This is more than a request may hold.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        content_type="text/plain",
        headers={"Connection": "close"},
    )


def _too_often(request: HttpRequest, person: User | None) -> HttpResponse | None:
    """Slow down whoever changes things faster than people do; doors have a pace of their own."""
    if person is None or request.method in recording.SAFE:
        return None
    try:
        pacing.pace(CHANGES, person.pk)
    except pacing.TooMany as many:
        answer = render(request, "429.html", {"seconds": many.seconds}, status=429)
        answer["Retry-After"] = str(many.seconds)
        return answer
    return None


def _one_factor(request: HttpRequest, person: User | None) -> HttpResponse | None:
    """Whoever may change what others see proves twice who they are."""
    if person is None or not settings.SIM_STAFF_MFA or not _has_rights(person):
        return None
    if recording.route_of(request).startswith(SECOND_FACTOR_PAGES):
        return None
    if has_second_factor(request, person):
        return None
    return HttpResponseRedirect(reverse("mfa_index"))


def _has_rights(person: User) -> bool:
    return person.is_staff or person.is_superuser
