"""What the pages of a review show, and what their forms say."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from graders.quest import Quest
from simulator.attempts.delivering import files_of
from simulator.attempts.models import Attempt
from simulator.attempts.reporting import report
from simulator.catalog.languages import language
from simulator.catalog.markdown import render as markdown
from simulator.cohorts.models import Cohort
from simulator.cohorts.teaching import frame
from simulator.grades.models import Override
from simulator.grades.overriding import Wish
from simulator.grades.trail import trail
from simulator.reviewing import queue, requesting
from simulator.reviewing import sheet as sheets
from simulator.reviewing.commenting import Said, seen_by_learner
from simulator.reviewing.models import BankEntry, Comment, Review, RubricItem, RubricMark

MOST_TITLE = 200


def sheet(request: HttpRequest, cohort: Cohort, attempt: Attempt, quest: Quest) -> dict[str, Any]:
    """A work with its comments, the report, the trail and what the form begins with."""
    stage = quest.stage(attempt.stage)
    comments = [*Comment.objects.filter(attempt=attempt).select_related("author")
                .prefetch_related("replies__author")]  # fmt: skip
    waiting = queue.queue(cohort)
    review = Review.objects.filter(attempt=attempt).first()
    rubric = RubricItem.objects.filter(cohort=cohort, quest=quest.slug, stage=stage.slug)
    ticked = {*RubricMark.objects.filter(review__attempt=attempt).values_list("item", flat=True)}
    following = queue.after(waiting, attempt)
    return frame(request.user, cohort) | {
        "attempt": attempt,
        "learner": attempt.enrolment.learner,
        "quest": quest,
        "stage": stage,
        "report": report(attempt, language()),
        "files": sheets.files(attempt, stage, comments),
        "general": sheets.shown([one for one in comments if not one.first_line]),
        "drafts": sum(one.published_at is None for one in comments),
        "review": review,
        "rubric": [(item, item.pk in ticked) for item in rubric],
        "requests": attempt.requests.select_related("author", "answered_by"),
        "trail": trail(attempt.enrolment_id, stage.slug),
        "bank": BankEntry.objects.filter(cohort=cohort)[:20],
        "severities": Comment.Severity.values,
        "next": following,
        "given": _given(request.GET, cohort),
    }


def feedback(attempt: Attempt, quest: Quest) -> dict[str, Any]:
    """The learner's view: published comments, rubric, the trail, what may be asked."""
    review = Review.objects.filter(attempt=attempt, published_at__isnull=False).first()
    until = requesting.may_ask_until(attempt)
    marks = RubricMark.objects.filter(review=review).select_related("item") if review else []
    return {
        "attempt": attempt,
        "quest": quest,
        "stage": quest.stage(attempt.stage),
        "report": report(attempt, language()),
        "review": review,
        "summary": markdown(review.summary) if review else "",
        "rubric": [mark.item for mark in marks],
        "comments": sheets.shown(seen_by_learner(attempt), files_of(attempt)),
        "trail": trail(attempt.enrolment_id, attempt.stage),
        "requests": attempt.requests.select_related("answered_by"),
        "ask_until": until if until and until > timezone.now() else None,
    }


def said(form: QueryDict, cohort: Cohort) -> Said:
    """A comment as the form has it; one from the bank when no words were typed."""
    text = form.get("text", "")
    entry = form.get("entry", "")
    if not text.strip() and entry.isdecimal():
        found = BankEntry.objects.filter(cohort=cohort, pk=int(entry)).first()
        text = found.text if found else ""
    return Said(
        text=text,
        path=form.get("path", ""),
        first_line=_line(form.get("first", "")),
        last_line=_line(form.get("last", "")),
        severity=form.get("severity", Comment.Severity.NOTE),
        check=form.get("check", ""),
        suggestion=form.get("suggestion", ""),
    )


def wish(form: QueryDict) -> Wish:
    """An override as the form has it; what cannot be read is refused where it is made."""
    scope = form.get("scope", "")
    return Wish(
        scope=Override.Scope(scope) if scope in Override.Scope.values else Override.Scope.STAGE,
        value=_float(form.get("value", "")),
        reason=form.get("reason", ""),
        check=form.get("check", ""),
        until_regrade="until_regrade" in form,
    )


def add_rubric_item(cohort: Cohort, form: QueryDict) -> RubricItem | None:
    """A new item; None without a title or a place."""
    title = form.get("title", "").strip()[:MOST_TITLE]
    quest, stage = form.get("quest", ""), form.get("stage", "")
    points = _float(form.get("points", ""), nothing=0.0)
    if not (title and quest and stage and abs(points) <= 100):  # noqa: PLR2004, a whole grade
        return None
    return RubricItem.objects.create(
        cohort=cohort,
        quest=quest,
        stage=stage,
        title=title,
        points=points,
        hidden_note=form.get("hidden_note", "").strip()[:400],
    )


def _given(query: QueryDict, cohort: Cohort) -> dict[str, Any]:
    """What the comment form begins with: a line that was chosen, words from the bank."""
    entry = query.get("entry", "")
    found = (
        BankEntry.objects.filter(cohort=cohort, pk=int(entry)).first()
        if entry.isdecimal()
        else None
    )
    return {
        "path": query.get("path", ""),
        "first": _line(query.get("line", "")),
        "text": found.text if found else "",
    }


def _line(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 10**6 else None


def _float(text: str, *, nothing: float = -1.0) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return nothing
