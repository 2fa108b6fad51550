"""How good the checks are, and which works share something."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from graders.loading import load_checks
from graders.messages import load_catalogue
from graders.quest import Quest, Stage
from graders.results import Phase
from simulator.accounts.asking import signed_in
from simulator.accounts.models import User
from simulator.analysis.histories import History, histories
from simulator.analysis.items import Item, Leak, items, leak
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.catalog.models import Enrolment
from simulator.cohorts.models import Cohort, Opened
from simulator.cohorts.noticing import note_look
from simulator.cohorts.teaching import Role, find_attempt, find_cohort, frame
from simulator.similarity.comparing import lines_of
from simulator.similarity.comparing import similar as compare

HIDDEN = (Phase.HIDDEN, Phase.SERVICE, Phase.ROLLOUT)
MOST_NAMED = 40


@require_safe
@login_required
def checks(request: HttpRequest, pk: int) -> HttpResponse:
    """Item analysis of a quest's checks and messages."""
    cohort = find_cohort(request.user, pk)
    here = _quests_of(cohort)
    quest = here.get(request.GET.get("quest", "")) or next(iter(here.values()), None)
    context = frame(request.user, cohort) | {"quests": here.values(), "quest": quest}
    if quest is not None:
        context |= _analysis(cohort, quest)
        context["affected"] = _affected(request, context["rows"])
    return render(request, "desk/checks.html", context)


@require_safe
@login_required
def similar(request: HttpRequest, pk: int) -> HttpResponse:
    """Works of a stage that share uncommon fragments."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    here = _quests_of(cohort)
    slug, _, stage = request.GET.get("stage", "").partition("/")
    context = frame(request.user, cohort) | {"quests": here.values(), "chosen": f"{slug}/{stage}"}
    if cohort.compares and slug in here and _has(here[slug], stage):
        context["found"] = compare(cohort, here[slug], stage)
    return render(request, "desk/similar.html", context)


@require_safe
@login_required
def side_by_side(request: HttpRequest, pk: int, left: UUID, right: UUID) -> HttpResponse:
    """What two works share, beside each other; the look is noted for both."""
    cohort = find_cohort(request.user, pk, least=Role.INSTRUCTOR)
    works = [find_attempt(cohort, one) for one in (left, right)]
    here = _quests_of(cohort)
    quest = here.get(works[0].enrolment.quest)
    if not cohort.compares or quest is None or works[0].stage != works[1].stage:
        raise Http404
    pair = compare(cohort, quest, works[0].stage).pair(*works)
    if pair is None:
        raise Http404
    looker = signed_in(request)
    for work in works:
        note_look(looker, work.enrolment.learner_id, work, what="desk:side-by-side")
    context = frame(request.user, cohort) | {
        "pair": pair,
        "quest": quest,
        "stage": quest.stage(works[0].stage),
        "fragments": [
            (
                one,
                _lines(lines_of(pair.left, one.left_path), one.left),
                _lines(lines_of(pair.right, one.right_path), one.right),
            )
            for one in pair.fragments
        ],
    }
    return render(request, "desk/side_by_side.html", context)


def _analysis(cohort: Cohort, quest: Quest) -> dict[str, Any]:
    enrolments = [
        *Enrolment.objects.filter(
            learner__memberships__cohort=cohort, quest=quest.slug
        ).values_list("pk", flat=True)
    ]
    opened = _openers(enrolments)
    found = histories(enrolments)
    rows: list[tuple[Stage, Item, str]] = []
    leaks: list[tuple[Stage, Leak]] = []
    for stage in quest.stages:
        if stage.slug not in found:
            continue
        history = found[stage.slug]
        readers = _readers(quest, stage, history.checks, history.reasons, opened)
        titles = _titles(quest, stage)
        rows += [
            (stage, one, titles.get(one.check, one.check))
            for one in items(history, readers=readers)
        ]
        gap = _leak(quest, stage, history)
        if gap is not None:
            leaks.append((stage, gap))
    rows.sort(key=lambda row: row[1].worst)
    return {
        "rows": rows,
        "leaks": leaks,
        "rewrite": [(stage, item, title, message) for stage, item, title in rows
                    for message in item.messages if message.rewrite],
        "by_reason": _by_reason(rows),
    }  # fmt: skip


def _by_reason(rows: list[tuple[Stage, Item, str]]) -> list[tuple[Stage, Item, str, Any]]:
    """Every message, the most seen first."""
    found = [
        (stage, item, title, message) for stage, item, title in rows for message in item.messages
    ]
    return sorted(found, key=lambda row: -row[3].seen)


def _affected(
    request: HttpRequest, rows: list[tuple[Stage, Item, str]]
) -> tuple[str, list[User]] | None:
    """Whose newest attempt still shows the message that the address names."""
    wanted = request.GET.get("message", "")
    for stage, item, title in rows:
        for message in item.messages:
            if f"{stage.slug}/{item.check}/{message.reason}" == wanted:
                people = User.objects.filter(enrolments__in=message.open_now)
                return f"{title}: {message.reason}", [*people[:MOST_NAMED]]
    return None


def _openers(enrolments: list[int]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    rows = Opened.objects.filter(enrolment__in=enrolments, kind=Opened.Kind.LESSON)
    for name, pk in rows.values_list("name", "enrolment"):
        found.setdefault(name, set()).add(pk)
    return found


def _readers(
    quest: Quest,
    stage: Stage,
    names: tuple[str, ...],
    reasons: tuple[str, ...],
    opened: Mapping[str, set[int]],
) -> dict[tuple[str, str], set[int]]:  # fmt: skip
    """Who opened the lesson of which message."""
    catalogue = load_catalogue(quest, stage)
    found: dict[tuple[str, str], set[int]] = {}
    for check in names:
        for reason in reasons:
            message = catalogue.reason(check, reason)
            if message and message.learn:
                found[check, reason] = opened.get(message.learn.lesson, set())
    return found


def _titles(quest: Quest, stage: Stage) -> dict[str, str]:
    catalogue = load_catalogue(quest, stage)
    return {
        check.name: texts.title[language()].replace("`", "")
        for check in load_checks(quest, stage)
        if (texts := catalogue.texts(check.name))
    }


def _leak(quest: Quest, stage: Stage, history: History) -> Leak | None:
    phases = {check.name: check.phase for check in load_checks(quest, stage)}
    return leak(
        history,
        hidden=[name for name, phase in phases.items() if phase in HIDDEN],
        public=[name for name, phase in phases.items() if phase is Phase.PUBLIC],
    )


def _lines(lines: list[str], span: tuple[int, int]) -> list[tuple[int, str]]:
    return [(number, lines[number - 1]) for number in range(span[0], min(span[1], len(lines)) + 1)]


def _quests_of(cohort: Cohort) -> dict[str, Quest]:
    slugs = {plan.quest for plan in cohort.quests.all()}
    return {quest.slug: quest for quest in quests.all_quests() if quest.slug in slugs}


def _has(quest: Quest, stage: str) -> bool:
    return stage in {one.slug for one in quest.stages}
