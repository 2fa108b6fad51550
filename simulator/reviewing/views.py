"""The reviewer's queue and sheet, and what the learner sees of it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest
from simulator.accounts.asking import signed_in
from simulator.attempts.models import Attempt
from simulator.attempts.reading import latest_grading
from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.cohorts.teaching import Role, find_attempt, find_cohort, frame
from simulator.grades.models import Override
from simulator.grades.overriding import Unfit, override, undo
from simulator.reviewing import commenting, pages, requesting
from simulator.reviewing.models import BankEntry, Request, RubricItem
from simulator.reviewing.queue import queue

UNFIT = {
    "reason": gettext_lazy("Say why: the learner reads the reason."),
    "value": gettext_lazy("A value lies between 0 and 100."),
    "check": gettext_lazy("There is no such check in this report."),
}


@require_safe
@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The queue."""
    cohort = find_cohort(request.user, pk)
    here = {quest.slug: quest for quest in quests.all_quests()}
    rows = [
        (one, here[one.attempt.enrolment.quest].stage(one.attempt.stage))
        for one in queue(cohort)
        if one.attempt.enrolment.quest in here
    ]
    context = frame(request.user, cohort) | {"waiting": rows, "bank": cohort.bank.all()[:20]}
    return render(request, "reviewing/queue.html", context)


@require_safe
@login_required
def sheet(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    """A work and its comments, the report beside it."""
    cohort, attempt = _find(request, pk, public_id)
    context = pages.sheet(request, cohort, attempt, _quest(attempt))
    return render(request, "reviewing/sheet.html", context)


@require_POST
@login_required
def comment(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    cohort, attempt = _find(request, pk, public_id)
    said = pages.said(request.POST, cohort)
    made = commenting.comment(attempt, said, author=signed_in(request))
    if made is None:
        messages.error(request, _("A comment needs words, and a file that is in the work."))
    elif request.POST.get("remember"):
        commenting.remember(cohort, said)
    anchor = f"#c{made.pk}" if made else "#comment"
    return redirect(f"{request.path.removesuffix('comment')}{anchor}")


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    _find(request, pk, public_id)
    commenting.withdraw(_number(request.POST.get("comment")), author=signed_in(request))
    return redirect("reviewing:sheet", pk, public_id)


@require_POST
@login_required
def publish(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    """Rubric, summary and comments become visible together."""
    cohort, attempt = _find(request, pk, public_id)
    author = signed_in(request)
    items = RubricItem.objects.filter(
        cohort=cohort, quest=attempt.enrolment.quest, stage=attempt.stage,
        pk__in=[_number(one) for one in request.POST.getlist("item")],
    )  # fmt: skip
    commenting.tick(attempt, [*items], author=author)
    if request.POST.get("count"):
        find_cohort(request.user, pk, least=Role.INSTRUCTOR)
        verdict = latest_grading(attempt).verdict
        try:
            commenting.count_rubric(
                attempt, score=verdict.score, reason=request.POST.get("why", ""), author=author
            )
        except Unfit as unfit:
            messages.error(request, UNFIT[unfit.code])
            return redirect("reviewing:sheet", pk, public_id)
    commenting.publish(attempt, author=author, summary=request.POST.get("summary", ""))
    messages.success(request, _("Published. The learner sees it with the report."))
    return redirect("reviewing:sheet", pk, public_id)


@require_POST
@login_required
def answer(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    """Answer what a learner asked for."""
    _cohort, attempt = _find(request, pk, public_id)
    decision = request.POST.get("decision", "")
    done = decision in Request.Answer.values and requesting.answer(
        _number(request.POST.get("request")),
        attempt=attempt,
        author=signed_in(request),
        decision=Request.Answer(decision),
        text=request.POST.get("text", ""),
    )
    if not done:
        messages.error(request, _("Choose an answer and say why: the learner reads it."))
    return redirect("reviewing:sheet", pk, public_id)


@require_POST
@login_required
def change_grade(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    """Give another value than the judge, with a reason."""
    find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    _cohort, attempt = _find(request, pk, public_id)
    try:
        override(attempt, pages.wish(request.POST), author=signed_in(request))
        messages.success(request, _("Changed. The learner sees who, what and why."))
    except Unfit as unfit:
        messages.error(request, UNFIT[unfit.code])
    return redirect("reviewing:sheet", pk, public_id)


@require_POST
@login_required
def undo_change(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    _cohort, attempt = _find(request, pk, public_id)
    found = Override.objects.filter(
        pk=_number(request.POST.get("override")), enrolment=attempt.enrolment
    )
    for one in found.select_related("attempt"):
        try:
            undo(one, author=signed_in(request), reason=request.POST.get("reason", ""))
        except Unfit as unfit:
            messages.error(request, UNFIT[unfit.code])
    return redirect("reviewing:sheet", pk, public_id)


@require_POST
@login_required
def rubric(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an item to a stage's rubric, or take one out."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    if request.POST.get("remove"):
        RubricItem.objects.filter(cohort=cohort, pk=_number(request.POST["remove"])).delete()
    else:
        pages.add_rubric_item(cohort, request.POST)
    back = request.POST.get("attempt", "")
    if back:
        return redirect("reviewing:sheet", pk, UUID(back))
    return redirect("reviewing:review", pk)


@require_POST
@login_required
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a comment out of the bank."""
    cohort = find_cohort(request.user, pk)
    BankEntry.objects.filter(cohort=cohort, pk=_number(request.POST.get("entry"))).delete()
    return redirect("reviewing:review", pk)


@require_safe
@login_required
def feedback(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What people said about the learner's own work, and how its grade came about."""
    attempt = _own(request, public_id)
    context = pages.feedback(attempt, _quest(attempt))
    return render(request, "reviewing/feedback.html", context)


@require_POST
@login_required
def ask(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for a review or another look at the grade."""
    attempt = _own(request, public_id)
    kind = request.POST.get("kind", "")
    made = kind in Request.Kind.values and requesting.ask(
        attempt,
        author=signed_in(request),
        kind=Request.Kind(kind),
        reason=request.POST.get("reason", ""),
        check=request.POST.get("check", ""),
    )
    if made:
        messages.success(request, _("Your instructors have it now."))
    else:
        messages.error(request, _("Say why, within two weeks of the verdict."))
    return redirect("reviewing:feedback", public_id)


@require_POST
@login_required
def reply(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The learner answers a comment, or marks it as done."""
    attempt = _own(request, public_id)
    number = _number(request.POST.get("comment"))
    if request.POST.get("resolve"):
        commenting.resolve(number, attempt=attempt)
    else:
        text = request.POST.get("text", "")
        commenting.reply(number, text, author=signed_in(request), attempt=attempt)
    return redirect("reviewing:feedback", public_id)


def _find(request: HttpRequest, pk: int, public_id: UUID) -> tuple[Cohort, Attempt]:
    cohort = find_cohort(request.user, pk)
    return cohort, find_attempt(cohort, public_id)


def _own(request: HttpRequest, public_id: UUID) -> Attempt:
    mine = Attempt.objects.filter(public_id=public_id, enrolment__learner=signed_in(request))
    attempt = mine.select_related("enrolment__learner").first()
    if attempt is None:
        raise Http404
    return attempt


def _quest(attempt: Attempt) -> Quest:
    try:
        return quests.kept(attempt.enrolment.quest, digest=latest_grading(attempt).quest_digest)
    except quests.NoSuchQuest:
        raise Http404 from None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
