"""The register of faults: what a code means, why it matters and what to do, in both languages."""

import functools
from dataclasses import replace
from pathlib import Path

from pydantic import RootModel

from graders.faults import Fault, Level
from graders.forms import fill
from graders.marked import read_marked
from graders.quest import Facts, Status, Text

REGISTER = Path(__file__).parent / "codes.yaml"


class Explained(Facts):
    """What a code means to an author."""

    title: Text
    why: Text
    mend: Text
    level: Level = Level.ERROR
    draft: bool = False  # while the quest is `wip`, only a warning
    example: str | None = None  # what is right, as it would stand in the file


class Register(RootModel[dict[str, Explained]]):
    """All codes by their names."""


@functools.cache
def register() -> dict[str, Explained]:
    """Every code there is. Raises QuestError: ours, and tested."""
    return fill(Register, read_marked(REGISTER)).root


def levelled(fault: Fault, status: Status) -> Fault:
    """The fault with the level that it has while the quest is as far as `status` says."""
    explained = register()[fault.code]
    soft = explained.draft and status is Status.WIP
    return replace(fault, level=Level.WARNING if soft else explained.level)


def advice(fault: Fault) -> str:
    """What to do about a fault, in one sentence."""
    return fault.mend or register()[fault.code].mend["en"]
