"""Run a stage's open checks alone: no attempt, no verdict, nothing hidden.

At home only the open checks are there. What one of them needs of a hidden one is then left to
the site: the check runs, and says so by its own result.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from graders.checking import Check
from graders.datasets import Datasets
from graders.grading import Judging, limits_of
from graders.intake import NotGradable, parse_in_room
from graders.loading import read_checks
from graders.messages import load_catalogue
from graders.quest import Quest, Stage
from graders.results import CheckResult, Phase, PhaseStarted
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Sandbox

OPEN = (Phase.INTAKE, Phase.STATIC, Phase.PUBLIC, Phase.TRAIN)
"""The phases that may be watched from near by: of these, output is shown."""


def open_checks(quest: Quest, stage: Stage) -> tuple[Check, ...]:
    """The checks of a kit's stage that run at home. Raises QuestError."""
    found = read_checks(quest.stage_folder(stage), quest)
    names = {check.name for check in found}
    at_home = (check for check in found if check.phase in OPEN)
    return tuple(
        replace(check, needs=tuple(need for need in check.needs if need in names))
        for check in at_home
    )


def rehearse(
    quest: Quest,
    stage: Stage,
    files: Mapping[str, bytes],
    *,
    checks: Sequence[Check],
    sandbox: Sandbox,
    datasets: Datasets,
) -> Generator[PhaseStarted | CheckResult, None, None]:
    """Run these checks on a project, in the order of a grading.

    Closing the iterator early ends every room. Raises NotGradable, SandboxError, QuestError.
    """
    runtime = stage.runtime or quest.runtime
    problem = parse_in_room(files, sandbox=sandbox, runtime=runtime)
    if problem:
        raise NotGradable(problem)
    judging = Judging(checks=tuple(checks), catalogue=load_catalogue(quest, stage))
    rooms = Rooms(
        sandbox=sandbox, runtime=runtime, limits=limits_of(quest, stage), datasets=datasets
    )
    work = Workspace(quest=quest, stage=stage, files=files, rooms=rooms)
    results: list[CheckResult] = []
    try:
        for phase in OPEN:
            for event in judging.phase(phase, work, results):
                if isinstance(event, CheckResult):
                    results.append(event)
                yield event
    finally:
        rooms.close()
