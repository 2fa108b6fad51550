"""The doors of a launch, and what the staff sees of a course's synchronisation."""

import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from simulator.accounts.pacing import SIGN_IN, TooMany, address_of, pace
from simulator.catalog import quests
from simulator.cohorts.teaching import Role, find_cohort, frame
from simulator.lti import launching, sending
from simulator.lti.models import Course, Platform, Sent
from simulator.lti.platform import PlatformError
from simulator.lti.platform import keys as public_keys

COOKIE: Final = "lti_state"
SALT: Final = "lti deep link"
BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"
LASTS: Final = 600  # seconds
PICK_LASTS: Final = 3600

logger = logging.getLogger(__name__)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001, as every view
    """Our public key."""
    return JsonResponse(public_keys())


@csrf_exempt  # a platform begins it; nothing changes but a nonce
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """A platform says that somebody wants to come: send them back with a state and a nonce."""
    given = request.POST if request.method == "POST" else request.GET
    found = Platform.objects.filter(issuer=given.get("iss", ""))
    if given.get("client_id"):
        found = found.filter(client_id=given["client_id"])
    platform = found.first()
    if platform is None:
        return _refused(request, "this platform is not registered here")
    try:
        pace(SIGN_IN, f"lti:{address_of(request)}:{given.get('login_hint', '')}"[:100])
    except TooMany:
        return _refused(request, "that was often; try again in a few minutes")
    begun = launching.begin(platform)
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": request.build_absolute_uri(reverse("lti:launch")),
        "login_hint": given.get("login_hint", ""),
        "lti_message_hint": given.get("lti_message_hint", ""),
        "state": begun.state,
        "nonce": begun.nonce,
    }
    answer = redirect(f"{platform.login_url}?{urlencode(asked)}")
    secure = request.is_secure()
    answer.set_cookie(
        COOKIE, begun.state, max_age=LASTS, httponly=True, secure=secure,
        samesite="None" if secure else "Lax", path="/lti/",
    )  # fmt: skip
    return answer


@csrf_exempt  # the platform's signature, the state and the nonce take the token's place
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """Somebody comes."""
    try:
        found = launching.receive(
            request.POST.get("id_token", ""),
            state=request.POST.get("state", ""),
            cookie=request.COOKIES.get(COOKIE, ""),
        )
    except PlatformError as error:
        logger.warning("a launch is refused: %s", error)
        return _refused(request, str(error))
    sign_in(request, found.user, backend=BACKEND)
    return redirect(_where_to(found))


@require_http_methods(["GET", "POST"])
@login_required
def pick(request: HttpRequest) -> HttpResponseBase:
    """An instructor chooses the quest or stage that a link of the course shows."""
    packed = request.POST.get("link") or request.GET.get("link", "")
    try:
        settings = signing.loads(packed, salt=SALT, max_age=PICK_LASTS)
        course = Course.objects.select_related("platform", "cohort").get(pk=settings["course"])
    except (signing.BadSignature, Course.DoesNotExist):
        raise Http404 from None
    find_cohort(request.user, course.cohort_id, least=Role.INSTRUCTOR)
    if request.method == "GET":
        context = {"quests": quests.all_quests(), "link": packed, "course": course}
        return render(request, "lti/pick.html", context)
    quest, _slash, stage = request.POST.get("stage", "").partition("/")
    try:
        token = launching.picked(course, settings, quest=quest, stage=stage)
    except LookupError:
        raise Http404 from None
    parts = urlsplit(settings["return"])
    context = {"token": token, "return": settings["return"], "course": course}
    origin = f"{parts.scheme}://{parts.netloc}"
    return _to_the_platform(request, context, origin=origin)


@require_safe
@login_required
def lms(request: HttpRequest, pk: int) -> HttpResponse:
    """What the platform has of every learner, and what would be sent now."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    context = frame(request.user, cohort) | {
        "courses": cohort.courses.select_related("platform").prefetch_related("placements"),
        "sent": Sent.objects.filter(placement__course__cohort=cohort).select_related(
            "placement", "identity__user"
        )[:500],
        "due": [*sending.due_grades(timezone.now(), cohort)],
    }
    return render(request, "lti/lms.html", context)


@require_POST
@login_required
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the roster, or do not wait any longer with grades that were refused."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    if request.POST.get("retry"):
        sending.send_again(cohort)
        messages.success(request, _("They are sent again within a minute."))
        return redirect("lti:lms", pk)
    for course in cohort.courses.select_related("platform", "cohort"):
        try:
            new = launching.update_roster(course)
        except PlatformError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("%(count)d new learners.") % {"count": new})
    return redirect("lti:lms", pk)


def _where_to(found: launching.Launch) -> str:
    """The page that a launch means."""
    if found.picking:
        packed = signing.dumps({"course": found.course.pk, **(found.settings or {})}, salt=SALT)
        return f"{reverse('lti:pick')}?{urlencode({'link': packed})}"
    if found.user.teaches:
        return reverse("desk:cohort", args=[found.course.cohort_id])
    if found.quest and found.stage:
        return reverse("attempts:workspace", args=[found.quest, found.stage])
    return (
        reverse("progress:quest", args=[found.quest])
        if found.quest
        else reverse("desk:my-cohorts")
    )


def _to_the_platform(
    request: HttpRequest, context: dict[str, Any], *, origin: str
) -> HttpResponseBase:
    """A page whose one form may go to the platform; everywhere else forms stay with us."""

    @csp_update({"form-action": [SELF, origin]})
    def page(request: HttpRequest) -> HttpResponseBase:
        return render(request, "lti/picked.html", context)

    return page(request)


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    context = {"sentence": sentence}
    return render(request, "lti/refused.html", context, status=HTTPStatus.BAD_REQUEST)
