"""Pages that need nothing from the database: help, and the answers to errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from simulator.pages import words


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    statuses = [(words.GLYPHS[outcome], word) for outcome, word in words.OUTCOMES.items()]
    return render(request, "pages/help.html", {"statuses": statuses})


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came without its token: cookies are off, or the page was open for too long."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
