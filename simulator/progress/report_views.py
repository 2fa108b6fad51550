"""What stands behind a report: the attempt before, the money, the decision, a note."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from simulator.attempts import charting
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading, readable_attempts
from simulator.attempts.reporting import ReportPage, report
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.progress import comparing, deciding
from simulator.progress.models import LONGEST_NOTE, LONGEST_REASON, Decision, Note

TABS = ("checks", "code", "numbers")


@require_safe
@login_required
def compare(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An attempt beside an earlier one at the same stage: the one before, unless asked."""
    attempt = _readable(request, public_id)
    same = Attempt.objects.filter(enrolment=attempt.enrolment_id, stage=attempt.stage)
    earlier = [*same.filter(number__lt=attempt.number).order_by("-number")]
    number = request.GET.get("with", "")
    asked = next((each for each in earlier if str(each.number) == number), None)
    before = asked or next(iter(earlier), None)
    found = comparing.compare(before, attempt, language()) if before else None
    tab = request.GET.get("show", "checks")
    context = _frame(attempt) | {
        "comparison": found,
        "earlier": earlier,
        "before": before,
        "tab": tab if tab in TABS else "checks",
        "tabs": {"checks": _("Checks"), "code": _("Code"), "numbers": _("Numbers")}.items(),
    }
    return render(request, "progress/compare.html", context)


@require_safe
@login_required
def business(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a decision-maker reads after a rollout."""
    attempt = _readable(request, public_id)
    shown = _report(attempt)
    readout = shown.rollout
    if readout is None:
        raise Http404
    charts = {size: charting.chart(readout, language(), size) for size in charting.SIZES}
    if None in charts.values():
        charting.ask_for(latest_grading(attempt).pk)
    scenario = deciding.asked(readout, request.GET)
    decision = Decision.objects.filter(pk=attempt.pk).first()
    mine = attempt.enrolment.learner_id == request.user.pk
    context = _frame(attempt) | {
        "report": shown,
        "rollout": readout,
        "charts": charts,
        "drawn": None not in charts.values(),
        "scenario": scenario,
        "usual": deciding.usual(readout),
        "usual_sum": deciding.money(readout, deciding.usual(readout)),
        "sum": deciding.money(readout, scenario),
        "table": deciding.sensitivity(readout, scenario),
        "query": request.GET.urlencode(),
        "decision": decision,
        "answer": deciding.answer(decision, readout) if decision else "",
        "after": deciding.after(readout),
        "weeks_after": deciding.WEEKS_AFTER,
        "longest": LONGEST_REASON,
        "mine": mine,
        "revealed": decision is not None or not mine,  # the truth, which would decide for them
        "person": next(iter(shown.quest.people), None),
    }
    return render(request, "progress/business.html", context)


@require_POST
@login_required
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ship, iterate or stop: said once, by the learner alone."""
    attempt = _own(request, public_id)
    readout = _report(attempt).rollout
    if readout is None:
        raise Http404
    if deciding.decide(attempt, readout, request.POST) is None:
        messages.error(request, _("Choose one of the three and give a reason in your own words."))
    return redirect(f"{reverse('progress:business', args=[public_id])}#decision")


@require_POST
@login_required
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What was tried in an attempt; an empty note is none."""
    attempt = _own(request, public_id)
    text = request.POST.get("text", "").strip()[:LONGEST_NOTE]
    if text:
        Note.objects.update_or_create(attempt=attempt, defaults={"text": text})
    else:
        Note.objects.filter(attempt=attempt).delete()
    return redirect(f"{reverse('progress:work')}#{attempt.enrolment.quest}")


def _readable(request: HttpRequest, public_id: UUID) -> Attempt:
    found = readable_attempts(request.user).filter(public_id=public_id)
    attempt = found.select_related("enrolment__learner").first()
    if attempt is None:
        raise Http404
    return attempt


def _own(request: HttpRequest, public_id: UUID) -> Attempt:
    found = Attempt.objects.filter(enrolment__learner_id=request.user.pk, public_id=public_id)
    attempt = found.select_related("enrolment").first()
    if attempt is None:
        raise Http404
    return attempt


def _report(attempt: Attempt) -> ReportPage:
    shown = report(attempt, language())
    if shown is None:
        raise Http404
    return shown


def _frame(attempt: Attempt) -> dict[str, object]:
    """The attempt with its quest and stage, as the head of each page names them."""
    try:
        quest = quests.get_quest(attempt.enrolment.quest)
        return {"attempt": attempt, "quest": quest, "stage": quest.stage(attempt.stage)}
    except LookupError:
        raise Http404 from None
