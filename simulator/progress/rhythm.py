"""A learner's weeks: on how many days they handed in, against their own goal; nothing resets."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from simulator.accounts.models import User
from simulator.attempts.models import Attempt

WEEKS: Final = 8
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week that begins on a Monday."""

    begins: date
    days: int  # with a hand-in
    goal: int | None

    @property
    def reached(self) -> bool:
        return self.goal is not None and self.days >= self.goal


def weeks_of(user: User, *, now: datetime) -> tuple[Week, ...]:
    """The last weeks, oldest first."""
    this = now.date() - timedelta(days=now.weekday())
    first = this - (WEEKS - 1) * WEEK
    mine = Attempt.objects.filter(enrolment__learner=user, created_at__date__gte=first)
    days = {*mine.order_by().values_list("created_at__date", flat=True).distinct()}
    counted = Counter(day - timedelta(days=day.weekday()) for day in days)
    return tuple(
        Week(
            begins=first + number * WEEK,
            days=counted[first + number * WEEK],
            goal=user.weekly_sessions,
        )
        for number in range(WEEKS)
    )
