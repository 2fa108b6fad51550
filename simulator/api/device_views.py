"""The operations by which a device signs in, and the page on which a person allows it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from ninja import Router, Status

from simulator.accounts import tokens
from simulator.accounts.asking import signed_in
from simulator.accounts.pacing import TooMany, address_of, forgive, pace
from simulator.api import devices
from simulator.wire import (
    DENIED,
    EXPIRED,
    PENDING,
    DeviceClaim,
    DeviceCode,
    DeviceName,
    Problem,
    Token,
)

router = Router()


@router.post("/device", auth=None, response={200: DeviceCode, 429: Problem})
def begin(request: HttpRequest, given: DeviceName) -> DeviceCode:
    """Two codes for a device that wants to be signed in (RFC 8628)."""
    address = address_of(request)
    pace(devices.ASK_DEVICE, f"address:{address}")
    code, device = devices.begin(name=given.name, address=address)
    page = request.build_absolute_uri(reverse("device"))
    return DeviceCode(
        device_code=code,
        user_code=device.user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?code={device.user_code}",
        expires_in=int(devices.LIFETIME.total_seconds()),
        interval=devices.INTERVAL,
    )


@router.post("/device/token", auth=None, response={200: Token, 400: Problem, 429: Problem})
def claim(request: HttpRequest, given: DeviceClaim) -> Status[Token | Problem]:
    """The token, once somebody has allowed it; until then 400 with RFC 8628's words."""
    pace(devices.POLL_DEVICE, f"address:{address_of(request)}")
    try:
        token = devices.claim(given.device_code)
    except devices.NotYet:
        return Status(400, Problem(code=PENDING, message=_("Nobody has answered yet.")))
    except devices.Denied:
        return Status(400, Problem(code=DENIED, message=_("It was not allowed.")))
    except devices.Expired:
        return Status(400, Problem(code=EXPIRED, message=_("The code is no longer good.")))
    return Status(200, Token(token=token, expires_in=int(tokens.LIFETIME.total_seconds())))


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Type the code that the terminal shows; allow or deny."""
    user = signed_in(request)
    given = request.POST if request.method == "POST" else request.GET
    code = given.get("code", "")
    if not code:
        return render(request, "account/device.html")
    try:
        pace(devices.TYPE_CODE, user.pk)
    except TooMany as limit:
        said = _("Too many codes; try again in %(seconds)s s.") % {"seconds": limit.seconds}
        return render(request, "account/device.html", {"problem": said}, status=429)
    device = devices.waiting(code)
    if device is None:
        said = _("No terminal waits with the code %(code)s: run `sim login` again for a new one.")
        context = {"problem": said % {"code": code[:12]}}
        return render(request, "account/device.html", context, status=404)
    forgive(devices.TYPE_CODE, user.pk)
    word = given.get("answer", "") if request.method == "POST" else ""
    if word not in {"allow", "deny"}:
        return render(request, "account/device.html", {"device": device})
    devices.answer(device, user, allowed=word == "allow")
    messages.success(
        request,
        _("Done. Your terminal goes on by itself.")
        if word == "allow"
        else _("Nothing was allowed. If you did not start this, all is well now."),
    )
    return redirect("progress:quests")
