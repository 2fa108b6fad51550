"""Everything that can be known to be wrong with a quest without running any work of it."""

from collections.abc import Iterator
from pathlib import Path

from graders.explaining import levelled
from graders.faults import Fault, QuestError, did_you_mean
from graders.inspecting.calibration import gate_faults, number_faults
from graders.inspecting.facts import quest_faults
from graders.inspecting.folder import folder_faults
from graders.inspecting.prose import prose_faults
from graders.inspecting.stages import stage_faults
from graders.inspecting.translations import translation_faults
from graders.inspecting.works import work_faults
from graders.loading import load_quest
from graders.marked import read_marked
from graders.quest import Quest, Status

__all__ = ["inspect_quest"]


def inspect_quest(folder: Path, *, only: str | None = None) -> list[Fault]:
    """What is wrong with a quest, or with one stage of it, by file and line; errors and warnings.

    Runs the import of the author's checks.py, and nothing of a learner's.
    """
    try:
        quest = load_quest(folder)
    except QuestError as error:
        return sorted(levelled(fault, Status.BETA) for fault in error.faults)
    if only is not None and only not in [stage.slug for stage in quest.stages]:
        return [_no_stage(quest, only)]
    return sorted({levelled(fault, quest.status) for fault in _faults(quest, only)})


def _no_stage(quest: Quest, slug: str) -> Fault:
    hint = did_you_mean(slug, [stage.slug for stage in quest.stages])
    marked = read_marked(quest.folder / "quest.yaml")
    return marked.fault(("stages",), "Q219", f'there is no stage "{slug}"{hint}')


def _faults(quest: Quest, only: str | None) -> Iterator[Fault]:
    checks, marks = {}, []
    for stage in quest.stages:
        if only in (None, stage.slug):
            found = stage_faults(quest, stage)
            checks[stage.slug] = found.checks
            marks += [found.marked] if found.marked else []
            yield from found.faults
    yield from prose_faults(quest, only)
    yield from work_faults(quest, checks)
    if only is None:
        marked = read_marked(quest.folder / "quest.yaml")
        yield from quest_faults(quest, marked)
        yield from gate_faults(quest, marked, checks)
        yield from number_faults(quest)
        yield from folder_faults(quest)
        yield from translation_faults(quest, [marked, *marks])
