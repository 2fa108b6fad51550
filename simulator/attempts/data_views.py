"""Questions to the public tables, their answers as files, and samples to take away."""

import csv
import io
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from simulator.accounts import pacing
from simulator.attempts import console, drafts, handing_in, pointing
from simulator.attempts.reading import own_enrolment
from simulator.attempts.refusals import Refusal
from simulator.attempts.views import fragment_of, in_words, stage_of
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.warehouse import exploring

CSV: Final = "text/csv; charset=utf-8"
SAVED: Final = "sql/query.sql"


@require_POST
@login_required
def ask(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """A question to the public tables: its first rows, how it would be run, or a file."""
    quest, found = stage_of(slug, stage)
    enrolment = own_enrolment(request.user, slug)
    query = request.POST.get("query", "").replace("\r\n", "\n")
    action = request.POST.get("action", "ask")
    asked = f"EXPLAIN {console.bared(query)}" if action == "explain" else query
    params = console.read_params(request.POST.get("params", ""))
    context: dict[str, Any] = {
        "quest": quest,
        "stage": found,
        "fragment": "attempts/answer.html",
        "query": query,
        "params": request.POST.get("params", ""),
        "explained": action == "explain",
        "saved_as": SAVED,
    }
    with in_words(context):
        pacing.pace(pacing.ASK, enrolment.learner_id)
        sandbox = handing_in.sandbox()
        context["answer"] = console.ask(quest, found, asked, params, sandbox=sandbox)
    answer = context.get("answer")
    if answer is not None and action == "csv":
        return _file(console.as_csv(answer), f"{slug}-answer.csv")
    if answer is not None and not answer.rows:
        context["why_empty"] = pointing.why_empty(query, quest)
    if "unanswered" in context:
        context["pointer"] = pointing.point(
            context["unanswered"], query, quest, lines_before=console.lines_before(asked)
        )
    return fragment_of(request, context)


@require_POST
@login_required
def keep_query(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """Save a question as a file of the project; what stands there is never written over."""
    quest, found = stage_of(slug, stage)
    enrolment = own_enrolment(request.user, slug)
    query = request.POST.get("query", "").replace("\r\n", "\n")
    path = request.POST.get("path", SAVED).strip()
    try:
        drafts.save_file(enrolment, path, f"{query.rstrip()}\n".encode(), seen=None)
        messages.success(request, _("%(path)s is saved.") % {"path": path})
    except drafts.Conflict:
        messages.error(
            request, _("There is a file %(path)s already; choose another name.") % {"path": path}
        )
    except Refusal as refusal:
        messages.error(request, refusal.message(language()))
    place = reverse("attempts:workspace", args=[quest.slug, found.slug])
    return redirect(f"{place}?{urlencode({'tab': 'sql', 'file': path})}")


@require_safe
@login_required
def sample(request: HttpRequest, slug: str, table: str) -> HttpResponse:
    """The sample rows of a table as CSV."""
    own_enrolment(request.user, slug)
    quest = quests.get_quest(slug)
    if table not in quest.tables:
        raise Http404
    shown = next((each for each in exploring.tables(quest) if each.name == table), None)
    if shown is None:
        raise Http404
    blob = io.StringIO()
    writer = csv.writer(blob)
    writer.writerow([column.name for column in shown.columns])
    writer.writerows(shown.sample)
    return _file(blob.getvalue(), f"{slug}-{table}.csv")


def _file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=CSV)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
