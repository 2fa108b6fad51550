"""Limit how often a person or an address may do a thing, in the database all processes share."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Now
from django.http import HttpRequest

from simulator.accounts.models import Pace


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `times` in a window of `seconds`, which begins with the first time."""

    name: str
    times: int
    seconds: int


SIGN_IN: Final = Limit(name="sign-in", times=10, seconds=300)
HAND_IN: Final = Limit(name="hand-in", times=60, seconds=60)
# A class hands in from one address, within the last minutes before a deadline.
HAND_IN_ADDRESS: Final = Limit(name="hand-in-address", times=3000, seconds=60)
TRY_OUT: Final = Limit(name="try-out", times=20, seconds=60)
ASK: Final = Limit(name="ask", times=40, seconds=60)
DOWNLOAD: Final = Limit(name="download", times=60, seconds=60)
CANCEL: Final = Limit(name="cancel", times=60, seconds=60)
FOLLOW: Final = Limit(name="follow", times=60, seconds=60)


class TooMany(Exception):
    """The limit is reached; `seconds` is how long to wait at most."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(f"more than {limit.times} times in {limit.seconds} s: {limit.name}")
        self.seconds = limit.seconds


def pace(limit: Limit, who: str | int) -> None:
    """Count one more time for `who`. Raises TooMany when that is one too many."""
    row = Pace.objects.filter(pk=f"{limit.name}:{who}"[:120])
    window_start = Now() - Value(timedelta(seconds=limit.seconds))
    current = row.filter(since__gt=window_start)
    if current.filter(count__lt=limit.times).update(count=F("count") + 1):
        return
    if row.filter(since__lte=window_start).update(since=Now(), count=1):
        return
    first = Pace(key=f"{limit.name}:{who}"[:120], since=Now(), count=0)
    Pace.objects.bulk_create([first], ignore_conflicts=True)
    if not current.filter(count__lt=limit.times).update(count=F("count") + 1):
        raise TooMany(limit)


def forgive(limit: Limit, who: str | int) -> None:
    """Forget the count: a good password proves that the earlier ones were slips."""
    Pace.objects.filter(pk=f"{limit.name}:{who}"[:120]).delete()


def address_of(request: HttpRequest) -> str:
    """The address a request came from; the proxy in front sets it, never a header."""
    return str(request.META.get("REMOTE_ADDR", "")) or "unknown"
