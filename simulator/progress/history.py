"""Everything a learner did, by quest, the newest attempt first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graders.quest import Quest, Stage
from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.attempts.reading import counting_gradings
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.progress.stages import StageState, maps_of


@dataclass(frozen=True, kw_only=True)
class Past:
    """An attempt in the history."""

    attempt: Attempt
    stage: Stage
    state: str
    score: float | None
    readiness: str
    passed: bool
    development_only: bool


@dataclass(frozen=True, kw_only=True)
class QuestWork:
    """A quest in the history."""

    quest: Quest
    enrolment: Enrolment
    stages: Sequence[StageState]
    past: tuple[Past, ...]

    @property
    def here(self) -> StageState | None:
        return next((state for state in self.stages if state.state == "here"), None)


def work_of(user: User) -> list[QuestWork]:
    """The quests of a learner, the last begun first, in a constant number of queries."""
    here = {quest.slug: quest for quest in quests.all_quests()}
    enrolments = Enrolment.objects.filter(learner=user, quest__in=here).order_by("-created_at")
    maps = maps_of(user)
    attempts = [*Attempt.objects.filter(enrolment__learner=user, enrolment__quest__in=here)]
    gradings = _latest([attempt.pk for attempt in attempts])
    verdicts = {
        verdict.pk: verdict
        for verdict in Verdict.objects.filter(
            pk__in=[grading.pk for grading in gradings.values()]
        ).defer("body")
    }
    return [
        QuestWork(
            quest=here[enrolment.quest],
            enrolment=enrolment,
            stages=maps.get(enrolment.quest, []),
            past=tuple(
                _past(attempt, here[enrolment.quest], gradings, verdicts)
                for attempt in attempts
                if attempt.enrolment_id == enrolment.pk
                and attempt.stage in {stage.slug for stage in here[enrolment.quest].stages}
            ),
        )
        for enrolment in enrolments
    ]


def _latest(attempt_ids: Sequence[int]) -> dict[int, Grading]:
    rows = counting_gradings().filter(attempt__in=attempt_ids).order_by("pk")
    return {grading.attempt_id: grading for grading in rows}


def _past(
    attempt: Attempt,
    quest: Quest,
    gradings: Mapping[int, Grading],
    verdicts: Mapping[int, Verdict],
) -> Past:
    grading = gradings[attempt.pk]
    verdict = verdicts.get(grading.pk)
    return Past(
        attempt=attempt,
        stage=quest.stage(attempt.stage),
        state=grading.state,
        score=verdict.score if verdict else None,
        readiness=verdict.readiness if verdict else "",
        passed=bool(verdict and verdict.passed),
        development_only=bool(verdict and verdict.development_only),
    )
