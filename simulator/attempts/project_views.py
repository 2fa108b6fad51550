"""The files of a project, one by one or as a zip, with and without scripts in the browser."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from simulator.attempts import drafts, intake
from simulator.attempts.differing import differences as differing
from simulator.attempts.reading import own_enrolment
from simulator.attempts.refusals import Refusal
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.catalog.models import Enrolment, ProjectFile

PLAIN: Final = "text/plain; charset=utf-8"


@require_http_methods(["GET", "HEAD", "PUT"])
@login_required
def file(request: HttpRequest, slug: str, path: str) -> HttpResponse:
    """One file for the editor. The ETag is its revision; a save names the one it saw."""
    enrolment = own_enrolment(request.user, slug)
    if request.method == "PUT":
        return _put(request, enrolment, path)
    found = _file(enrolment, path)
    answer = HttpResponse(bytes(found.content), content_type=PLAIN)
    return _as_learners_bytes(answer, found)


@require_POST
@login_required
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Save, add, rename or delete a file from a plain form."""
    enrolment = own_enrolment(request.user, slug)
    path = request.POST.get("path", "").strip()
    act = _ACTIONS.get(request.POST.get("action", "save"))
    if act is None:
        raise SuspiciousOperation("no such action")
    try:
        path = act(request, enrolment, path)
    except Refusal as refusal:
        messages.error(request, refusal.message(language()))
    except drafts.Conflict as conflict:
        return _conflict(request, enrolment, conflict)
    return _back(request, slug, path)


@require_POST
@login_required
def differences(request: HttpRequest, slug: str) -> HttpResponse:
    """How the saved file differs from the one in the editor, as a fragment."""
    enrolment = own_enrolment(request.user, slug)
    path = request.POST.get("path", "")
    saved = _text(_file(enrolment, path))
    lines = differing(saved, request.POST.get("mine", ""))
    context = {"lines": lines, "path": path, "caption": path}
    return render(request, "attempts/differences.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def reset(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a reset would change; on POST, put the starter's file back."""
    enrolment = own_enrolment(request.user, slug)
    asked = request.POST if request.method == "POST" else request.GET
    path = asked.get("path", "")
    quest = quests.get_quest(slug)
    starter = quests.starter(quest).get(path)
    if request.method == "POST" and starter is not None:
        drafts.reset_file(enrolment, path)
        messages.success(request, _("%(path)s is as in the starter again.") % {"path": path})
        return _back(request, slug, path)
    now = ProjectFile.objects.filter(enrolment=enrolment, path=path).first()
    context = {
        "quest": quest,
        "path": path,
        "stage": asked.get("stage", ""),
        "starter": starter,
        "lines": differing(_text(now), (starter or b"").decode("utf-8", errors="replace")),
        "back": _workspace(slug, asked.get("stage", ""), path),
    }
    return render(request, "attempts/reset.html", context)


@require_POST
@login_required
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the project exactly what the zip holds, or change nothing."""
    enrolment = own_enrolment(request.user, slug)
    blob = request.FILES.get("zip")
    try:
        if blob is None:
            messages.error(request, _("No file was chosen."))
        else:
            files = intake.read_zip(blob.read(intake.LARGEST_UPLOAD + 1))
            drafts.replace_files(enrolment, files)
            messages.success(request, _("The project is now what the zip holds."))
    except Refusal as refusal:
        messages.error(request, refusal.message(language()))
    return _back(request, slug, "")


@require_safe
@login_required
def download(request: HttpRequest, slug: str) -> HttpResponse:
    enrolment = own_enrolment(request.user, slug)
    packed = drafts.write_zip(drafts.files_of(enrolment))
    answer = HttpResponse(packed, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.zip"'
    return answer


def _put(request: HttpRequest, enrolment: Enrolment, path: str) -> HttpResponse:
    try:
        seen = _revision(request.headers.get("If-Match", ""))
        saved = drafts.save_file(enrolment, path, request.body, seen=seen)
    except Refusal as refusal:
        text = refusal.message(language())
        return HttpResponse(text, status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type=PLAIN)
    except drafts.Conflict:
        return HttpResponse(status=HTTPStatus.PRECONDITION_FAILED)
    answer = HttpResponse(status=HTTPStatus.NO_CONTENT)
    answer["ETag"] = f'"{saved.revision}"'
    return answer


def _revision(text: str) -> int | None:
    number = text.strip().removeprefix("W/").strip('"')
    return int(number) if number.isdecimal() else None


def _file(enrolment: Enrolment, path: str) -> ProjectFile:
    found = ProjectFile.objects.filter(enrolment=enrolment, path=path).first()
    if found is None:
        raise Http404
    return found


def _as_learners_bytes(answer: HttpResponse, found: ProjectFile) -> HttpResponse:
    """A learner's bytes are never a page of ours, whatever they say they are."""
    answer["ETag"] = f'"{found.revision}"'
    answer["Content-Disposition"] = "attachment"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "no-store"
    return answer


def _text(found: ProjectFile | None) -> str:
    return bytes(found.content).decode("utf-8", errors="replace") if found else ""


def _save(request: HttpRequest, enrolment: Enrolment, path: str) -> str:
    # A browser sends line ends as CRLF; a project keeps LF.
    content = request.POST.get("content", "").replace("\r\n", "\n").encode()
    drafts.save_file(enrolment, path, content, seen=_revision(request.POST.get("seen", "")))
    messages.success(request, _("%(path)s is saved.") % {"path": path})
    return path


def _add(_request: HttpRequest, enrolment: Enrolment, path: str) -> str:
    drafts.save_file(enrolment, path, b"", seen=None)
    return path


def _rename(request: HttpRequest, enrolment: Enrolment, path: str) -> str:
    return drafts.rename_file(enrolment, path, request.POST.get("renamed", "").strip()).path


def _delete(request: HttpRequest, enrolment: Enrolment, path: str) -> str:
    if request.POST.get("sure") != "1":
        messages.warning(request, _("Tick “I am sure” to delete %(path)s.") % {"path": path})
        return path
    drafts.delete_file(enrolment, path)
    messages.success(
        request,
        _("%(path)s is deleted. Attempts that you handed in keep it.") % {"path": path},
    )
    return ""


_ACTIONS: Final = {"save": _save, "add": _add, "rename": _rename, "delete": _delete}


def _conflict(
    request: HttpRequest, enrolment: Enrolment, conflict: drafts.Conflict
) -> HttpResponse:
    stage = request.POST.get("stage", "")
    if request.POST.get("action", "save") != "save" or conflict.current is None:
        messages.error(request, _("A file %(path)s is already there.") % {"path": conflict.path})
        return _back(request, enrolment.quest, conflict.path)
    mine = request.POST.get("content", "").replace("\r\n", "\n")
    context = {
        "quest": quests.get_quest(enrolment.quest),
        "path": conflict.path,
        "stage": stage,
        "mine": mine,
        "revision": conflict.current.revision,
        "lines": differing(_text(conflict.current), mine),
        "back": _workspace(enrolment.quest, stage, conflict.path),
    }
    return render(request, "attempts/conflict.html", context, status=HTTPStatus.CONFLICT)


def _back(request: HttpRequest, slug: str, path: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(_workspace(slug, request.POST.get("stage", ""), path))


def _workspace(slug: str, stage: str, path: str) -> str:
    known = [each.slug for each in quests.get_quest(slug).stages]
    place = reverse("attempts:workspace", args=[slug, stage if stage in known else known[0]])
    query = {"tab": "files", **({"file": path} if path else {})}
    return f"{place}?{urlencode(query)}"
