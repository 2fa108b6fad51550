"""Histories of simulated learners, written in bulk: no room opens, nothing is judged."""

import hashlib
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from graders import works
from graders.quest import Quest, Stage
from graders.results import Blame, CheckResult
from graders.results import Verdict as Judged
from graders.verdicts import conclude
from simulator.accounts.models import User
from simulator.attempts import events, standing
from simulator.attempts.focusing import focus_of
from simulator.attempts.marking import marks_of
from simulator.attempts.models import Attempt, Grading, Snapshot, Verdict
from simulator.catalog import quests
from simulator.catalog.models import Enrolment, HintUse
from simulator.desk.demo.judging import Play, SimulatedStage, simulated
from simulator.desk.demo.people import Manner, Person

WEEKS: Final = 4
MOST_ATTEMPTS: Final = 9
SILENT_AFTER: Final = 2  # stages
EVENING: Final = 18
CHUNK: Final = 1000
PAIRED_IN: Final = 30
HINTS_READ: Final = (1, 2, 3)
# Lines of a helper: each learner's are others in another order, but for two who sat together.
LINES: Final = (
    "kept = [row for row in rows if row.get(key, 0) > limit]",
    "total = sum(row[key] * 2 for row in rows) / max(1, len(rows))",
    "seen = {row[key]: number for number, row in enumerate(rows)}",
    "rows = sorted(rows, key=lambda row: (row[key], -len(row)))",
    "limit = limit + 1 if rows and rows[0][key] else limit // 2",
    "first, *others = rows or [{}]",
    "while limit > len(rows): limit -= 3",
    "pairs = [*zip(rows, rows[1:])]",
    "names = ', '.join(str(row[key]) for row in rows if key in row)",
    "best = max((row[key] for row in rows), default=limit % 7)",
)
HELPER_LINES: Final = 9


@dataclass(kw_only=True)
class Writing:
    """Rows that wait to be written."""

    attempts: list[Attempt] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    hints: list[HintUse] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the histories of a quest are made from."""

    quest: Quest
    stages: Sequence[SimulatedStage]
    projects: Mapping[str, Mapping[str, bytes]]  # by stage
    began: datetime
    now: datetime

    @classmethod
    def of(cls, quest: Quest, rng: random.Random, *, now: datetime) -> "Scene":
        """The scene of a quest, its version kept for reports and regrades."""
        quests.keep(quest)
        return cls(
            quest=quest,
            stages=simulated(quest, rng),
            projects={one.slug: works.reference(quest, one).files for one in quest.stages},
            began=now - timedelta(weeks=WEEKS),
            now=now,
        )


def write_histories(
    scene: Scene, people: Sequence[tuple[User, Person]], rng: random.Random
) -> list[Enrolment]:
    """Let people go through a quest."""
    present = [(user, person) for user, person in people if person.manner is not Manner.ABSENT]
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            learner=user,
            quest=scene.quest.slug,
            version=scene.quest.version,
            created_at=scene.began,
        )
        for user, _ in present
    )
    writing = Writing()
    for enrolment, (_, person) in zip(enrolments, present, strict=True):
        _walk(scene, enrolment, person, rng, writing)
    _write(scene, writing)
    standing.recount(enrolment.pk for enrolment in enrolments)
    return enrolments


def _walk(
    scene: Scene, enrolment: Enrolment, person: Person, rng: random.Random, writing: Writing
) -> None:
    at = scene.began + timedelta(days=rng.uniform(0, 4), hours=EVENING + rng.gauss(0, 2))
    usual = 7 * WEEKS / len(scene.stages)  # days: at this pace a stage is left for today
    pace = usual * (0.5 if person.manner is Manner.QUICK else rng.uniform(0.7, 1.5))
    number = 0
    for count, simulated_stage in enumerate(scene.stages):
        if person.manner is Manner.SILENT and count >= SILENT_AFTER:
            return
        play = Play(simulated_stage, person.ability, rng)
        for tried in range(MOST_ATTEMPTS):
            if at >= scene.now:
                return
            number += 1
            stubborn = person.manner in {Manner.STRUGGLING, Manner.HURRIED} and count > 0
            results = play.attempt(stubborn=stubborn)
            judged = _judged(simulated_stage.stage, results)
            _note(scene, writing, enrolment, (simulated_stage.stage, number, at), judged)
            if tried == SILENT_AFTER and person.manner is Manner.STRUGGLING:
                _open_hints(writing, enrolment, simulated_stage.stage, at)
            if judged.passed:
                break
            at += _rest(person, rng)
        else:
            return  # gave up here
        at += timedelta(days=pace * rng.uniform(0.5, 1.4))


def _rest(person: Person, rng: random.Random) -> timedelta:
    if person.manner is Manner.HURRIED:
        return timedelta(seconds=rng.uniform(30, 100))
    if rng.random() < 0.35:  # noqa: PLR2004, one in three sleeps on it
        return timedelta(hours=rng.uniform(12, 60))
    return timedelta(minutes=rng.uniform(6, 45))


def _judged(stage: Stage, results: Sequence[CheckResult]) -> Judged:
    return conclude(results, pass_=stage.pass_, merit=stage.merit, peak_memory_mb=180.0)


def _open_hints(writing: Writing, enrolment: Enrolment, stage: Stage, at: datetime) -> None:
    writing.hints += [
        HintUse(enrolment=enrolment, stage=stage.slug, step=step, opened_at=at)
        for step in HINTS_READ
    ]


def _note(
    scene: Scene,
    writing: Writing,
    enrolment: Enrolment,
    place: tuple[Stage, int, datetime],
    judged: Judged,
) -> None:
    stage, number, at = place
    files = _files(scene.projects[stage.slug], enrolment.pk, number)
    manifest = {path: hashlib.sha256(body).hexdigest() for path, body in files.items()}
    writing.contents |= {manifest[path]: body for path, body in files.items()}
    writing.judged.append(judged)
    writing.attempts.append(
        Attempt(
            public_id=uuid.uuid4(),
            enrolment=enrolment,
            stage=stage.slug,
            number=number,
            manifest=manifest,
            idempotency_key=f"demo {number}",
            charged=judged.blame is not Blame.QUEST_ERROR,
            created_at=at,
        )
    )


def _files(project: Mapping[str, bytes], learner: int, number: int) -> dict[str, bytes]:
    """The project as this learner has it: with a helper of their own; some share one."""
    files = {**project}
    modules = [path for path in project if path.endswith(".py") and project[path].strip()]
    if not modules:
        return files
    mine = min(modules, key=lambda path: len(project[path]))
    together = learner % PAIRED_IN < 2  # noqa: PLR2004, two sat together
    helper = random.Random(learner - learner % 2 if together else learner)  # noqa: S311, a story
    lines = helper.choices(LINES, k=HELPER_LINES)
    text = "\n\ndef keep(rows, key, limit):\n    " + "\n    ".join(lines) + "\n    return rows\n"
    files[mine] = files[mine] + text.encode() + f"\n\nATTEMPT = {number}\n".encode()
    return files


def _write(scene: Scene, writing: Writing) -> None:
    Snapshot.objects.bulk_create(
        (
            Snapshot(digest=digest, content=content, parsed=True)
            for digest, content in writing.contents.items()
        ),
        ignore_conflicts=True,
        batch_size=CHUNK,
    )
    attempts = Attempt.objects.bulk_create(writing.attempts, batch_size=CHUNK)
    gradings = Grading.objects.bulk_create(
        (_grading(scene, attempt) for attempt in attempts), batch_size=CHUNK
    )
    Verdict.objects.bulk_create(_verdicts(gradings, writing.judged), batch_size=CHUNK)
    HintUse.objects.bulk_create(writing.hints)


def _grading(scene: Scene, attempt: Attempt) -> Grading:
    stage = scene.quest.stage(attempt.stage)
    return Grading(
        attempt=attempt,
        learner_id=attempt.enrolment.learner_id,
        state=Grading.State.DONE,
        quest_version=scene.quest.version,
        quest_digest=scene.quest.digest,
        runtime=stage.runtime or scene.quest.runtime,
        scale=scene.quest.grading_scale,
        created_at=attempt.created_at,
        claimed_at=attempt.created_at,
        finished_at=attempt.created_at + timedelta(seconds=4),
    )


def _verdicts(gradings: Sequence[Grading], judged: Sequence[Judged]) -> Iterator[Verdict]:
    for grading, one in zip(gradings, judged, strict=True):
        focus = focus_of(one.results)
        yield Verdict(
            grading=grading,
            blame=one.blame,
            score=one.score,
            readiness=one.readiness,
            passed=one.passed,
            merit=one.merit,
            body=events.write(one),
            focus_check=focus.check if focus else "",
            focus_reason=(focus.reason or focus.outcome) if focus else "",
            marks=marks_of(one.results),
            queued_seconds=0.4,
            created_at=grading.finished_at or datetime.now(UTC),
        )
