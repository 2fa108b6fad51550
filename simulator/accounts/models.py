"""Who uses the site."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


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

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    @property
    def teaches(self) -> bool:
        """Whether the instructor's pages are theirs to see."""
        return self.role == User.Role.INSTRUCTOR or self.is_superuser
