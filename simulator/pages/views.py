"""Pages that need nothing from the database."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from simulator.pages import words


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    statuses = [(words.GLYPHS[outcome], word) for outcome, word in words.OUTCOMES.items()]
    return render(request, "pages/help.html", {"statuses": statuses})
