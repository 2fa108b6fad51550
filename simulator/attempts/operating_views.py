"""For those who run the site: what is late and why, and the figures that a monitor reads."""

import secrets

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from simulator.accounts.models import User
from simulator.attempts import claiming, lateness, metrics
from simulator.attempts.models import Grading


@never_cache
@require_safe
@login_required
def operations(request: HttpRequest) -> HttpResponse:
    """What is late and why; absent for everybody else."""
    _operator(request)
    return render(request, "attempts/operations.html", {"operations": lateness.look()})


@require_POST
@login_required
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a quarantined grading once more, or cancel an open one."""
    _operator(request)
    if not Grading.objects.filter(pk=pk).exists():
        raise Http404
    if request.POST.get("action") == "release":
        done = claiming.release(pk)
    else:
        done = claiming.cancel(pk) or claiming.write_off(pk)
    if done:
        messages.success(request, _("Done."))
    else:
        messages.warning(request, _("It has moved on meanwhile; nothing was changed."))
    return redirect("attempts:operations")


@never_cache
@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """The figures, for a monitor that holds the token, and for operators."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.SIM_METRICS_TOKEN
    if not (
        known and scheme == "Bearer" and secrets.compare_digest(token.encode(), known.encode())
    ):
        _operator(request)
    return HttpResponse(metrics.scrape(), content_type=CONTENT_TYPE_LATEST)


def _operator(request: HttpRequest) -> None:
    """Raises Http404 for everybody who does not run the site."""
    person = request.user
    if not (isinstance(person, User) and person.is_active and person.is_staff):
        raise Http404
