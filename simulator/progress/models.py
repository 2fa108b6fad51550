"""What a learner says about their own way: notes, decisions, a place on a board."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from simulator.attempts.models import Attempt
from simulator.catalog.models import Enrolment

LONGEST_NOTE = 500
LONGEST_REASON = 400


class Note(models.Model):
    """What a learner tried in an attempt, in their own words."""

    attempt = models.OneToOneField(Attempt, models.CASCADE, primary_key=True, related_name="note")
    text = models.CharField(max_length=LONGEST_NOTE)

    def __str__(self) -> str:
        return self.text[:40]


class Decision(models.Model):
    """What a learner would do after a rollout: said once, before the market answers."""

    class Choice(models.TextChoices):
        SHIP = "ship", "ship"
        ITERATE = "iterate", "iterate"
        STOP = "stop", "stop"

    attempt = models.OneToOneField(
        Attempt, models.CASCADE, primary_key=True, related_name="decision"
    )
    choice = models.CharField(max_length=8, choices=Choice)
    follows = models.BooleanField()  # from the evidence, whatever the market did
    reason = models.CharField(max_length=LONGEST_REASON)
    risk = models.CharField(max_length=LONGEST_REASON, blank=True)
    next_step = models.CharField(max_length=LONGEST_REASON, blank=True)
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.choice} after {self.attempt}"


class Seat(models.Model):
    """A place on a quest's board, taken and left by the learner alone."""

    enrolment = models.OneToOneField(
        Enrolment, models.CASCADE, primary_key=True, related_name="seat"
    )
    name = models.CharField(max_length=40)  # as others see it
    taken_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class PublicPage(models.Model):
    """A learner's skills for others to see, at an address that cannot be guessed."""

    learner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="public_page"
    )
    key = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name
