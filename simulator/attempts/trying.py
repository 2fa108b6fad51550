"""Run the open checks on the project as it stands: no attempt, no verdict, nothing hidden."""

from contextlib import closing
from typing import Final

from graders.grading import grade
from graders.intake import NotGradable
from graders.quest import Quest, Stage
from graders.results import CheckResult, Phase, PhaseStarted
from sandbox.interface import Sandbox
from simulator.attempts import drafts, intake
from simulator.attempts.refusals import Refusal
from simulator.catalog.models import Enrolment
from simulator.warehouse.filling import filled

OPEN: Final = (Phase.INTAKE, Phase.STATIC, Phase.PUBLIC)


class NoTables(Exception):
    """The quest's tables are still being made."""


def try_out(
    enrolment: Enrolment, quest: Quest, stage: Stage, *, sandbox: Sandbox
) -> tuple[CheckResult, ...]:
    """The results of the checks that the learner may see whole, with what their code printed.

    Raises Refusal for a project that cannot be graded, NoTables, and SandboxError.
    """
    files = drafts.files_of(enrolment)
    intake.validate(files)
    datasets = filled(quest)
    if datasets is None:
        raise NoTables
    results: list[CheckResult] = []
    judged = grade(quest, stage, files, sandbox=sandbox, datasets=datasets)
    try:
        with closing(judged):  # which ends every room
            for event in judged:
                if isinstance(event, PhaseStarted) and event.phase not in OPEN:
                    break
                if isinstance(event, CheckResult):
                    results.append(event)
    except NotGradable as error:
        raise Refusal.of(error.problem) from None
    return tuple(results)
