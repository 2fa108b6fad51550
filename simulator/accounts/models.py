"""Who uses the site, with which token, and how often they may knock."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now


class User(AbstractUser):
    """A person: a learner, and perhaps an author or an instructor too."""

    class Role(models.TextChoices):
        LEARNER = "learner", "learner"
        AUTHOR = "author", "author"
        INSTRUCTOR = "instructor", "instructor"

    class Theme(models.TextChoices):
        SYSTEM = "system", "as the system"
        LIGHT = "light", "light"
        DARK = "dark", "dark"

    role = models.CharField(max_length=16, choices=Role, default=Role.LEARNER)
    language = models.CharField(
        max_length=2, choices=[("en", "English"), ("ru", "Русский")], default="en"
    )
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    plain_editor = models.BooleanField(default=False)  # a text area instead of the editor
    craft = models.CharField(max_length=16, blank=True)  # see `welcoming`
    comfort = models.JSONField(default=dict, blank=True)  # python, sql, deployment: 1 to 3
    weekly_sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    # Someone who tries a first stage without an account; until then their work is kept.
    trial_until = models.DateTimeField(null=True, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    @property
    def on_trial(self) -> bool:
        """Whether this is nobody yet: a visitor who tries a first stage."""
        return self.trial_until is not None

    @property
    def teaches(self) -> bool:
        """Whether the instructor's pages are theirs to see."""
        return self.role == User.Role.INSTRUCTOR or self.is_superuser

    @property
    def skips_ahead(self) -> bool:
        """Whether stages open for them out of order: authors and instructors try things out."""
        return self.role != User.Role.LEARNER or self.is_superuser


class ApiToken(models.Model):
    """A key to the API; only its SHA-256 is kept, so it is shown once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class Pace(models.Model):
    """How often someone did something within the current window; see `pacing`."""

    key = models.CharField(max_length=120, primary_key=True)
    since = models.DateTimeField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
