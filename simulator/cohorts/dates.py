"""When a stage opens, is due and closes for one learner, and what late work is worth.

Dates decide about credit, never about learning: work is graded and explained at any time, and
what comes after the close brings no credit in the cohort.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from simulator.cohorts.models import Cohort, Deadline, Extension, Membership, Pause

DAY: Final = timedelta(days=1)
WHOLE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The dates of a stage for one learner."""

    opens: datetime | None = None
    due: datetime | None = None
    closes: datetime | None = None
    daily_loss: int = 0
    least_credit: int = 0
    extended: timedelta = timedelta()

    def credit(self, at: datetime) -> float:
        """The share of its score that work handed in at that time brings."""
        if self.closes is not None and at > self.closes:
            return 0.0
        if self.due is None or at <= self.due:
            return 1.0
        late = math.ceil((at - self.due) / DAY)
        return max(self.least_credit, WHOLE - late * self.daily_loss) / WHOLE


NO_DATES: Final = Dates()


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Every date of a cohort, read in three queries however many learners there are."""

    deadlines: Mapping[tuple[str, str], Deadline]
    pauses: Sequence[tuple[datetime, datetime]]
    extensions: Mapping[tuple[int | None, str], Sequence[Extension]] = field(default_factory=dict)

    @classmethod
    def of(cls, cohort: Cohort) -> "Calendar":
        """The calendar of a cohort as it stands now."""
        now = timezone.now()
        by_whom: dict[tuple[int | None, str], list[Extension]] = defaultdict(list)
        for extension in Extension.objects.filter(cohort=cohort):
            by_whom[extension.learner_id, extension.group].append(extension)
        return cls(
            deadlines={
                (one.cohort_quest.quest, one.stage): one
                for one in Deadline.objects.filter(cohort_quest__cohort=cohort).select_related(
                    "cohort_quest"
                )
            },
            pauses=tuple(
                (one.began_at, one.ended_at or now) for one in Pause.objects.filter(cohort=cohort)
            ),
            extensions=by_whom,
        )

    def of_learner(self, member: Membership, quest: str, stage: str) -> Dates:
        """The dates of a stage for a learner: the cohort's, moved by pauses and extensions."""
        found = self.deadlines.get((quest, stage)) or self.deadlines.get((quest, ""))
        if found is None:
            return NO_DATES
        more = timedelta(hours=self._hours(member, quest, stage))
        return Dates(
            opens=self._moved(found.opens_at),
            due=_later(self._moved(found.due_at), more),
            closes=_later(self._moved(found.closes_at), more),
            daily_loss=found.daily_loss,
            least_credit=found.least_credit,
            extended=more,
        )

    def _hours(self, member: Membership, quest: str, stage: str) -> int:
        """Extensions that speak of this learner and stage add up."""
        mine = [*self.extensions.get((member.learner_id, ""), ())]
        if member.group:
            mine += self.extensions.get((None, member.group), ())
        return sum(
            one.hours for one in mine if one.quest in ("", quest) and one.stage in ("", stage)
        )

    def _moved(self, at: datetime | None) -> datetime | None:
        if at is None:
            return None
        for began, ended in self.pauses:
            if began < at:
                at += ended - began
        return at


def next_due(calendar: Calendar, stages: Iterable[tuple[str, str]]) -> datetime | None:
    """The cohort's next date, for those without an extension."""
    now = timezone.now()
    nobody = Membership()
    dues = (calendar.of_learner(nobody, quest, stage).due for quest, stage in stages)
    return min((due for due in dues if due is not None and due > now), default=None)


def _later(at: datetime | None, more: timedelta) -> datetime | None:
    return None if at is None else at + more
