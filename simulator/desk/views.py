"""The instructor's cohorts, one cohort's home, its exports and its log of looks."""

from zoneinfo import available_timezones

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from simulator.accounts.asking import signed_in
from simulator.accounts.pacing import DOWNLOAD, pace
from simulator.catalog import quests
from simulator.cohorts.models import Cohort, Look, Staff
from simulator.cohorts.tables import FORMATS, answer
from simulator.cohorts.teaching import Role, find_cohort, frame, readable_cohorts
from simulator.desk import exporting
from simulator.desk.home import home

LONGEST_NAME = 120
MOST_LOOKS = 300


@require_safe
@login_required
def cohorts(request: HttpRequest) -> HttpResponse:
    found = (
        readable_cohorts(request.user)
        .annotate(learners=Count("memberships", distinct=True))
        .prefetch_related("quests")
    )
    here = {quest.slug: quest for quest in quests.all_quests()}
    rows = [
        (cohort, [here[each.quest] for each in cohort.quests.all() if each.quest in here])
        for cohort in found
    ]
    return render(request, "desk/cohorts.html", {"cohorts": rows})


@require_POST
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A cohort of one's own; only who teaches may."""
    person = signed_in(request)
    if not person.teaches:
        raise Http404
    name = request.POST.get("name", "").strip()[:LONGEST_NAME]
    zone = request.POST.get("zone", "")
    if not name:
        messages.error(request, _("Give the cohort a name."))
        return redirect("desk:cohorts")
    with transaction.atomic():
        made = Cohort.objects.create(
            name=name, zone=zone if zone in available_timezones() else "UTC"
        )
        Staff.objects.create(cohort=made, user=person, role=Role.OWNER)
    return redirect("desk:plan", made.pk)


@require_safe
@login_required
def cohort(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_cohort(request.user, pk)
    context = frame(request.user, found) | home(found, request.GET)
    return render(request, "desk/cohort.html", context)


@require_safe
@login_required
def exports(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    context = frame(request.user, found) | {"tables": [*exporting.TABLES], "formats": FORMATS}
    return render(request, "desk/exports.html", context)


@require_safe
@login_required
def export(request: HttpRequest, pk: int, what: str, kind: str) -> HttpResponse:
    """A table as a file."""
    found = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    if what not in exporting.TABLES or kind not in FORMATS:
        raise Http404
    pace(DOWNLOAD, signed_in(request).pk)
    table = exporting.export(found, what, pseudonyms=request.GET.get("names") == "hidden")
    return answer(table, kind)


@require_safe
@login_required
def looks(request: HttpRequest, pk: int) -> HttpResponse:
    """Who looked at whose work, for the owner and the operator."""
    found = find_cohort(request.user, pk, least=Role.OWNER)
    seen = Look.objects.filter(learner__memberships__cohort=found)
    context = frame(request.user, found) | {
        "looks": seen.select_related("looker", "learner")[:MOST_LOOKS]
    }
    return render(request, "desk/looks.html", context)
