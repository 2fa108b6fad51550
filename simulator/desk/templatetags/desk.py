"""The desk's words, and what learners' pages show of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.cohorts.models import Nudge
from simulator.grades.models import Override
from simulator.regrading.models import Trial
from simulator.reviewing.models import Comment, Review

register = template.Library()

WORDS: Final[Mapping[str, Mapping[str, Promise]]] = {
    "role": {
        "owner": _("owner"),
        "instructor": _("instructor"),
        "reviewer": _("reviewer"),
    },
    "order": {"name": _("name"), "risk": _("who may need help"), "progress": _("progress")},
    "scope": {
        "all": _("every attempt"),
        "latest": _("the newest attempt of each learner"),
        "best": _("the best attempt of each learner"),
        "check": _("one check of this attempt"),
        "stage": _("the stage, for what is handed in so far"),
        "quest": _("the whole quest"),
    },
    "policy": {
        "improve": _("only what improves"),
        "all": _("everything"),
        "harmless": _("everything; what gets worse only from a date on"),
    },
    "policy_about": {
        "improve": _("Nobody loses a point. The usual choice when a check was too strict."),
        "all": _("The new version is right for everybody, also where a score goes down."),
        "harmless": _("Gains count now; losses count from the date on, so that there is time."),
    },
    "state": {
        "trying": _("dry run"),
        "ready": _("waits for a decision"),
        "applied": _("applied"),
        "rolled_back": _("rolled back"),
        "discarded": _("discarded"),
    },
    "nudge": {
        "hint": _("hint sent"),
        "invite": _("invited to talk"),
        "fine": _("marked as fine"),
    },
    "event": {
        "graded": _("graded"),
        "regraded": _("regraded"),
        "override": _("changed by a person"),
        "undone": _("change undone"),
    },
    "request": {
        "review": _("asks for a review"),
        "regrade": _("asks for another look at the grade"),
    },
    "answer": {
        "": _("not answered yet"),
        "accepted": pgettext_lazy("request", "accepted"),
        "declined": pgettext_lazy("request", "declined"),
    },
    "table": {
        "grades": _("Grades, late credit applied"),
        "attempts": _("Attempts"),
        "checks": _("Every check of every attempt"),
        "overrides": _("Changes by people, with reasons"),
        "activity": _("Activity"),
    },
    "page": {
        "attempts:attempt": _("report"),
        "attempts:outcome": _("report"),
        "attempts:receipt": _("receipt"),
        "reviewing:sheet": _("files, for a review"),
        "desk:side-by-side": _("files, side by side"),
        "api:get_attempt_zip": _("files, downloaded"),
    },
}


@register.filter
def desk_word(key: object, kind: str) -> str:
    """A word of the desk in the language of the page; what has none is shown as it is."""
    return str(WORDS[kind].get(str(key), key))


@register.simple_tag
def moment(at: datetime | None, zone: str = "UTC") -> SafeString:
    """A time by the reader's clock, and until a script has run by the cohort's."""
    if at is None:
        return SafeString("–")
    there = at.astimezone(ZoneInfo(zone))
    return format_html(
        '<time datetime="{}" data-local="long">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{there:%d.%m.%Y %H:%M} ({zone})",
    )


@register.filter
def signed_share(value: float) -> str:
    """A difference of shares in points of a hundred."""
    return f"{'+' if value >= 0 else '−'}{abs(round(100 * value))}"


@register.filter
def hours(span: timedelta) -> str:
    count = round(span / timedelta(hours=1))
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}


@register.simple_tag(takes_context=True)
def keep_query(context: Context, **changes: str) -> str:
    """The address of this page with some parameters changed; an empty one is left out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("desk/_notes.html", takes_context=True)
def people_said(context: Context, attempt: Attempt) -> dict[str, Any]:
    """Above a learner's report: what people said and changed, if anything."""
    user = context["request"].user
    own = isinstance(user, User) and attempt.enrolment.learner_id == user.pk
    if not own:
        return {"own": False}
    changes = Override.objects.filter(enrolment=attempt.enrolment_id, undone_at=None)
    return {
        "own": True,
        "attempt": attempt,
        "reviewed": Review.objects.filter(attempt=attempt, published_at__isnull=False).exists(),
        "comments": Comment.objects.filter(
            attempt=attempt, published_at__isnull=False, resolved_at=None
        ).count(),
        "changes": [
            one
            for one in changes.select_related("author", "attempt")
            if one.scope == Override.Scope.QUEST or one.attempt.stage == attempt.stage
        ],
        "regraded": Trial.objects.filter(attempt=attempt, after__verdict__counts=True)
        .select_related("regrade__applied_by")
        .last(),
    }


@register.inclusion_tag("desk/_inbox.html", takes_context=True)
def inbox(context: Context) -> dict[str, Any]:
    """On a learner's own pages: cohorts, and how much in them was not read."""
    user = context["request"].user
    unread = Nudge.objects.filter(
        learner=user.pk, seen_at=None, kind__in=[Nudge.Kind.HINT, Nudge.Kind.INVITE]
    ).count()
    return {"unread": unread, "member": user.memberships.exists()}
