"""What a learner sees of their cohorts, and does with their own data."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.catalog import quests
from simulator.cohorts import inviting, planning
from simulator.cohorts.dates import Calendar
from simulator.cohorts.models import Cohort, Look, Membership, Nudge
from simulator.desk import own_data

TOLD = (Nudge.Kind.HINT, Nudge.Kind.INVITE)


@require_http_methods(["GET", "POST"])
@login_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, what they will see, and a button."""
    invitation = inviting.find_invitation(token)
    if invitation is None:
        raise Http404
    if request.method == "POST":
        if inviting.join(invitation, signed_in(request)):
            return redirect("desk:my-cohorts")
        messages.error(request, _("This link was used up a moment ago. Ask for another one."))
    staff = invitation.cohort.staff.select_related("user")
    context = {"invitation": invitation, "cohort": invitation.cohort, "staff": staff}
    return render(request, "desk/join.html", context)


@require_safe
@login_required
def my_cohorts(request: HttpRequest) -> HttpResponse:
    """Dates in the learner's own zone, and what instructors sent."""
    person = signed_in(request)
    members = Membership.objects.filter(learner=person).select_related("cohort")
    told = Nudge.objects.filter(learner=person, kind__in=TOLD)
    nudges = [*told.select_related("author", "cohort")[:20]]
    Nudge.objects.filter(learner=person, seen_at=None).update(seen_at=timezone.now())
    context = {"cohorts": [_mine(member) for member in members], "nudges": nudges}
    return render(request, "desk/my_cohorts.html", context)


@require_POST
@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    person = signed_in(request)
    cohort = Cohort.objects.filter(memberships__learner=person, pk=pk).first()
    if cohort is None:
        raise Http404
    inviting.leave(cohort, person)
    messages.success(request, _("You left the cohort. Its staff no longer sees your work."))
    return redirect("desk:my-cohorts")


@require_safe
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """What is kept, who looked at it, how to take it away or delete it."""
    person = signed_in(request)
    context = {
        "looks": Look.objects.filter(learner=person).select_related("looker")[:100],
        "kept": own_data.counts(person),
        "bound": own_data.is_bound(person),
    }
    return render(request, "desk/data.html", context)


@require_safe
@login_required
def download(request: HttpRequest) -> HttpResponse:
    """Everything about the learner, as one file."""
    answer = JsonResponse(own_data.everything(signed_in(request)), json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@require_POST
@login_required
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the account and all its work, once the name is typed."""
    person = signed_in(request)
    if request.POST.get("name", "") != person.username or own_data.is_bound(person):
        messages.error(request, _("Type your name exactly as it is shown."))
        return redirect("desk:data")
    User.objects.get(pk=person.pk).delete()
    logout(request)
    return redirect("/")


def _mine(member: Membership) -> dict[str, Any]:
    cohort = member.cohort
    calendar = Calendar.of(cohort)
    here = {quest.slug: quest for quest in quests.all_quests()}
    return {
        "cohort": cohort,
        "staff": cohort.staff.select_related("user"),
        "pause": cohort.pauses.filter(ended_at=None).first(),
        "paused": planning.is_paused(cohort),
        "quests": [
            (
                here[plan.quest],
                [
                    (stage, calendar.of_learner(member, plan.quest, stage.slug))
                    for stage in here[plan.quest].stages
                ],
            )
            for plan in cohort.quests.all()
            if plan.quest in here
        ],
    }
