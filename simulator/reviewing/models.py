"""What people say about a work: comments on lines, rubrics, requests and their answers."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.attempts.models import Attempt
from simulator.cohorts.models import Cohort


class Review(models.Model):
    """A person's review of an attempt: a draft until it is published, all at once."""

    attempt = models.OneToOneField(Attempt, models.CASCADE, related_name="review")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    summary = models.TextField(blank=True, max_length=4000)  # Markdown
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"review of {self.attempt_id}"


class Comment(models.Model):
    """A comment on lines of a file, or on the whole work where no path is given."""

    class Severity(models.TextChoices):
        BLOCKER = "blocker", "blocker"
        MAJOR = "major", "major"
        MINOR = "minor", "minor"
        NOTE = "note", "note"
        PRAISE = "praise", "praise"

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    path = models.CharField(max_length=200, blank=True)
    first_line = models.PositiveIntegerField(null=True, blank=True)
    last_line = models.PositiveIntegerField(null=True, blank=True)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.NOTE)
    check_name = models.CharField(max_length=80, blank=True)
    text = models.TextField(max_length=4000)  # Markdown
    suggestion = models.TextField(max_length=4000, blank=True)  # lines in place of these
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)  # the learner says so

    class Meta:
        ordering: ClassVar = ["path", "first_line", "pk"]

    def __str__(self) -> str:
        return f"{self.path}:{self.first_line} {self.text[:40]}"


class Reply(models.Model):
    """A word under a comment, of the learner or the staff."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.TextField(max_length=2000)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text[:40]


class BankEntry(models.Model):
    """A comment worth saying again in a cohort."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="bank")
    text = models.TextField(max_length=4000)
    severity = models.CharField(
        max_length=8, choices=Comment.Severity, default=Comment.Severity.NOTE
    )
    used = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-used", "pk"]

    def __str__(self) -> str:
        return self.text[:40]


class RubricItem(models.Model):
    """Something that a reader judges at a stage: points, positive or negative."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="rubric")
    quest = models.SlugField(max_length=40)
    stage = models.SlugField(max_length=40)
    title = models.CharField(max_length=200)
    points = models.FloatField()
    hidden_note = models.CharField(max_length=400, blank=True)  # for reviewers alone

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.points:+g} {self.title}"


class RubricMark(models.Model):
    """An item that holds for an attempt; seen by the learner once the review is published."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="marks")
    item = models.ForeignKey(RubricItem, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "item"], name="one_mark_an_item"),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} of review {self.review_id}"


class Request(models.Model):
    """A learner asks for a review, or says why a grade should be looked at again."""

    class Kind(models.TextChoices):
        REVIEW = "review", "a review"
        REGRADE = "regrade", "another look at the grade"

    class Answer(models.TextChoices):
        OPEN = "", "not answered yet"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"

    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="requests")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    check_name = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=1000)
    created_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=8, choices=Answer, blank=True, default=Answer.OPEN)
    answer_text = models.CharField(max_length=1000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason[:40]}"
