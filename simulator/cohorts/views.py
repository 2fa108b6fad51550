"""An instructor's pages: whose cohorts these are, and how far everybody is."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from simulator.catalog import quests
from simulator.cohorts.heatmap import heatmap
from simulator.cohorts.teaching import readable_cohorts


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
    return render(request, "cohorts/cohorts.html", {"cohorts": rows})


@require_safe
@login_required
def cohort(request: HttpRequest, pk: int) -> HttpResponse:
    found = readable_cohorts(request.user).prefetch_related("quests").filter(pk=pk).first()
    if found is None:
        raise Http404
    here = {quest.slug: quest for quest in quests.all_quests()}
    maps = [heatmap(found, here[each.quest]) for each in found.quests.all() if each.quest in here]
    context = {"cohort": found, "maps": maps, "hide_names": request.GET.get("names") == "hidden"}
    return render(request, "cohorts/cohort.html", context)
