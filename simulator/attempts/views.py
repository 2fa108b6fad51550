"""The workspace, a hand-in, and the page of an attempt: live first, then its report."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest, Stage
from graders.receipts import write_receipt
from sandbox.interface import SandboxError
from simulator.accounts import pacing
from simulator.accounts.asking import signed_in
from simulator.attempts import console, handing_in, hinting, objecting, showing, trying, workbench
from simulator.attempts.models import Attempt
from simulator.attempts.reading import own_enrolment, readable_attempts
from simulator.attempts.refusals import Refusal
from simulator.attempts.reporting import report
from simulator.attempts.wording import word
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.catalog.models import Enrolment

logger = logging.getLogger(__name__)


@require_safe
@login_required
def workspace(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    quest, found = stage_of(slug, stage)
    enrolment = Enrolment.objects.filter(learner_id=request.user.pk, quest=slug).first()
    if enrolment is None:
        return redirect("progress:quest", slug)
    if _beyond_trial(request, quest, found):
        return _to_sign_up(request)
    bench = workbench.bench(enrolment, quest, found, asked=request.GET, language=language())
    if request.headers.get("HX-Target") == "brief":
        return render(request, "attempts/left.html", bench.left())
    context = bench.whole() | showing.outcome(enrolment, quest, found, language())
    context["plain"] = signed_in(request).plain_editor
    return render(request, "attempts/workspace.html", context)


@require_POST
@login_required
def try_out(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """The open checks on the draft, without an attempt."""
    quest, found = stage_of(slug, stage)
    enrolment = own_enrolment(request.user, slug)
    context: dict[str, Any] = {"quest": quest, "stage": found, "fragment": "attempts/tried.html"}
    with in_words(context):
        pacing.pace(pacing.TRY_OUT, enrolment.learner_id)
        results = trying.try_out(enrolment, quest, found, sandbox=handing_in.sandbox())
        context["tried"] = [word(result, quest, found, language()) for result in results]
    return fragment_of(request, context)


@require_POST
@login_required
def hint(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """Open a step of the ladder of help, if it is its turn."""
    quest, found = stage_of(slug, stage)
    enrolment = own_enrolment(request.user, slug)
    asked = request.POST.get("step", "")
    number, now = int(asked) if asked.isdecimal() else 0, timezone.now()
    opened = hinting.open_step(enrolment, quest, found, number, now=now)
    context = {
        "quest": quest,
        "stage": found,
        "hints": hinting.ladder(enrolment, quest, found, language(), now=now),
        "opened": number if opened else None,
        "fragment": "attempts/hint_steps.html",
    }
    return fragment_of(request, context)


@require_POST
@login_required
def hand_in(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    quest, found = stage_of(slug, stage)
    enrolment = own_enrolment(request.user, slug)
    if _beyond_trial(request, quest, found):
        return _to_sign_up(request)
    seen = request.POST.get("seen", "")
    key = handing_in.page_key(enrolment, stage, seen=int(seen) if seen.isdecimal() else 0)
    workspace_url = reverse("attempts:workspace", args=[slug, stage])
    try:
        pacing.pace(pacing.HAND_IN, enrolment.learner_id)
        attempt = handing_in.hand_in(enrolment, stage, key=key, source=Attempt.Source.WEB)
    except Refusal as refusal:
        return _refused(request, refusal.message(language()), workspace_url)
    except pacing.TooMany as limit:
        return _refused(request, _too_often(limit), workspace_url)
    if "HX-Request" not in request.headers:
        return redirect("attempts:attempt", attempt.public_id)
    context = showing.page(attempt, quest, found, language()) | {"seen": attempt.number}
    return render(request, "attempts/handed_in.html", context)


@require_safe
@login_required
def attempt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Live while it is graded, then its report."""
    found = readable_attempts(request.user).filter(public_id=public_id)
    shown = found.select_related("enrolment__learner").first()
    if shown is None:
        raise Http404
    quest, stage = stage_of(shown.enrolment.quest, shown.stage)
    context = showing.page(shown, quest, stage, language())
    if shown.enrolment.learner_id != request.user.pk:
        context["learner"] = shown.enrolment.learner
    template = "attempts/report.html" if "report" in context else "attempts/attempt.html"
    return render(request, template, context)


@require_safe
@login_required
def outcome(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the workspace's right pane shows once the verdict is there."""
    found = readable_attempts(request.user).filter(public_id=public_id)
    shown = found.select_related("enrolment").first()
    if shown is None:
        raise Http404
    quest, stage = stage_of(shown.enrolment.quest, shown.stage)
    context = showing.outcome(shown.enrolment, quest, stage, language())
    return render(request, "attempts/outcome.html", context | {"quest": quest, "stage": stage})


@require_safe
@login_required
def receipt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the verdict rests on, as a file."""
    found = readable_attempts(request.user).filter(public_id=public_id)
    shown = found.select_related("enrolment").first()
    graded = report(shown, language()) if shown else None
    if shown is None or graded is None or graded.receipt is None:
        raise Http404
    name = f"{shown.enrolment.quest}-{shown.number}.receipt.json"
    return HttpResponse(
        write_receipt(graded.receipt),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@login_required
def object_to(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A learner says that a check looks wrong."""
    found = readable_attempts(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    objecting.object_to(
        found,
        request.POST.get("check", ""),
        text=request.POST.get("text", ""),
        author=signed_in(request),
    )
    messages.success(
        request, _("Thank you. It is with the author now, together with this attempt.")
    )
    return redirect("attempts:attempt", public_id)


def _beyond_trial(request: HttpRequest, quest: Quest, stage: Stage) -> bool:
    """Whether a visitor without an account asks for more than a quest's first stage."""
    return signed_in(request).on_trial and stage != quest.stages[0]


def _to_sign_up(request: HttpRequest) -> HttpResponse:
    messages.info(
        request, _("The next stage wants an account; your work so far moves into it as it is.")
    )
    return redirect("account_signup")


def stage_of(slug: str, stage: str) -> tuple[Quest, Stage]:
    try:
        quest = quests.get_quest(slug)
        return quest, quest.stage(stage)
    except LookupError:
        raise Http404 from None


@contextmanager
def in_words(context: dict[str, Any]) -> Iterator[None]:
    """What keeps rooms from answering becomes a sentence of the page."""
    try:
        yield
    except Refusal as refusal:
        context["refusal"] = refusal.message(language())
    except pacing.TooMany as limit:
        context["refusal"] = _too_often(limit)
    except trying.NoTables:
        context["refusal"] = _("The tables are still being made; try again in a minute.")
    except console.Unanswered as error:
        context["unanswered"] = str(error)
    except SandboxError:
        logger.exception("no room answered")
        context["refusal"] = _("No machine is free now. Your files are safe; try again.")


def fragment_of(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The fragment alone for a page that waits for it, else in a page of its own."""
    if "HX-Request" in request.headers:
        return render(request, context["fragment"], context)
    return render(request, "attempts/fragment_page.html", context)


def _too_often(limit: pacing.TooMany) -> str:
    return _("That was often. Wait %(seconds)d seconds and try again.") % {
        "seconds": limit.seconds
    }


def _refused(request: HttpRequest, sentence: str, workspace_url: str) -> HttpResponse:
    if "HX-Request" in request.headers:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "attempts/refused.html", {"refusal": sentence}, status=status)
    messages.error(request, sentence)
    return redirect(workspace_url)
