"""What a preview puts around every page: somebody signed in, a mark, a reload on save."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html

from graders.basis import work_digest
from graders.loading import load_quest
from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.attempts import drafts
from simulator.catalog.quests import starter
from simulator.preview import quest

AUTHOR: Final = "author"
_STARTER: Final = "preview-starter"
_OWN: Final = ("/preview/", "/static/")


class Previewed:
    """Middleware: every page of a preview, or what is wrong with the quest in its place."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/static/"):
            return self._get_response(request)
        _sign_in(request)
        if not request.path.startswith(_OWN):
            faults = quest.faults()
            if faults:
                return _framed(_unfit(request, {"faults": faults}))
            _enrol(request)
        return _framed(self._get_response(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A text that is missing or names no number: said to the author, not as our fault."""
        if isinstance(error, LookupError | FileNotFoundError | UnicodeDecodeError):
            return _unfit(request, {"told": f"{type(error).__name__}: {error}"})
        return None


def _sign_in(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        author, _ = User.objects.get_or_create(
            username=AUTHOR, defaults={"role": User.Role.AUTHOR}
        )
        # The site's own: of another one, the next request would know nobody.
        login(request, author, backend=settings.AUTHENTICATION_BACKENDS[0])


def _enrol(request: HttpRequest) -> None:
    """Into the quest as it is: after a change of the starter, with the starter's new files."""
    found = load_quest(quest.folder())
    enrolment = drafts.enrol(signed_in(request), found.slug)
    files = starter(found)
    digest = work_digest(files)
    if request.session.setdefault(_STARTER, digest) != digest:
        drafts.replace_files(enrolment, files)
        request.session[_STARTER] = digest


def _unfit(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    return render(request, "preview/unfit.html", context)


def _framed(response: HttpResponseBase) -> HttpResponseBase:
    """The page with the mark of a preview and the script that reloads it."""
    if not isinstance(response, HttpResponse) or b"</body>" not in response.content:
        return response
    mark = format_html(
        '<link rel="stylesheet" href="{}"><p class="preview-mark"><a href="{}">{}</a></p>'
        '<script type="module" src="{}" data-stamp="{}"></script></body>',
        static("preview/preview.css"),
        reverse("preview"),
        "Preview",
        static("preview/reload.js"),
        quest.saved_at(),
    )
    response.content = response.content.replace(b"</body>", mark.encode())
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))
    return response
