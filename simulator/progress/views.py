"""Pages that show a reader's way: landing, catalogue, quest, what they did."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest
from simulator.accounts import pacing
from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.attempts import drafts, preparing
from simulator.catalog import quests as catalog
from simulator.catalog.languages import language
from simulator.catalog.models import Enrolment
from simulator.catalog.shelf import SORTS, shelf, suggested
from simulator.progress import history, stages, trying_out
from simulator.progress.adopting import LEFT
from simulator.progress.cards import cards

MOST_HOURS = 1000
ON_THE_LANDING = 3


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    found = shelf(catalog.all_quests(), request.GET).quests[:ON_THE_LANDING]
    first = found[0] if found else None
    return render(request, "progress/landing.html", {"cards": cards(found, {}), "first": first})


@require_safe
def quests(request: HttpRequest) -> HttpResponse:
    found = shelf(catalog.all_quests(), request.GET)
    maps = stages.maps_of(request.user) if isinstance(request.user, User) else {}
    comfort = request.user.comfort if isinstance(request.user, User) else {}
    fresh = [quest for quest in found.quests if quest.slug not in maps]
    context = {
        "shelf": found,
        "cards": cards(found.quests, maps),
        "sorts": SORTS.items(),
        "suggested": suggested(fresh, comfort),
    }
    return render(request, "catalog/quests.html", context)


@require_safe
def quest(request: HttpRequest, slug: str) -> HttpResponse:
    found = _quest(slug)
    enrolment = _own_enrolment(request, slug)
    way = stages.stage_map(enrolment) if enrolment else stages.unwalked(found)
    context = {
        "quest": found,
        "card": cards([found], {slug: way})[0],
        "enrolment": enrolment,
        "stages": way,
        "preparing": preparing.prepare(found) if enrolment else None,
        "spent": stages.minutes_to_the_end(enrolment, way) if enrolment else None,
        "story": catalog.story_html(found, language()),
    }
    return render(request, "progress/quest.html", context)


@require_POST
@login_required
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the quest, with the learner's own estimate if they gave one."""
    found = _quest(slug)
    enrolment = drafts.enrol(signed_in(request), slug)
    hours = request.POST.get("estimate", "")
    if hours.isdecimal() and 0 < int(hours) <= MOST_HOURS:
        unset = Enrolment.objects.filter(pk=enrolment.pk, estimate_hours__isnull=True)
        unset.update(estimate_hours=float(hours))
    return redirect("attempts:workspace", slug, found.stages[0].slug)


@require_POST
def try_out(request: HttpRequest, slug: str) -> HttpResponse:
    """The first stage at once, without an account; what is done there is kept for seven days."""
    found = _quest(slug)
    try:
        trying_out.begin(request, found)
    except pacing.TooMany as limit:
        context = {"seconds": limit.seconds}
        return render(request, "429.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    return redirect("attempts:workspace", slug, found.stages[0].slug)


@require_safe
@login_required
def work(request: HttpRequest) -> HttpResponse:
    context = {"works": history.work_of(signed_in(request)), "left": request.session.get(LEFT)}
    return render(request, "progress/work.html", context)


def _quest(slug: str) -> Quest:
    try:
        return catalog.get_quest(slug)
    except catalog.NoSuchQuest:
        raise Http404 from None


def _own_enrolment(request: HttpRequest, slug: str) -> Enrolment | None:
    if not request.user.is_authenticated:
        return None
    mine = Enrolment.objects.select_related("learner").filter(learner_id=request.user.pk)
    return mine.filter(quest=slug).first()
