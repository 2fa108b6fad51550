"""What a cohort counts: for every learner and stage the best score, with late credit applied."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from graders.quest import Quest
from simulator.attempts.models import Verdict
from simulator.catalog.models import Enrolment
from simulator.cohorts.dates import Calendar, Dates
from simulator.cohorts.models import Cohort, Membership
from simulator.grades.models import Override
from simulator.grades.overriding import standing_overrides


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a stage counts for a learner."""

    stage: str
    score: float  # credit applied
    best: float  # before that
    credit: float
    passed: bool
    attempt: int  # the number of the attempt that counts
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """A learner in one quest."""

    member: Membership
    enrolment_id: int | None
    marks: Mapping[str, Mark]
    computed: float  # the mean over all stages; what is not begun counts as nothing
    override: Override | None

    @property
    def total(self) -> float:
        """The grade of the quest: what someone gave, else what was computed."""
        return self.override.value if self.override else self.computed

    @property
    def begun(self) -> bool:
        return bool(self.marks)


def book(
    cohort: Cohort, quest: Quest, *, calendar: Calendar | None = None, only: int | None = None
) -> list[Line]:
    """The grades of a cohort in a quest; `only` one learner. A constant number of queries."""
    members = Membership.objects.filter(cohort=cohort).select_related("learner")
    if only is not None:
        members = members.filter(learner=only)
    found = sorted(members, key=lambda one: one.learner.username)
    enrolments = dict(
        Enrolment.objects.filter(
            learner__in=[one.learner_id for one in found], quest=quest.slug
        ).values_list("learner", "pk")
    )
    calendar = calendar or Calendar.of(cohort)
    scores = _scores(enrolments.values())
    quest_wide = {
        one.enrolment_id: one
        for one in standing_overrides(enrolments.values())
        if one.scope == Override.Scope.QUEST
    }
    lines = []
    for member in found:
        pk = enrolments.get(member.learner_id)
        marks = {
            stage.slug: mark
            for stage in quest.stages
            if pk is not None
            and (mark := _mark(
                stage.slug,
                scores.get((pk, stage.slug), ()),
                calendar.of_learner(member, quest.slug, stage.slug),
            ))
        }  # fmt: skip
        total = sum(mark.score for mark in marks.values()) / max(1, len(quest.stages))
        lines.append(
            Line(
                member=member,
                enrolment_id=pk,
                marks=marks,
                computed=round(total, 1),
                override=quest_wide.get(pk) if pk is not None else None,
            )
        )
    return lines


_Score = tuple[float, bool, int, datetime]


def _scores(enrolment_ids: Iterable[int]) -> dict[tuple[int, str], list[_Score]]:
    rows = Verdict.objects.filter(
        grading__attempt__enrolment__in=[*enrolment_ids], counts=True
    ).values_list(
        "grading__attempt__enrolment",
        "grading__attempt__stage",
        "score",
        "passed",
        "grading__attempt__number",
        "grading__attempt__created_at",
    )
    found: dict[tuple[int, str], list[_Score]] = defaultdict(list)
    for pk, stage, score, passed, number, at in rows:
        found[pk, stage].append((score, passed, number, at))
    return found


def _mark(stage: str, scores: Sequence[_Score], dates: Dates) -> Mark | None:
    """The attempt that brings most; of equal ones the first."""
    if not scores:
        return None
    score, _, number, at = max(scores, key=lambda one: (one[0] * dates.credit(one[3]), -one[2]))
    credit = dates.credit(at)
    return Mark(
        stage=stage,
        score=round(score * credit, 1),
        best=score,
        credit=credit,
        passed=any(passed for _, passed, _, _ in scores),
        attempt=number,
        at=at,
    )
