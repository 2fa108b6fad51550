"""Pages of a quest that are the same for every reader: its lessons."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from graders.quest import Quest
from simulator.catalog import lessons as shelf
from simulator.catalog import quests
from simulator.catalog.languages import language


@require_safe
def lessons(request: HttpRequest, slug: str) -> HttpResponse:
    quest = _quest(slug)
    context = {"quest": quest, "lessons": shelf.titles(quest, language())}
    return render(request, "catalog/lessons.html", context)


@require_safe
def lesson(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    quest = _quest(slug)
    titles = shelf.titles(quest, language())
    title = next((each.title for each in titles if each.slug == lesson_slug), None)
    if title is None:
        raise Http404
    context = {
        "quest": quest,
        "title": title,
        "lesson": shelf.body(quest, lesson_slug, language()),
        "others": [each for each in titles if each.slug != lesson_slug],
    }
    return render(request, "catalog/lesson.html", context)


def _quest(slug: str) -> Quest:
    try:
        return quests.get_quest(slug)
    except quests.NoSuchQuest:
        raise Http404 from None
