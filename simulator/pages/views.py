"""Pages that need nothing from the database: help, and the answers to errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help.html")


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form came without its token: cookies are off, or the page was open for too long."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
