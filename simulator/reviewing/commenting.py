"""Write, publish and answer comments; nothing of a draft is seen by the learner."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from simulator.accounts.models import User
from simulator.attempts.models import Attempt
from simulator.cohorts.models import Cohort
from simulator.grades.models import Override
from simulator.grades.overriding import Scope, Wish, override
from simulator.reviewing.models import (
    BankEntry,
    Comment,
    Reply,
    Request,
    Review,
    RubricItem,
    RubricMark,
)

LONGEST: int = 4000


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment as it was written."""

    text: str
    path: str = ""
    first_line: int | None = None
    last_line: int | None = None
    severity: str = Comment.Severity.NOTE
    check: str = ""
    suggestion: str = ""


def comment(attempt: Attempt, said: Said, *, author: User) -> Comment | None:
    """A draft of a comment; None when it says nothing or names a file that is not there."""
    text = said.text.strip()[:LONGEST]
    known = said.path == "" or said.path in attempt.manifest
    if not (text and known and said.severity in Comment.Severity.values):
        return None
    first, last = _lines(said)
    review_of(attempt, author=author)
    return Comment.objects.create(
        attempt=attempt,
        author=author,
        path=said.path,
        first_line=first,
        last_line=last,
        severity=said.severity,
        check_name=said.check[:80],
        text=text,
        suggestion=said.suggestion[:LONGEST] if first else "",
    )


def review_of(attempt: Attempt, *, author: User) -> Review:
    """The review of an attempt, begun by whoever came first."""
    found, _ = Review.objects.get_or_create(attempt=attempt, defaults={"author": author})
    return found


def withdraw(comment_id: int, *, author: User) -> bool:
    """Delete one's own draft; what was published stays."""
    mine = Comment.objects.filter(pk=comment_id, author=author, published_at=None)
    return mine.delete()[0] > 0


def publish(attempt: Attempt, *, author: User, summary: str) -> Review:
    """Let the learner see the summary, the rubric and all comments of the work, at once."""
    now = timezone.now()
    with transaction.atomic():
        review = review_of(attempt, author=author)
        Review.objects.filter(pk=review.pk).update(
            summary=summary.strip()[:LONGEST], published_at=now, author=author
        )
        Comment.objects.filter(attempt=attempt, published_at=None).update(published_at=now)
        Request.objects.filter(
            attempt=attempt, kind=Request.Kind.REVIEW, answer=Request.Answer.OPEN
        ).update(answer=Request.Answer.ACCEPTED, answered_by=author, answered_at=now)
    return Review.objects.get(pk=review.pk)


def tick(attempt: Attempt, items: Collection[RubricItem], *, author: User) -> None:
    """These items of the rubric hold, and no others."""
    with transaction.atomic():
        review = review_of(attempt, author=author)
        RubricMark.objects.filter(review=review).exclude(item__in=items).delete()
        RubricMark.objects.bulk_create(
            (RubricMark(review=review, item=item) for item in items), ignore_conflicts=True
        )


def count_rubric(attempt: Attempt, *, score: float, reason: str, author: User) -> Override:
    """Let the rubric's points count: a grade given by a person, with a reason. Raises Unfit."""
    marks = RubricMark.objects.filter(review__attempt=attempt).select_related("item")
    value = min(100.0, max(0.0, score + sum(mark.item.points for mark in marks)))
    return override(attempt, Wish(scope=Scope.STAGE, value=value, reason=reason), author=author)


def remember(cohort: Cohort, said: Said) -> BankEntry:
    """Keep a comment for the next time; the same words are kept once."""
    entry, _ = BankEntry.objects.get_or_create(
        cohort=cohort, text=said.text.strip()[:LONGEST], defaults={"severity": said.severity}
    )
    BankEntry.objects.filter(pk=entry.pk).update(used=F("used") + 1)
    return entry


def reply(comment_id: int, text: str, *, author: User, attempt: Attempt) -> Reply | None:
    """Answer a published comment of an attempt."""
    found = Comment.objects.filter(pk=comment_id, attempt=attempt, published_at__isnull=False)
    one = found.first()
    if one is None or not text.strip():
        return None
    return Reply.objects.create(comment=one, author=author, text=text.strip()[:2000])


def resolve(comment_id: int, *, attempt: Attempt) -> bool:
    """The learner has done what was asked; again means not yet."""
    found = Comment.objects.filter(pk=comment_id, attempt=attempt, published_at__isnull=False)
    if found.filter(resolved_at=None).update(resolved_at=timezone.now()):
        return True
    return found.update(resolved_at=None) > 0


def seen_by_learner(attempt: Attempt) -> list[Comment]:
    """The published comments with their replies."""
    found = Comment.objects.filter(Q(attempt=attempt), published_at__isnull=False)
    return [*found.select_related("author").prefetch_related("replies__author")]


def _lines(said: Said) -> tuple[int | None, int | None]:
    """The range, the right way round; nothing on a comment without a file."""
    if not said.path or not said.first_line:
        return None, None
    last = said.last_line or said.first_line
    return min(said.first_line, last), max(said.first_line, last)
