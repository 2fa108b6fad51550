"""One learner of a cohort: what they did, when, and what may be done for them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from graders.quest import Quest
from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.attempts.standing import standings
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.catalog.models import Enrolment, HintUse
from simulator.cohorts import planning
from simulator.cohorts.dates import Calendar
from simulator.cohorts.helping import Clues, flags_of, say
from simulator.cohorts.models import Cohort, Membership, Nudge
from simulator.cohorts.teaching import Role, find_cohort, find_member, frame
from simulator.grades.book import book
from simulator.grades.models import Override
from simulator.progress import history


@require_safe
@login_required
def learner(request: HttpRequest, pk: int, learner: int) -> HttpResponse:
    cohort = find_cohort(request.user, pk)
    member = find_member(cohort, learner)
    slugs = {plan.quest for plan in cohort.quests.all()}
    calendar = Calendar.of(cohort)
    works = [one for one in history.work_of(member.learner) if one.quest.slug in slugs]
    context = frame(request.user, cohort) | {
        "member": member,
        "learner": member.learner,
        "works": [(work, _stages(cohort, member, work.quest, calendar)) for work in works],
        "flags": _flags(cohort, member, [work.quest for work in works]),
        "nudges": Nudge.objects.filter(cohort=cohort, learner=member.learner)
        .select_related("author")[:20],
        "overrides": Override.objects.filter(
            enrolment__learner=member.learner, enrolment__quest__in=slugs
        ).select_related("attempt", "author", "enrolment"),
        "kinds": Nudge.Kind.values,
        "hidden_names": request.GET.get("names") == "hidden",
    }  # fmt: skip
    return render(request, "desk/learner.html", context)


@require_POST
@login_required
def nudge(request: HttpRequest, pk: int, learner: int) -> HttpResponse:
    """Send a hint, invite to talk, or mark as fine for three days."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    member = find_member(cohort, learner)
    kind = request.POST.get("kind", "")
    slug, _slash, stage = request.POST.get("stage", "").partition("/")
    if kind not in Nudge.Kind.values or not _is_played(cohort, slug, stage):
        raise Http404
    text = request.POST.get("text", "").strip() or _ready_words(Nudge.Kind(kind))
    planning.nudge(
        cohort,
        member.learner,
        author=signed_in(request),
        kind=Nudge.Kind(kind),
        quest=slug,
        stage=stage,
        text=text,
    )
    if kind == Nudge.Kind.HINT:
        _open_next_hint(member.learner, slug, stage)
    if kind == Nudge.Kind.FINE:
        messages.success(request, _("Marked as fine for three days."))
    else:
        messages.success(request, _("Sent. It waits for the learner under “My cohorts”."))
    if request.POST.get("back") == "home":
        return redirect("desk:cohort", pk)
    return redirect("desk:learner", pk, learner)


def _stages(
    cohort: Cohort, member: Membership, quest: Quest, calendar: Calendar
) -> list[dict[str, Any]]:
    """Every stage with its dates and what it counts."""
    (line,) = book(cohort, quest, calendar=calendar, only=member.learner_id)
    return [
        {
            "stage": stage,
            "dates": calendar.of_learner(member, quest.slug, stage.slug),
            "mark": line.marks.get(stage.slug),
        }
        for stage in quest.stages
    ]


def _flags(cohort: Cohort, member: Membership, here: list[Quest]) -> list[dict[str, Any]]:
    enrolments = dict(
        Enrolment.objects.filter(
            learner=member.learner, quest__in=[quest.slug for quest in here]
        ).values_list("quest", "pk")
    )
    stood = standings(enrolments.values())
    now = timezone.now()
    clues = Clues.of(cohort, [*enrolments.values()], now=now)
    return [
        {
            "quest": quest,
            "stage": quest.stage(flag.stage),
            "flag": flag,
            "reasons": [say(one, quest, flag.stage, language()) for one in flag.signals],
        }
        for quest in here
        for flag in flags_of(
            member.learner_id, enrolments[quest.slug], quest, stood[enrolments[quest.slug]],
            clues=clues, now=now,
        )
    ]  # fmt: skip


def _is_played(cohort: Cohort, slug: str, stage: str) -> bool:
    if not cohort.quests.filter(quest=slug).exists():
        return False
    try:
        quests.get_quest(slug).stage(stage)
    except LookupError:
        return False
    return True


def _ready_words(kind: Nudge.Kind) -> str:
    """What is sent when the instructor typed nothing."""
    if kind is Nudge.Kind.HINT:
        return _("The next hint of this stage is open for you.")
    if kind is Nudge.Kind.INVITE:
        return _("This stage is a hard one. Shall we look at it together?")
    return ""


def _open_next_hint(learner: User, slug: str, stage: str) -> None:
    """Whatever effort it would have asked for: an instructor has looked."""
    quest = quests.get_quest(slug)
    steps = len(quests.hints(quest, quest.stage(stage), language()))
    for enrolment in Enrolment.objects.filter(learner=learner, quest=slug):
        used = HintUse.objects.filter(enrolment=enrolment, stage=stage)
        last = used.aggregate(last=Max("step"))["last"] or 1
        if last < steps:
            HintUse.objects.get_or_create(enrolment=enrolment, stage=stage, step=last + 1)
