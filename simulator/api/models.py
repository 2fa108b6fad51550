"""Devices that wait to be signed in: two codes, one of them short enough to be typed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class DeviceSignIn(models.Model):
    """A command line that asks to act for somebody, until it is answered or its time is up."""

    class Answer(models.TextChoices):
        NONE = "none", "not answered"
        ALLOWED = "allowed", "allowed"
        DENIED = "denied", "denied"

    digest = models.CharField(max_length=64, unique=True)  # of the code that the device keeps
    user_code = models.CharField(max_length=9, unique=True)
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=60)  # where it asked from, shown to who answers
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer, default=Answer.NONE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return f"{self.name}: {self.answer}"
