"""The author's own pages: everything a quest shows in one list, and all of its messages."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from graders.loading import load_quest
from graders.workshop.gallery import common, gallery
from simulator.catalog import lessons, quests
from simulator.catalog.languages import language
from simulator.preview import quest as previewed


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    faults = previewed.faults()
    if faults:
        return render(request, "preview/unfit.html", {"faults": faults})
    quest = load_quest(previewed.folder())
    context = {
        "quest": quest,
        "lessons": lessons.titles(quest, language()),
        "hinted": {s.slug for s in quest.stages if quests.hints(quest, s, language())},
    }
    return render(request, "preview/index.html", context)


@require_safe
def messages(request: HttpRequest, slug: str) -> HttpResponse:
    """Every message of a stage, in both languages side by side; `common` for everybody's."""
    faults = previewed.faults()
    if faults:
        return render(request, "preview/unfit.html", {"faults": faults})
    quest = load_quest(previewed.folder())
    if slug == "common":
        shown = common(quest, quest.stages[0])
        context = {"quest": quest, "stage": quest.stages[0], "common": shown}
        return render(request, "preview/messages.html", context)
    stage = next((one for one in quest.stages if one.slug == slug), None)
    if stage is None:
        raise Http404
    context = {"quest": quest, "stage": stage, "hung": gallery(quest, stage)}
    return render(request, "preview/messages.html", context)


@require_safe
def stamp(request: HttpRequest) -> HttpResponse:
    """When the quest was last saved: a page asks, and reloads when the answer is another."""
    del request
    return JsonResponse({"stamp": str(previewed.saved_at())})
