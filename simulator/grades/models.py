"""What people changed about a score: events with a reason, never an edited number."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.attempts.models import Attempt
from simulator.catalog.models import Enrolment


class Override(models.Model):
    """Someone gave another value than the judge, and said why; undoing it adds to the trail."""

    class Scope(models.TextChoices):
        CHECK = "check", "one check of this attempt"
        STAGE = "stage", "the stage, for what is handed in so far"
        QUEST = "quest", "the whole quest"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="overrides")
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="overrides")
    scope = models.CharField(max_length=8, choices=Scope)
    check_name = models.CharField(max_length=80, blank=True)
    value = models.FloatField()  # 0 to 100: of the check's points, of the stage, of the quest
    reason = models.CharField(max_length=1000)
    until_regrade = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    undone_for = models.CharField(max_length=1000, blank=True)  # the reason

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(fields=["enrolment", "scope"], name="grades_over_enrolment_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.check_name} = {self.value:g}"
