"""Who did what, and from where: written, never changed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Act(models.Model):
    """One deed that someone may have to answer for. It never holds what was sent or shown."""

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)  # stays when the account is deleted
    method = models.CharField(max_length=8)
    route = models.CharField(max_length=100)
    target = models.CharField(max_length=200, blank=True)  # the address's own arguments
    status = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["actor", "at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.actor_name or 'somebody'}: {self.method} {self.route}, {self.status}"
