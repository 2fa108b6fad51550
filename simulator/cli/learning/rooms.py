"""A room on the learner's own machine, and the open checks in it."""

import logging
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from graders.checking import Check
from graders.datasets import Datasets
from graders.faults import QuestError
from graders.intake import NotGradable
from graders.loading import load_quest
from graders.messages import render
from graders.quest import Quest, Stage
from graders.rehearsing import open_checks, rehearse
from graders.results import CheckResult, Outcome
from graders.workshop.workbench import sandbox_for
from sandbox.interface import Sandbox, SandboxError
from simulator.cli.learning import places
from simulator.cli.learning.fetching import tables_folder
from simulator.cli.learning.project import Project
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.wire import CheckOut, Tongue
from simulator.wire.checks import check_out

SHELL: Final = "bubblewrap"
INSTEAD: Final = "Or let the site run the same checks: sim test --site"


def stage_at_home(project: Project, slug: str) -> tuple[Quest, Stage]:
    """The stage, as the kit states it. Raises Trouble."""
    try:
        quest = load_quest(project.kit)
    except (QuestError, OSError):
        raise Trouble(
            f"The kit in {project.kit} cannot be read.",
            code=Code.USAGE,
            remedy="Fetch it again: sim pull",
        ) from None
    found = next((stage for stage in quest.stages if stage.slug == slug), None)
    if found is None:
        stages = ", ".join(stage.slug for stage in quest.stages)
        raise Trouble(
            f'{quest.slug} has no stage "{slug}".', code=Code.USAGE, remedy=f"Choose: {stages}"
        )
    return quest, found


def chosen(quest: Quest, stage: Stage, names: Sequence[str]) -> list[Check]:
    """The open checks with these names and what they need; all, without names. Raises Trouble."""
    known = {check.name: check for check in open_checks(quest, stage)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Trouble(
            f'{stage.slug} has no open check "{unknown[0]}".',
            code=Code.USAGE,
            remedy=f"Choose: {', '.join(known)}",
        )
    wanted, queue = set[str](), list(names or known)
    while queue:
        name = queue.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            queue += known[name].needs
    return [check for name, check in known.items() if name in wanted]


def results(
    project: Project,
    quest: Quest,
    stage: Stage,
    checks: Sequence[Check],
    *,
    sandbox: Sandbox,
    language: Tongue,
) -> Iterator[CheckOut]:
    """The results as they are known. Raises Trouble.

    A check that cannot be run without the site's part of the quest is told as skipped.
    """
    logging.getLogger("graders").setLevel(logging.CRITICAL)
    running = rehearse(
        quest,
        stage,
        project.files(),
        checks=checks,
        sandbox=sandbox,
        datasets=_datasets(project),
    )
    try:
        with closing(running):
            for event in running:
                if isinstance(event, CheckResult):
                    yield check_out(event, render(quest, stage, event, language))
    except NotGradable as refusal:
        raise Trouble(
            refusal.problem.sentence(language),
            code=Code.NOT_GRADABLE,
            name=refusal.problem.code,
        ) from None
    except SandboxError as error:
        raise no_room(str(error)) from None


@contextmanager
def room_of(quest: Quest, stage: Stage) -> Iterator[Sandbox]:
    """Rooms of a stage's runtime on this machine. Raises Trouble, saying what is missing."""
    if sys.platform != "linux":
        raise no_room(f"rooms are made of Linux namespaces, and this is {platform.system()}")
    home = places.home()
    home.mkdir(parents=True, exist_ok=True)
    log = home / "runner.log"
    alone = quest.model_copy(update={"stages": (stage,)})
    try:
        with sandbox_for(alone, home=home, shell=SHELL, log=log) as sandbox:
            yield sandbox
    except SandboxError as error:
        raise no_room(_reason(error, log)) from None


def no_room(why: str) -> Trouble:
    """There is no room here: why, and what to do."""
    remedy = f"`sim doctor` says what is missing. {INSTEAD}"
    if sys.platform != "linux":
        remedy = f"Use WSL 2 or a Linux machine. {INSTEAD}"
    return Trouble(
        f"No room could be made on this machine: {why}",
        code=Code.PLATFORM,
        remedy=remedy,
        name="no_room",
    )


def waits_for_the_site(check: CheckOut) -> bool:
    """Whether a check could not be judged without what only the site has."""
    return check.status == Outcome.BROKEN


def _reason(error: SandboxError, log: Path) -> str:
    """What the runner said last, when it ended before it was ready."""
    words = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    told = [line for line in words if "self-test" in line or "no template" in line] or words
    return f"{error}; {told[-1][-500:]}" if told else str(error)


def _datasets(project: Project) -> Datasets:
    folder = tables_folder(project.facts.dataset)
    if not folder.is_dir():
        raise Trouble(
            "The quest's tables are not on this machine.",
            code=Code.USAGE,
            remedy="Fetch them: sim pull",
            name="no_tables",
        )
    return Datasets(
        public=folder.name, hidden={}, public_folder=folder, truth=folder / "not-at-home"
    )
