"""A regrade: what is judged anew by which version, how each attempt fared, what was done."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.attempts.models import Attempt, Grading
from simulator.cohorts.models import Cohort


class Regrade(models.Model):
    """Attempts at one stage of a cohort, judged anew on trial; nothing counts before `apply`."""

    class Scope(models.TextChoices):
        ALL = "all", "every attempt"
        LATEST = "latest", "the newest attempt of each learner"
        BEST = "best", "the best attempt of each learner"

    class Policy(models.TextChoices):
        IMPROVE = "improve", "only what improves"
        ALL = "all", "everything"
        HARMLESS = "harmless", "everything; what gets worse only from a date on"

    class State(models.TextChoices):
        TRYING = "trying", "dry run"
        READY = "ready", "the difference can be read"
        APPLIED = "applied", "applied"
        ROLLED_BACK = "rolled_back", "rolled back"
        DISCARDED = "discarded", "discarded"

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="regrades")
    quest = models.SlugField(max_length=40)
    stage = models.SlugField(max_length=40)
    scope = models.CharField(max_length=8, choices=Scope)
    version = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State, default=State.TRYING)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    stepped_at = models.DateTimeField(db_default=Now())  # the last sign of life of the dry run
    policy = models.CharField(max_length=12, choices=Policy, blank=True)
    harmless_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)  # the learners read it
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    ended_overrides = models.JSONField(default=list)  # those that stood until a regrade
    pin_before = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"regrade of {self.quest}/{self.stage} by {self.version}"


class Trial(models.Model):
    """One attempt of a regrade, beside the grading that counts now."""

    class Method(models.TextChoices):
        RESCORE = "rescore", "from the results that were kept"
        RERUN = "rerun", "in new rooms"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    regrade = models.ForeignKey(Regrade, models.CASCADE, related_name="trials")
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="trials")
    before = models.ForeignKey(Grading, models.CASCADE, related_name="+")
    method = models.CharField(max_length=8, choices=Method)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    body = models.JSONField(null=True, blank=True)  # graders.results.Verdict, as JSON
    failure = models.CharField(max_length=400, blank=True)
    after = models.ForeignKey(
        Grading, models.SET_NULL, null=True, blank=True, related_name="+"
    )  # once it counts

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["regrade", "attempt"], name="one_trial_an_attempt"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["regrade", "state"], name="regrading_trial_state_idx"),
        ]

    def __str__(self) -> str:
        return f"trial of {self.attempt_id}: {self.state}"
