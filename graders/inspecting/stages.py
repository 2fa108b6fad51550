"""A stage: its checks, their messages, and how the two fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.checking import Check
from graders.faults import Fault, QuestError
from graders.inspecting.imports import import_faults
from graders.inspecting.judging import judging_faults
from graders.inspecting.needing import need_faults
from graders.inspecting.targets import target_faults
from graders.inspecting.wording import wording_faults
from graders.loading import check_faults, read_checks
from graders.marked import Marked, read_marked
from graders.messages import read_catalogue
from graders.quest import Quest, Stage
from graders.scanning import fault_at, message_faults

_FULL = 100.0


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A stage's checks, as far as they could be read, and what is wrong."""

    checks: tuple[Check, ...]
    faults: tuple[Fault, ...]
    marked: Marked | None = None  # its messages.yaml


def stage_faults(quest: Quest, stage: Stage) -> Inspected:
    """Everything that can be found wrong with a stage's checks and messages."""
    folder = quest.stage_folder(stage)
    if not folder.is_dir():
        message = f'"{stage.slug}" has no folder stages/{folder.name}'
        fault = read_marked(quest.folder / "quest.yaml").fault(
            ("stages", quest.number(stage), "slug"), "L309", message, at_value=True
        )
        return Inspected(checks=(), faults=(fault,))
    faults = list(import_faults(quest, folder))
    checks: tuple[Check, ...] = ()
    if not faults:  # what should not be imported is not
        try:
            checks = read_checks(folder, quest)
            faults += check_faults(folder, checks)
            faults += need_faults(folder, checks)
            faults += _point_faults(folder, checks)
        except QuestError as error:
            faults += error.faults
    faults += judging_faults(folder)
    faults += target_faults(quest, stage)
    marked, told = _messages(quest, folder, checks)
    return Inspected(checks=checks, faults=(*faults, *told), marked=marked)


def _messages(
    quest: Quest, folder: Path, checks: Sequence[Check]
) -> tuple[Marked | None, list[Fault]]:
    try:
        catalogue, faults = read_catalogue(folder / "messages.yaml")
    except QuestError as error:
        return None, list(error.faults)
    if checks:
        faults += message_faults(folder, checks, catalogue)
        faults += wording_faults(quest, folder, checks, catalogue)
    return catalogue.marked, faults


def _point_faults(folder: Path, checks: Sequence[Check]) -> Iterator[Fault]:
    total = sum(check.points for check in checks)
    if checks and abs(total - _FULL) > 1e-6:  # noqa: PLR2004 - a rounding
        message = f"the checks of this stage are worth {total:g} points together, not {_FULL:g}"
        yield fault_at(folder, checks[-1], "C313", message)
