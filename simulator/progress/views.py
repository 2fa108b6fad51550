"""Pages that show a reader's way: catalogue, quest, what they did."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest
from simulator.accounts.models import User
from simulator.attempts import drafts, history
from simulator.catalog import quests as catalog
from simulator.catalog.models import Enrolment
from simulator.catalog.shelf import SORTS, shelf
from simulator.progress import stages
from simulator.progress.cards import cards


@require_safe
def quests(request: HttpRequest) -> HttpResponse:
    found = shelf(catalog.all_quests(), request.GET)
    maps = stages.maps_of(request.user) if isinstance(request.user, User) else {}
    context = {"shelf": found, "cards": cards(found.quests, maps), "sorts": SORTS.items()}
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
        "story": catalog.story_html(found, get_language() or "en"),
    }
    return render(request, "progress/quest.html", context)


@require_POST
@login_required
def start(request: HttpRequest, slug: str) -> HttpResponse:
    found = _quest(slug)
    drafts.enrol(request.user, slug, estimate_hours=_hours(request.POST.get("estimate", "")))
    return redirect("attempts:workspace", slug, found.stages[0].slug)


@require_safe
@login_required
def work(request: HttpRequest) -> HttpResponse:
    context = {"quests": history.work_of(request.user)}
    return render(request, "progress/work.html", context)


def _quest(slug: str) -> Quest:
    try:
        return catalog.get_quest(slug)
    except KeyError:
        raise Http404 from None


def _own_enrolment(request: HttpRequest, slug: str) -> Enrolment | None:
    if not request.user.is_authenticated:
        return None
    return Enrolment.objects.filter(learner_id=request.user.pk, quest=slug).first()


def _hours(text: str) -> float | None:
    return float(text) if text.isdecimal() and 0 < int(text) <= 1000 else None  # noqa: PLR2004
