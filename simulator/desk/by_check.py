"""One stage of the heatmap opened up: learner by check, from everybody's newest attempt."""

from collections.abc import Sequence
from dataclasses import dataclass

from graders.loading import load_checks
from graders.messages import load_catalogue
from graders.quest import Quest, Stage
from simulator.attempts.marking import read_marks
from simulator.attempts.models import Verdict
from simulator.catalog.languages import language
from simulator.cohorts.heatmap import Row
from simulator.cohorts.models import Cohort
from simulator.desk.drawing import name_of


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Learners by the checks of a stage."""

    stage: Stage
    checks: Sequence[tuple[str, str]]  # name and title
    rows: Sequence[tuple[str, int, str, Sequence[str]]]  # name, id, attempt, outcomes


def grid(
    cohort: Cohort, quest: Quest, slug: str, rows: Sequence[Row], *, pseudonyms: bool
) -> Grid:
    """How every check of a stage ended at each learner's newest attempt: one query."""
    stage = quest.stage(slug)
    catalogue = load_catalogue(quest, stage)
    names = [check.name for check in load_checks(quest, stage)]
    newest: dict[int, tuple[str, dict[str, str]]] = {}
    found = Verdict.objects.filter(
        grading__attempt__enrolment__learner__memberships__cohort=cohort,
        grading__attempt__enrolment__quest=quest.slug,
        grading__attempt__stage=slug,
        counts=True,
    ).values_list("grading__attempt__enrolment__learner", "grading__attempt__public_id", "marks")
    for learner, attempt, marks in found.order_by("grading__attempt__number"):
        newest[learner] = (
            str(attempt), {mark.check: mark.outcome for mark in read_marks(marks)}
        )  # fmt: skip
    return Grid(
        stage=stage,
        checks=[
            (name, texts.title[language()].replace("`", "") if texts else name)
            for name in names
            for texts in [catalogue.texts(name)]
        ],
        rows=[
            (
                name_of(row, pseudonyms=pseudonyms),
                row.member.learner_id,
                newest[row.member.learner_id][0],
                [newest[row.member.learner_id][1].get(name, "") for name in names],
            )
            for row in rows
            if row.member.learner_id in newest
        ],
    )
