"""Housekeeping: forget what nobody needs any more. Each step may be done twice."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.sessions.models import Session
from django.db.models import F, Value
from django.db.models.functions import Now

from simulator.accounts.models import ApiToken, Pace
from simulator.attempts.models import Outbox, Result

SENT_IS_KEPT_FOR: Final = timedelta(days=1)
PACE_IS_KEPT_FOR: Final = timedelta(days=1)
SUPERSEDED_ARE_KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """How many rows of each kind are gone."""

    messages: int
    counts: int
    sessions: int
    tokens: int
    superseded: int


def tidy() -> Tidied:
    """Once."""
    return Tidied(
        messages=_forget_messages(),
        counts=Pace.objects.filter(since__lt=Now() - Value(PACE_IS_KEPT_FOR)).delete()[0],
        sessions=Session.objects.filter(expire_date__lt=Now()).delete()[0],
        tokens=ApiToken.objects.filter(expires_at__lt=Now()).delete()[0],
        superseded=_forget_superseded(),
    )


def _forget_messages() -> int:
    sent = Outbox.objects.filter(published_at__isnull=False)
    return sent.filter(created_at__lt=Now() - Value(SENT_IS_KEPT_FOR)).delete()[0]


def _forget_superseded() -> int:
    """What a claim found that was lost later is shown to nobody."""
    old = Result.objects.filter(created_at__lt=Now() - Value(SUPERSEDED_ARE_KEPT_FOR))
    return old.filter(fence__lt=F("grading__fence")).delete()[0]
