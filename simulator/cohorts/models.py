"""A group of learners with the people who teach them, and what they do until when."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.catalog.models import Enrolment


def new_token() -> str:
    """The unguessable part of an invitation's address."""
    return secrets.token_urlsafe(24)


class Cohort(models.Model):
    """A group of learners; its staff may read the work done in its quests."""

    name = models.CharField(max_length=120)
    instructors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="Staff",
        through_fields=("cohort", "user"),
        related_name="teaching",
    )
    zone = models.CharField(max_length=64, default="UTC")  # of the dates, as the staff write them
    compares = models.BooleanField(default=True)  # the work of its learners may be compared
    keeps_days = models.PositiveIntegerField(default=365)  # looks and openings, then forgotten
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Staff(models.Model):
    """Someone who teaches a cohort, and what they may do there."""

    class Role(models.TextChoices):
        OWNER = "owner", "owner"  # all, and who else teaches
        INSTRUCTOR = "instructor", "instructor"  # all but that
        REVIEWER = "reviewer", "reviewer"  # reads and comments

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="staff")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_of")
    role = models.CharField(max_length=12, choices=Role, default=Role.INSTRUCTOR)

    class Meta:
        db_table = "cohorts_cohort_instructors"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "user"], name="one_role_a_cohort"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role} of {self.cohort}"


class Membership(models.Model):
    """A learner in a cohort."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="memberships")
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships"
    )
    group = models.CharField(max_length=40, blank=True)
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "learner"], name="one_membership_a_cohort"),
        ]

    def __str__(self) -> str:
        return f"{self.learner} in {self.cohort}"


class Invitation(models.Model):
    """A link with which people join as learners, or the place of one who is not here yet."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="invitations")
    token = models.CharField(max_length=64, unique=True, default=new_token)
    email = models.EmailField(blank=True)  # from a list: for this address alone, once
    group = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    uses_left = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["email", "pk"]

    def __str__(self) -> str:
        return f"invitation to {self.cohort}"


class CohortQuest(models.Model):
    """A quest that a cohort plays, in the version pinned for it."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="quests")
    quest = models.SlugField(max_length=40)
    version = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, blank=True)  # empty: always the current one

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "quest"], name="one_quest_a_cohort"),
        ]

    def __str__(self) -> str:
        return f"{self.quest} {self.version} for {self.cohort}"


class Deadline(models.Model):
    """When a stage opens, is due and closes in a cohort, and what late work is worth."""

    cohort_quest = models.ForeignKey(CohortQuest, models.CASCADE, related_name="deadlines")
    stage = models.SlugField(max_length=40, blank=True)  # empty: every stage without its own
    opens_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    daily_loss = models.PositiveSmallIntegerField(default=0)  # percent of the credit, a day late
    least_credit = models.PositiveSmallIntegerField(default=0)  # percent, however late

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort_quest", "stage"], name="one_deadline_a_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.stage or 'every stage'} of {self.cohort_quest_id}"


class Extension(models.Model):
    """More time for a learner or a group, for a stage, a quest or everything."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="extensions")
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.CharField(max_length=40, blank=True)
    quest = models.SlugField(max_length=40, blank=True)
    stage = models.SlugField(max_length=40, blank=True)
    hours = models.PositiveIntegerField()
    reason = models.CharField(max_length=400)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.hours} h more for {self.group or self.learner_id}"


class Pause(models.Model):
    """The clock of a cohort stands still: dates that had not passed move by as long."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="pauses")
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        ordering: ClassVar = ["began_at"]

    def __str__(self) -> str:
        return f"pause of {self.cohort}"


class Nudge(models.Model):
    """What an instructor did about a learner who may need help; the learner reads it."""

    class Kind(models.TextChoices):
        HINT = "hint", "a hint"
        INVITE = "invite", "an invitation to talk"
        FINE = "fine", "marked as fine"  # between instructors; the learner is not told

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="nudges")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="nudges")
    quest = models.SlugField(max_length=40)
    stage = models.SlugField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=1000, blank=True)
    until = models.DateTimeField(null=True, blank=True)  # no flag at this stage before
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} for {self.learner}"


class Opened(models.Model):
    """A learner opened a lesson; noted once."""

    class Kind(models.TextChoices):
        LESSON = "lesson", "a lesson"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="opened")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.SlugField(max_length=60)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "kind", "name"], name="opened_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Look(models.Model):
    """Someone looked at another person's work: kept for the administrator and the learner."""

    looker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="looks")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="looked_at")
    what = models.CharField(max_length=40)  # the name of the page
    attempt = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["learner", "created_at"], name="cohorts_loo_learner_idx")
        ]

    def __str__(self) -> str:
        return f"{self.looker} looked at {self.learner}: {self.what}"
