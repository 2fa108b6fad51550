"""What a cohort may be taken away as: grades, attempts, checks, overrides, activity.

Column names are stable: a new column comes at the end. Times are UTC, scores are 0 to 100.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from graders.quest import Quest
from simulator.attempts.marking import read_marks
from simulator.attempts.models import Attempt, Verdict
from simulator.attempts.standing import DAY, standings
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.cohorts.dates import Calendar
from simulator.cohorts.models import Cohort, Membership
from simulator.cohorts.tables import Cell, Table
from simulator.grades.book import book
from simulator.grades.models import Override

MOST_ROWS: Final = 200_000


@dataclass(frozen=True, kw_only=True)
class Names:
    """How a learner is named in a table: as they are, or by number for research."""

    by_learner: Mapping[int, tuple[str, str, str]]

    @classmethod
    def of(cls, cohort: Cohort, *, pseudonyms: bool) -> "Names":
        """The names of a cohort's learners: id, name, group."""
        members = Membership.objects.filter(cohort=cohort).select_related("learner")
        found = {}
        for number, member in enumerate(members.order_by("joined_at", "pk"), start=1):
            learner = member.learner
            name = (
                (f"learner-{number}", f"Learner {number}")
                if pseudonyms
                else (learner.username, learner.get_full_name() or learner.username)
            )
            found[learner.pk] = (*name, member.group)
        return cls(by_learner=found)


def export(cohort: Cohort, what: str, *, pseudonyms: bool = False) -> Table:
    """A table of a cohort. Raises KeyError for one that there is not."""
    return TABLES[what](cohort, Names.of(cohort, pseudonyms=pseudonyms))


def _quests(cohort: Cohort) -> list[Quest]:
    slugs = {plan.quest for plan in cohort.quests.all()}
    return [quest for quest in quests.all_quests() if quest.slug in slugs]


def _grades(cohort: Cohort, names: Names) -> Table:
    calendar = Calendar.of(cohort)
    rows: list[tuple[Cell, ...]] = []
    for quest in _quests(cohort):
        for line in book(cohort, quest, calendar=calendar):
            who = names.by_learner[line.member.learner_id]
            for stage in quest.stages:
                mark = line.marks.get(stage.slug)
                rows.append(
                    (
                        *who, quest.slug, quest.version, stage.slug,
                        mark.score if mark else None, mark.best if mark else None,
                        mark.credit if mark else None, mark.passed if mark else False,
                        mark.attempt if mark else None, mark.at.astimezone(UTC) if mark else None,
                    )
                )  # fmt: skip
            rows.append(
                (
                    *who, quest.slug, quest.version, "", line.total, line.computed,
                    None, len(line.marks) == len(quest.stages), None, None,
                )
            )  # fmt: skip
    columns = (
        "learner_id", "learner_name", "group", "quest", "quest_version", "stage",
        "score", "score_before_credit", "credit_share", "passed", "attempt", "attempt_at_utc",
    )  # fmt: skip
    return Table(name=f"grades-{cohort.pk}", columns=columns, rows=rows)


def _verdicts(cohort: Cohort) -> list[Verdict]:
    slugs = [plan.quest for plan in cohort.quests.all()]
    rows = Verdict.objects.filter(
        grading__attempt__enrolment__learner__memberships__cohort=cohort,
        grading__attempt__enrolment__quest__in=slugs,
        counts=True,
    ).select_related("grading__attempt__enrolment")
    return [*rows.defer("body").order_by("grading_id")[:MOST_ROWS]]


def _attempts(cohort: Cohort, names: Names) -> Table:
    rows = [
        (
            *names.by_learner[attempt.enrolment.learner_id], str(attempt.public_id),
            attempt.enrolment.quest, verdict.grading.quest_version, attempt.stage,
            attempt.number, attempt.created_at.astimezone(UTC), attempt.source, attempt.charged,
            verdict.score, verdict.passed, verdict.readiness, verdict.blame,
            verdict.focus_check, verdict.focus_reason, verdict.development_only,
        )
        for verdict in _verdicts(cohort)
        for attempt in [verdict.grading.attempt]
    ]  # fmt: skip
    columns = (
        "learner_id", "learner_name", "group", "attempt_id", "quest", "quest_version", "stage",
        "attempt", "handed_in_at_utc", "source", "charged", "score", "passed", "readiness",
        "blame", "first_finding", "first_reason", "development_only",
    )  # fmt: skip
    return Table(name=f"attempts-{cohort.pk}", columns=columns, rows=rows)


def _checks(cohort: Cohort, names: Names) -> Table:
    rows = [
        (
            *names.by_learner[attempt.enrolment.learner_id], str(attempt.public_id),
            attempt.enrolment.quest, attempt.stage, attempt.number,
            mark.check, mark.outcome, mark.reason, mark.points, mark.max_points,
        )
        for verdict in _verdicts(cohort)
        for attempt in [verdict.grading.attempt]
        for mark in read_marks(verdict.marks)
    ]  # fmt: skip
    columns = (
        "learner_id", "learner_name", "group", "attempt_id", "quest", "stage", "attempt",
        "check", "outcome", "reason", "points", "max_points",
    )  # fmt: skip
    return Table(name=f"checks-{cohort.pk}", columns=columns, rows=rows[:MOST_ROWS])


def _overrides(cohort: Cohort, names: Names) -> Table:
    made = Override.objects.filter(
        enrolment__learner__memberships__cohort=cohort,
        enrolment__quest__in=[plan.quest for plan in cohort.quests.all()],
    ).select_related("enrolment", "attempt", "author", "undone_by")
    rows = [
        (
            *names.by_learner[one.enrolment.learner_id], one.enrolment.quest, one.attempt.stage,
            one.attempt.number, one.scope, one.check_name, one.value, one.reason,
            one.author.username, one.created_at.astimezone(UTC), one.until_regrade,
            one.undone_by.username if one.undone_by else None,
            one.undone_at.astimezone(UTC) if one.undone_at else None, one.undone_for,
        )
        for one in made
    ]  # fmt: skip
    columns = (
        "learner_id", "learner_name", "group", "quest", "stage", "attempt", "scope", "check",
        "value", "reason", "by", "at_utc", "until_regrade", "undone_by", "undone_at_utc",
        "undone_for",
    )  # fmt: skip
    return Table(name=f"overrides-{cohort.pk}", columns=columns, rows=rows)


def _activity(cohort: Cohort, names: Names) -> Table:
    slugs = [plan.quest for plan in cohort.quests.all()]
    enrolments = Enrolment.objects.filter(
        learner__memberships__cohort=cohort, quest__in=slugs
    ).in_bulk()
    stood = standings(enrolments)
    counts: dict[int, int] = {}
    for pk in Attempt.objects.filter(enrolment__in=enrolments).values_list("enrolment", flat=True):
        counts[pk] = counts.get(pk, 0) + 1
    rows = [
        (
            *names.by_learner[enrolment.learner_id], enrolment.quest,
            enrolment.created_at.astimezone(UTC), counts.get(pk, 0), len(stood[pk].days),
            sum(place.minutes for place in stood[pk].places.values()),
            _day(stood[pk].days[-1]) if stood[pk].days else None,
        )
        for pk, enrolment in enrolments.items()
    ]  # fmt: skip
    columns = (
        "learner_id", "learner_name", "group", "quest", "begun_at_utc", "attempts",
        "active_days", "work_minutes", "last_active_day",
    )  # fmt: skip
    return Table(name=f"activity-{cohort.pk}", columns=columns, rows=rows)


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY, tz=UTC).date().isoformat()


TABLES: Final[Mapping[str, Callable[[Cohort, Names], Table]]] = {
    "grades": _grades,
    "attempts": _attempts,
    "checks": _checks,
    "overrides": _overrides,
    "activity": _activity,
}
