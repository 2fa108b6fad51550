"""A cohort's home: who needs help, what waits to be read, what is broken on our side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Max
from django.http import QueryDict
from django.utils import timezone

from graders.quest import Quest, Stage
from graders.results import Blame, Outcome
from simulator.attempts.marking import read_marks
from simulator.attempts.models import Grading, Objection, Verdict
from simulator.catalog import quests
from simulator.catalog.languages import language
from simulator.cohorts.dates import Calendar, next_due
from simulator.cohorts.heatmap import Heatmap, Order, Row, heatmap, ordered
from simulator.cohorts.helping import Flag, say
from simulator.cohorts.models import Cohort
from simulator.cohorts.planning import is_paused
from simulator.desk.by_check import Grid, grid
from simulator.desk.drawing import name_of, rows_of
from simulator.reviewing.models import Request
from simulator.reviewing.queue import Waiting, queue

RECENT: Final = timedelta(days=7)
SHOWN: Final = 6


@dataclass(frozen=True, kw_only=True)
class Needy:
    """A learner who may need help, and why."""

    name: str
    learner_id: int
    quest: Quest
    stage: Stage
    reasons: Sequence[str]
    flag: Flag


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that is ours to repair."""

    quest: str
    stage: str
    check: str  # empty where a machine failed
    attempts: int
    said: str = ""  # what a learner wrote


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A heatmap as the page has it."""

    heatmap: Heatmap
    lines: Sequence[str]
    rows: int
    grid: Grid | None


@dataclass(frozen=True, kw_only=True)
class View:
    """How the reader wants to see the cohort; everything stands in the address."""

    order: Order
    group: str
    search: str
    stuck_only: bool
    pseudonyms: bool
    stage: str  # show its checks: quest/stage
    everything: bool

    @classmethod
    def of(cls, query: QueryDict) -> "View":
        """What the address asks for; what it cannot mean is the default."""
        by = query.get("by", "")
        return cls(
            order=Order(by) if by in {*map(str, Order)} else Order.NAME,
            group=query.get("group", ""),
            search=query.get("q", "").strip().lower(),
            stuck_only="stuck" in query,
            pseudonyms=query.get("names") == "hidden",
            stage=query.get("columns", ""),
            everything="all" in query,
        )

    def fits(self, row: Row) -> bool:
        """Whether a learner is among those asked for."""
        name = f"{row.learner.get_full_name()} {row.learner.username}".lower()
        return (
            (not self.group or row.member.group == self.group)
            and (not self.stuck_only or row.stuck)
            and (self.pseudonyms or not self.search or self.search in name)
        )


def home(cohort: Cohort, query: QueryDict) -> dict[str, Any]:
    """Everything the page shows, in a constant number of queries a quest."""
    view = View.of(query)
    slugs = {plan.quest for plan in cohort.quests.all()}
    here = {quest.slug: quest for quest in quests.all_quests() if quest.slug in slugs}
    calendar = Calendar.of(cohort)
    maps = [heatmap(cohort, quest, calendar=calendar) for quest in here.values()]
    flagged = [
        (found.quest, row, flag) for found in maps for row, flag in found.flags if view.fits(row)
    ]
    flagged.sort(key=lambda one: one[2].urgency, reverse=True)
    waiting = [one for one in queue(cohort) if one.attempt.enrolment.quest in here]
    members = {row.member.learner_id: row for found in maps for row in found.rows}
    return {
        "view": view,
        "query": query,
        "maps": [_shown(cohort, found, view) for found in maps],
        # Words are found for those who are shown, not for everyone.
        "needy": [_needy(*one, view) for one in flagged[: None if view.everything else SHOWN]],
        "needy_count": len(flagged),
        "waiting": [_asked(one, here, members, view) for one in waiting[:SHOWN]],
        "waiting_count": len(waiting),
        "troubles": _troubles(cohort, here),
        "learners": len(members),
        "groups": sorted({row.member.group for row in members.values()} - {""}),
        "orders": [*Order],
        "paused": is_paused(cohort),
        "next_due": next_due(
            calendar,
            [(quest.slug, stage.slug) for quest in here.values() for stage in quest.stages],
        ),
    }


def _needy(quest: Quest, row: Row, flag: Flag, view: View) -> Needy:
    return Needy(
        name=name_of(row, pseudonyms=view.pseudonyms),
        learner_id=row.member.learner_id,
        quest=quest,
        stage=quest.stage(flag.stage),
        reasons=[say(one, quest, flag.stage, language()) for one in flag.signals],
        flag=flag,
    )


def _shown(cohort: Cohort, found: Heatmap, view: View) -> Shown:
    rows = ordered([row for row in found.rows if view.fits(row)], view.order)
    quest, _, stage = view.stage.partition("/")
    checks = None
    if quest == found.quest.slug and stage in {one.slug for one in found.quest.stages}:
        checks = grid(cohort, found.quest, stage, rows, pseudonyms=view.pseudonyms)
    return Shown(
        heatmap=found,
        lines=[*rows_of(cohort, found, rows, pseudonyms=view.pseudonyms)] if not checks else [],
        rows=len(rows),
        grid=checks,
    )


def _asked(
    waiting: Waiting, here: Mapping[str, Quest], members: Mapping[int, Row], view: View
) -> tuple[str, Stage, Request | None, Waiting]:
    learner = waiting.attempt.enrolment.learner
    row = members.get(learner.pk)
    name = name_of(row, pseudonyms=view.pseudonyms) if row else learner.username
    quest = here[waiting.attempt.enrolment.quest]
    return name, quest.stage(waiting.attempt.stage), waiting.request, waiting


def _troubles(cohort: Cohort, here: Mapping[str, Quest]) -> list[Trouble]:
    """Machines that gave up, checks that broke, checks that learners object to."""
    of_cohort = {
        "attempt__enrolment__learner__memberships__cohort": cohort,
        "attempt__enrolment__quest__in": [*here],
    }
    since = timezone.now() - RECENT
    stuck = (
        Grading.objects.filter(**of_cohort, state=Grading.State.QUARANTINED)
        .order_by()
        .values_list("attempt__enrolment__quest", "attempt__stage")
        .annotate(count=Count("pk"))
    )
    found = [
        Trouble(quest=quest, stage=stage, check="", attempts=count)
        for quest, stage, count in stuck
    ]
    found += _broken_checks({f"grading__{name}": value for name, value in of_cohort.items()})
    objections = (
        Objection.objects.filter(
            **{f"grading__{name}": value for name, value in of_cohort.items()},
            created_at__gt=since,
        )
        .order_by()
        .values_list("grading__attempt__enrolment__quest", "grading__attempt__stage", "check_name")
        .annotate(count=Count("grading__attempt", distinct=True), said=Max("text"))
    )
    found += [
        Trouble(quest=quest, stage=stage, check=check, attempts=count, said=said)
        for quest, stage, check, count, said in objections
    ]
    return sorted(found, key=lambda one: -one.attempts)


def _broken_checks(of_cohort: Mapping[str, object]) -> list[Trouble]:
    since = timezone.now() - RECENT
    rows = Verdict.objects.filter(
        **of_cohort, blame=Blame.QUEST_ERROR, counts=True, created_at__gt=since
    ).values_list("grading__attempt__enrolment__quest", "grading__attempt__stage", "marks")
    counts = Counter(
        (quest, stage, mark.check)
        for quest, stage, marks in rows
        for mark in read_marks(marks)
        if mark.outcome == Outcome.BROKEN
    )
    return [
        Trouble(quest=quest, stage=stage, check=check, attempts=count)
        for (quest, stage, check), count in counts.items()
    ]
