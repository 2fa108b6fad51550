"""A group of learners with instructors, and what they do until when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Cohort(models.Model):
    """A group of learners; its instructors may read the work done in its quests."""

    name = models.CharField(max_length=120)
    instructors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teaching")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A learner in a cohort."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="memberships")
    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships"
    )
    joined_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "learner"], name="one_membership_a_cohort"),
        ]

    def __str__(self) -> str:
        return f"{self.learner} in {self.cohort}"


class CohortQuest(models.Model):
    """A quest that a cohort plays, in the version pinned for it."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="quests")
    quest = models.SlugField(max_length=40)
    version = models.CharField(max_length=16)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "quest"], name="one_quest_a_cohort"),
        ]

    def __str__(self) -> str:
        return f"{self.quest} {self.version} for {self.cohort}"


class Deadline(models.Model):
    """When a stage is due in a cohort."""

    cohort_quest = models.ForeignKey(CohortQuest, models.CASCADE, related_name="deadlines")
    stage = models.SlugField(max_length=40)
    due_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort_quest", "stage"], name="one_deadline_a_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} by {self.due_at:%Y-%m-%d %H:%M}"
