"""Everything a learner did, by quest, the newest attempt first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graders.quest import Quest, Stage
from simulator.accounts.models import User
from simulator.attempts.models import Attempt, Grading, Verdict
from simulator.catalog import quests
from simulator.catalog.models import Enrolment
from simulator.progress.models import Note
from simulator.progress.stages import StageState, maps_of

MOST_SHOWN: Final = 200  # attempts, the newest; all of them are in the export


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
    note: str = ""
    delta: float | None = None  # points since the graded attempt at the stage before it


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
    mine = Attempt.objects.filter(enrolment__learner=user, enrolment__quest__in=here)
    attempts = [*mine[:MOST_SHOWN]]
    notes = dict(Note.objects.filter(attempt__in=attempts).values_list("attempt", "text"))
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
            past=_with_deltas(
                replace(
                    _past(attempt, here[enrolment.quest], gradings, verdicts),
                    note=notes.get(attempt.pk, ""),
                )
                for attempt in attempts
                if attempt.enrolment_id == enrolment.pk
                and attempt.stage in {stage.slug for stage in here[enrolment.quest].stages}
            ),
        )
        for enrolment in enrolments
    ]


def _with_deltas(newest_first: Iterable[Past]) -> tuple[Past, ...]:
    """Each with what it gained over the graded attempt at its stage before it."""
    last: dict[str, float] = {}
    found: list[Past] = []
    for past in reversed([*newest_first]):
        before = last.get(past.stage.slug)
        if past.score is not None:
            last[past.stage.slug] = past.score
            if before is not None:
                past = replace(past, delta=round(past.score - before, 1))  # noqa: PLW2901
        found.append(past)
    return tuple(reversed(found))


def _latest(attempt_ids: Sequence[int]) -> dict[int, Grading]:
    rows = Grading.objects.filter(attempt__in=attempt_ids).order_by("pk")
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
