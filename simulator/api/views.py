"""What is no operation of ninja's: a stream of events, and the state of health."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth import aget_user
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.log import log_response
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from simulator.accounts import tokens
from simulator.api.signing_in import bearer_of
from simulator.api.writing import health_out
from simulator.attempts import health as parts
from simulator.attempts.streaming import follow, write_json


@require_safe
async def events(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The events of a grading as JSON; by session or by token."""
    token = bearer_of(request)
    if token:
        holder = await sync_to_async(tokens.holder)(token)
        if holder is None:
            return JsonResponse({"code": "not_signed_in", "message": "Unauthorized."}, status=401)
        return await follow(request, holder, public_id, write=write_json, session=None)
    user = await aget_user(request)
    session = request.session.session_key
    return await follow(request, user, public_id, write=write_json, session=session)


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether an attempt could be graded now, and if not, what is the matter and what to do.

    A page for a browser, JSON for whoever does not ask for HTML.
    """
    found = parts.look()
    status = 200 if found.able else 503
    answer: HttpResponse
    if "text/html" in request.headers.get("Accept", ""):
        answer = render(request, "pages/health.html", {"health": found}, status=status)
    else:
        answer = JsonResponse(health_out(found), status=status)
    patch_vary_headers(answer, ["Accept"])
    if not found.able:  # asked every second; the answer itself says what an error in the log would
        log_response("not able to grade", response=answer, request=request, level="debug")
    return answer
