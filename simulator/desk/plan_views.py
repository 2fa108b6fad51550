"""What a cohort plays and until when."""

from zoneinfo import available_timezones

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from simulator.accounts.asking import signed_in
from simulator.catalog import quests
from simulator.cohorts import planning
from simulator.cohorts.models import CohortQuest, Deadline
from simulator.cohorts.teaching import Role, find_cohort, find_member, frame
from simulator.desk.forms import CohortForm, DatesForm, local

FIELDS = ("opens_at", "due_at", "closes_at")


@require_safe
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    here = {quest.slug: quest for quest in quests.all_quests()}
    played = [one for one in cohort.quests.prefetch_related("deadlines") if one.quest in here]
    rows = []
    for one in played:
        deadlines = {each.stage: each for each in one.deadlines.all()}
        quest = here[one.quest]
        stages = [("", None), *((stage.slug, stage.title) for stage in quest.stages)]
        lines = [
            (slug, title, deadlines.get(slug),
             [local(deadlines.get(slug), name, cohort.zone) for name in FIELDS])
            for slug, title in stages
        ]  # fmt: skip
        rows.append((one, quest, lines, bool(one.digest) and one.digest != quest.digest))
    context = frame(request.user, cohort) | {
        "plans": rows,
        "others": [
            quest for quest in here.values() if quest.slug not in {p.quest for p in played}
        ],
        "form": CohortForm(instance=cohort),
        "zones": sorted(available_timezones()),
        "paused": planning.is_paused(cohort),
        "pauses": cohort.pauses.all(),
        "extensions": cohort.extensions.select_related("learner", "author").order_by("-pk")[:50],
        "groups": sorted({*cohort.memberships.values_list("group", flat=True)} - {""}),
    }
    return render(request, "desk/plan.html", context)


@require_POST
@login_required
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    form = CohortForm(request.POST, instance=cohort)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
    else:
        _tell(request, form)
    return redirect("desk:plan", pk)


@require_POST
@login_required
def quest(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a quest, pin it, follow the newest version again, or take it out."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    slug = request.POST.get("quest", "")
    try:
        if request.POST.get("remove"):
            planning.remove_quest(cohort, slug)
        else:
            planning.add_quest(cohort, slug, pinned="pinned" in request.POST)
    except quests.NoSuchQuest:
        raise Http404 from None
    return redirect("desk:plan", pk)


@require_POST
@login_required
def dates(request: HttpRequest, pk: int) -> HttpResponse:
    """The dates of a stage, or of every stage without its own."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    found = get_object_or_404(CohortQuest, cohort=cohort, quest=request.POST.get("quest", ""))
    stage = request.POST.get("stage", "")
    known = {one.slug for one in quests.get_quest(found.quest).stages}
    if stage and stage not in known:
        raise Http404
    form = DatesForm(request.POST)
    if not form.is_valid():
        _tell(request, form)
    elif any(form.cleaned_data[name] for name in FIELDS):
        Deadline.objects.update_or_create(
            cohort_quest=found, stage=stage, defaults=form.facts(cohort.zone)
        )
        messages.success(request, _("Saved."))
    else:
        Deadline.objects.filter(cohort_quest=found, stage=stage).delete()
    return redirect("desk:plan", pk)


@require_POST
@login_required
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """More time for a learner or a group, with a reason."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    learner = request.POST.get("learner", "")
    member = find_member(cohort, int(learner)) if learner.isdecimal() else None
    hours = request.POST.get("hours", "")
    slug, _slash, stage = request.POST.get("stage", "").partition("/")
    made = planning.extend(
        cohort,
        author=signed_in(request),
        hours=int(hours) if hours.isdecimal() else 0,
        reason=request.POST.get("reason", ""),
        learner=member.learner if member else None,
        group=request.POST.get("group", ""),
        quest=slug,
        stage=stage,
    )
    if made is None:
        messages.error(request, _("Say for whom, how many hours, and why."))
    else:
        messages.success(request, _("More time is given."))
    if member:
        return redirect("desk:learner", pk, member.learner_id)
    return redirect("desk:plan", pk)


@require_POST
@login_required
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the clock for an outage, or let it go on."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    if request.POST.get("resume"):
        planning.resume(cohort)
    elif not planning.pause(
        cohort, author=signed_in(request), reason=request.POST.get("reason", "")
    ):
        messages.error(request, _("Say why the clock stops: the learners read it."))
    return redirect("desk:plan", pk)


def _tell(request: HttpRequest, form: CohortForm | DatesForm) -> None:
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))
