"""Turn what the site knows into what goes over the wire."""

import base64
import dataclasses
from typing import Final, cast

from graders.quest import Language, Quest
from simulator.attempts.health import Health
from simulator.attempts.models import Attempt, Verdict
from simulator.attempts.reading import latest_grading
from simulator.attempts.reporting import ReportPage
from simulator.catalog.models import Enrolment, ProjectFile
from simulator.progress.stages import StageState
from simulator.wire import (
    AttemptOut,
    ClocksOut,
    EnrolmentOut,
    FileOut,
    GroupOut,
    Project,
    QuestOut,
    ReportOut,
    Resources,
    RoomOut,
    StageOut,
    State,
)
from simulator.wire.checks import check_out

CHANGES: Final = ("broke", "still_open", "fixed", "stayed", "not_run", "broken")


def quest_out(
    quest: Quest, states: list[StageState], *, enrolled: bool, language: Language
) -> QuestOut:
    """A quest with its stages, and where the learner stands."""
    return QuestOut(
        slug=quest.slug,
        version=quest.version,
        status=quest.status,
        title=quest.title[language],
        blurb=quest.blurb[language],
        company=quest.company[language],
        difficulty=quest.difficulty,
        enrolled=enrolled,
        stages=[_stage_out(state, enrolled=enrolled, language=language) for state in states],
    )


def enrolment_out(enrolment: Enrolment) -> EnrolmentOut:
    """An enrolment."""
    return EnrolmentOut(
        quest=enrolment.quest, version=enrolment.version, created_at=enrolment.created_at
    )


def project_out(enrolment: Enrolment) -> Project:
    """The files of a project."""
    return Project(
        files=[
            FileOut(
                path=row.path,
                revision=row.revision,
                content=base64.b64encode(bytes(row.content)).decode("ascii"),
            )
            for row in ProjectFile.objects.filter(enrolment=enrolment)
        ]
    )


def attempt_out(attempt: Attempt) -> AttemptOut:
    """An attempt and how far it is."""
    grading = latest_grading(attempt)
    verdict = Verdict.objects.filter(pk=grading.pk).first()
    return AttemptOut(
        id=attempt.public_id,
        number=attempt.number,
        quest=attempt.enrolment.quest,
        stage=attempt.stage,
        source=attempt.source,
        state=cast("State", grading.state),
        charged=attempt.charged,
        score=verdict.score if verdict else None,
        readiness=verdict.readiness if verdict else None,
        passed=verdict.passed if verdict else None,
        development_only=verdict.development_only if verdict else None,
        created_at=attempt.created_at,
        finished_at=grading.finished_at,
    )


def report_out(page: ReportPage) -> ReportOut:
    """The result document."""
    changes = {
        finding.result.check: name for name in CHANGES for finding in getattr(page.changes, name)
    }
    return ReportOut(
        id=page.attempt.public_id,
        attempt=page.attempt.number,
        quest=page.quest.slug,
        quest_version=page.versions.quest,
        quest_digest=page.versions.digest,
        stage=page.stage.slug,
        runtime=page.versions.runtime,
        scale=page.versions.scale,
        blame=page.blame,
        score=page.score,
        previous=page.previous.number if page.previous else None,
        delta=page.delta,
        passed=page.passed,
        merit=page.merit,
        readiness=page.readiness,
        sentence=page.sentence,
        focus=page.focus.result.check if page.focus else None,
        groups=[
            GroupOut(group=g.group, score=g.points, max_score=g.max_points) for g in page.groups
        ],
        checks=[
            check_out(
                finding.result,
                finding.message,
                change=changes.get(finding.result.check),
                in_a_row=finding.in_a_row,
            )
            for finding in page.findings
        ],
        clocks=ClocksOut(**dataclasses.asdict(page.clocks), total=page.clocks.total),
        resources=Resources(
            peak_memory_mb=page.peak_memory_mb,
            memory_limit_mb=(page.stage.limits or page.quest.limits).memory_mb,
        ),
        development_only=page.development_only,
        rooms=[RoomOut(**dataclasses.asdict(made)) for made in page.rooms],
        graded_at=page.graded_at,
    )


def health_out(found: Health) -> dict[str, object]:
    """How the site is: `ok`, a sentence a part, then the facts of rooms and queue."""
    return {
        "ok": found.able,
        **{part.name: part.said for part in found.parts},
        "rooms": dataclasses.asdict(found.runner),
        "queue": dataclasses.asdict(found.queue) if found.queue else None,
    }


def _stage_out(state: StageState, *, enrolled: bool, language: Language) -> StageOut:
    stage = state.stage
    return StageOut(
        slug=stage.slug,
        kind=stage.kind,
        title=stage.title[language],
        summary=stage.summary[language],
        estimate_minutes=stage.estimate_minutes,
        pass_score=stage.pass_,
        merit_score=stage.merit,
        requires=[*stage.requires],
        files=[*stage.files],
        state=state.state if enrolled else None,
        best=state.best,
        attempts=state.attempts,
    )
