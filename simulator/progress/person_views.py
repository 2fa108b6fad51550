"""Pages about a learner: skills, boards, profile, and their data to take away."""

import secrets

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from simulator.accounts import pacing
from simulator.accounts.asking import signed_in
from simulator.attempts import drafts
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.progress import boards, exporting, rhythm, skills
from simulator.progress.adopting import LEFT
from simulator.progress.models import PublicPage, Seat

LONGEST_NAME = 40


@require_safe
@login_required
def skill_map(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    found = skills.skills_of(person, now=timezone.now())
    return render(request, "progress/skills.html", {"skills": found, "levels": skills.LEVELS})


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    context = {
        "weeks": rhythm.weeks_of(person, now=timezone.now()),
        "page": PublicPage.objects.filter(learner=person).first(),
        "seats": Seat.objects.filter(enrolment__learner=person).select_related("enrolment"),
    }
    return render(request, "progress/profile.html", context)


@require_POST
@login_required
def share(request: HttpRequest) -> HttpResponse:
    """Make the public page of skills, or take it away."""
    person = signed_in(request)
    name = request.POST.get("name", "").strip()[:LONGEST_NAME]
    if request.POST.get("action") == "hide":
        PublicPage.objects.filter(learner=person).delete()
        messages.success(request, _("The page is gone; its address leads nowhere."))
    elif name:
        key = secrets.token_urlsafe(18)
        PublicPage.objects.update_or_create(
            learner=person, defaults={"name": name}, create_defaults={"name": name, "key": key}
        )
        messages.success(request, _("Whoever has the address sees the page now."))
    return redirect("progress:profile")


@require_safe
def public(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody's skills, for those who were given the address."""
    page = get_object_or_404(PublicPage.objects.select_related("learner"), key=key)
    found = skills.skills_of(page.learner, now=timezone.now())
    return render(request, "progress/public.html", {"page": page, "skills": found})


@require_safe
@login_required
def export(request: HttpRequest) -> HttpResponse:
    """Everything that is kept of a person, as JSON."""
    person = signed_in(request)
    pacing.pace(pacing.DOWNLOAD, person.pk)
    answer = JsonResponse(
        exporting.data_of(person),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    answer["Content-Disposition"] = f'attachment; filename="simulator-{person.pk}.json"'
    return answer


@require_safe
@login_required
def export_projects(request: HttpRequest) -> HttpResponse:
    """Every project of a person as one zip."""
    person = signed_in(request)
    pacing.pace(pacing.DOWNLOAD, person.pk)
    answer = HttpResponse(exporting.projects_of(person), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="projects.zip"'
    return answer


@require_safe
@login_required
def left_behind(request: HttpRequest) -> HttpResponse:
    """What a visitor tried of a quest that their account plays already."""
    left = Enrolment.objects.filter(
        pk=request.session.get(LEFT, 0), learner__trial_until__isnull=False
    ).first()
    if left is None:
        raise Http404
    packed = drafts.write_zip(drafts.files_of(left))
    answer = HttpResponse(packed, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{left.quest}-tried.zip"'
    return answer


@require_safe
@login_required
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """Who chose to be seen, and what their work reaches."""
    try:
        quest = quests.get_quest(slug)
    except quests.NoSuchQuest:
        raise Http404 from None
    enrolment = Enrolment.objects.filter(learner_id=request.user.pk, quest=slug).first()
    rows = boards.board(quest)
    context = {
        "quest": quest,
        "rows": [row for row in rows if row.measured],
        "waiting": sum(not row.measured for row in rows),
        "enrolment": enrolment,
        "seat": Seat.objects.filter(enrolment=enrolment).first() if enrolment else None,
    }
    return render(request, "progress/board.html", context)


@require_POST
@login_required
def seat(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a place on a board, change its name, or leave."""
    enrolment = get_object_or_404(Enrolment, learner=signed_in(request), quest=slug)
    name = request.POST.get("name", "").strip()[:LONGEST_NAME]
    if request.POST.get("action") == "leave":
        Seat.objects.filter(enrolment=enrolment).delete()
    elif name:
        Seat.objects.update_or_create(enrolment=enrolment, defaults={"name": name})
    return redirect("progress:board", slug)
