"""Who is in which quest, and with which files."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Enrolment(models.Model):
    """A learner in one version of one quest; owns one growing project."""

    learner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrolments"
    )
    quest = models.SlugField(max_length=40)
    version = models.CharField(max_length=16)
    estimate_hours = models.FloatField(null=True, blank=True)  # the learner's own, before stage 1
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["learner", "quest"], name="one_enrolment_a_quest"),
        ]

    def __str__(self) -> str:
        return f"{self.learner} in {self.quest} {self.version}"


class ProjectFile(models.Model):
    """A file of an enrolment's project as it stands now: the draft."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)
    content = models.BinaryField()
    revision = models.PositiveIntegerField(default=1)  # the ETag: a save names the one it saw
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["path"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "path"], name="one_file_a_path"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def text(self) -> str:
        """The content as text; drafts that are no UTF-8 are shown with marks, never changed."""
        return bytes(self.content).decode("utf-8", errors="replace")


class HintUse(models.Model):
    """A step of a stage's help that a learner opened, and when they first did."""

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="hint_uses")
    stage = models.SlugField(max_length=40)
    step = models.PositiveSmallIntegerField()  # from 1, the mildest
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "stage", "step"], name="one_use_a_hint"),
        ]

    def __str__(self) -> str:
        return f"hint {self.step} of {self.stage}"
