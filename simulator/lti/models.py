"""Which platforms may launch, whom and what they mean here, which grades they were sent."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.cohorts.models import Cohort


class Platform(models.Model):
    """A learning platform, as its administrator and ours registered it with each other."""

    name = models.CharField(max_length=120)
    issuer = models.CharField(max_length=255)
    client_id = models.CharField(max_length=255)
    deployments = models.JSONField(default=list, blank=True)  # the ids that may launch
    login_url = models.URLField(max_length=500)
    token_url = models.URLField(max_length=500)
    keys_url = models.URLField(max_length=500)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "client_id"], name="one_client_an_issuer"),
        ]

    def __str__(self) -> str:
        return self.name


class Login(models.Model):
    """A launch that began: its nonce may be used once."""

    nonce = models.CharField(max_length=64, primary_key=True)
    platform = models.ForeignKey(Platform, models.CASCADE, related_name="logins")
    state = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"login at {self.platform}"


class Identity(models.Model):
    """Who a user of a platform is here."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["platform", "subject"], name="one_identity_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.user} of {self.platform}"


class Course(models.Model):
    """A course of a platform is a cohort here."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="courses")
    context = models.CharField(max_length=255)
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="courses")
    roster_url = models.URLField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["platform", "context"], name="one_course_a_context"),
        ]

    def __str__(self) -> str:
        return f"{self.context} of {self.platform}"


class Placement(models.Model):
    """A link in a course: a quest or a stage, and where its grades go."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="placements")
    link = models.CharField(max_length=255)  # the platform's resource link
    quest = models.SlugField(max_length=40)
    stage = models.SlugField(max_length=40, blank=True)  # empty: the whole quest
    grades_url = models.URLField(max_length=500, blank=True)  # the line item

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["course", "link"], name="one_placement_a_link"),
        ]

    def __str__(self) -> str:
        return f"{self.quest}/{self.stage}"


class Sent(models.Model):
    """The grade that a platform has of a learner, or why it has none."""

    placement = models.ForeignKey(Placement, models.CASCADE, related_name="sent")
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="sent")
    score = models.FloatField(null=True)
    completed = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # since the last success
    not_before = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["placement", "identity"], name="one_grade_a_learner"),
        ]

    def __str__(self) -> str:
        return f"{self.score} of {self.identity_id}"
