"""A regrade's pages: plan, dry run, difference, apply, roll back."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest
from simulator.accounts.asking import signed_in
from simulator.catalog import quests
from simulator.cohorts.models import Cohort
from simulator.cohorts.tables import Table, csv_of
from simulator.cohorts.teaching import Role, find_cohort, frame
from simulator.regrading import applying, comparing, planning
from simulator.regrading.models import Regrade, Trial


@require_safe
@login_required
def regrades(request: HttpRequest, pk: int) -> HttpResponse:
    """The cohort's regrades; with a stage chosen, the plan of a new one."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    here = _quests_of(cohort)
    made = _plan(request, cohort, here)
    context = frame(request.user, cohort) | {
        "quests": here.values(),
        "regrades": cohort.regrades.select_related("author"),
        "scopes": Regrade.Scope.values,
        "plan": made,
        "chosen": request.GET.get("stage", ""),
        "scope": made.scope if made else Regrade.Scope.ALL,
    }
    return render(request, "regrading/regrades.html", context)


@require_POST
@login_required
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the dry run of a plan."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    made = _plan(request, cohort, _quests_of(cohort))
    if made is None or not made.verdicts:
        messages.error(request, _("Choose a stage at which something was graded."))
        return redirect("regrading:regrades", pk)
    regrade = planning.begin(cohort, made, author=signed_in(request))
    return redirect("regrading:regrade", pk, regrade.pk)


@require_safe
@login_required
def regrade(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """How far the dry run is, then its difference, then what was done."""
    cohort, found = _find(request, pk, number)
    counts = dict(found.trials.values_list("state").annotate(count=Count("pk")))
    total = sum(counts.values())
    context: dict[str, Any] = frame(request.user, cohort) | {
        "regrade": found,
        "quest": quests.kept(found.quest, digest=found.digest),
        "total": total,
        "tried": counts.get(Trial.State.DONE, 0) + counts.get(Trial.State.FAILED, 0),
        "policies": Regrade.Policy.values,
        "back_until": applying.may_go_back_until(found),
        "failures": found.trials.filter(state=Trial.State.FAILED).select_related(
            "attempt__enrolment__learner"
        )[:20],
    }
    context["stage"] = context["quest"].stage(found.stage)
    if found.state != Regrade.State.TRYING:
        context["difference"] = comparing.difference(found)
    return render(request, "regrading/regrade.html", context)


@require_safe
@login_required
def table(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Every attempt before and after, as a table."""
    _cohort, found = _find(request, pk, number)
    rows = [
        (
            one.learner.username,
            one.trial.attempt.number,
            one.was.score,
            one.now.score,
            str(one.was.readiness),
            str(one.now.readiness),
            " ".join(f"{check}:{before}>{after}" for check, before, after in one.flips),
        )
        for one in comparing.changes(found)
    ]
    columns = (
        "learner", "attempt", "score_before", "score_after", "readiness_before",
        "readiness_after", "checks",
    )  # fmt: skip
    return csv_of(Table(name=f"regrade-{found.pk}", columns=columns, rows=rows))


@require_POST
@login_required
def apply(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Let it count."""
    cohort, found = _find(request, pk, number)
    policy = request.POST.get("policy", "")
    changed = None
    if policy in Regrade.Policy.values:
        changed = applying.apply(
            found,
            policy=Regrade.Policy(policy),
            reason=request.POST.get("reason", ""),
            author=signed_in(request),
            harmless_until=_date(request.POST.get("until", ""), cohort),
        )
    if changed is None:
        messages.error(request, _("Choose a policy and say why: the learners read it."))
    else:
        messages.success(
            request, _("Applied: %(count)d attempts have a new grade.") % {"count": changed}
        )
    return redirect("regrading:regrade", pk, number)


@require_POST
@login_required
def discard(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    _cohort, found = _find(request, pk, number)
    applying.discard(found)
    return redirect("regrading:regrades", pk)


@require_POST
@login_required
def roll_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Let everything count as before."""
    _cohort, found = _find(request, pk, number)
    if applying.roll_back(found):
        messages.success(request, _("Rolled back: everything counts as before."))
    return redirect("regrading:regrade", pk, number)


def _find(request: HttpRequest, pk: int, number: int) -> tuple[Cohort, Regrade]:
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    found = get_object_or_404(
        Regrade.objects.select_related("author", "applied_by"), cohort=cohort, pk=number
    )
    return cohort, found


def _quests_of(cohort: Cohort) -> dict[str, Quest]:
    slugs = {plan.quest for plan in cohort.quests.all()}
    return {quest.slug: quest for quest in quests.all_quests() if quest.slug in slugs}


def _plan(request: HttpRequest, cohort: Cohort, here: dict[str, Quest]) -> planning.Plan | None:
    """The plan that the address or the form asks for: `stage` is quest/stage."""
    given = request.POST if request.method == "POST" else request.GET
    slug, _slash, stage = given.get("stage", "").partition("/")
    scope = given.get("scope", Regrade.Scope.ALL)
    if not stage or scope not in Regrade.Scope.values:
        return None
    if slug not in here or stage not in {one.slug for one in here[slug].stages}:
        raise Http404
    return planning.plan(cohort, here[slug], stage, Regrade.Scope(scope))


def _date(text: str, cohort: Cohort) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(cohort.zone))
    except ValueError:
        return None
