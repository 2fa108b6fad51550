"""What the author's commands share: whose fault an end is, and words that do not exist."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from graders.datasets import DatasetError
from graders.excerpts import count, told
from graders.faults import QuestError, did_you_mean
from graders.loading import find_quests
from graders.quest import Language, Quest, Stage
from sandbox.interface import SandboxError
from simulator.cli.printing import Code, console


class Tongue(enum.StrEnum):
    """The languages of a quest, as options."""

    EN = "en"
    RU = "ru"

    @property
    def language(self) -> Language:
        """As the judge writes it."""
        return "ru" if self is Tongue.RU else "en"


@contextmanager
def blamed() -> Iterator[None]:
    """Leave with the code that says whose doing an error is, after saying what it is."""
    try:
        yield
    except QuestError as error:
        for fault in error.faults:
            for line in told(fault, root=Path.cwd()):
                console().print(line, markup=False)
        console().print(count(error.faults), markup=False)
        raise typer.Exit(Code.TO_MEND) from None
    except DatasetError as error:
        console().print(str(error), markup=False)
        raise typer.Exit(Code.TO_MEND) from None
    except SandboxError as error:
        said = f"no verdict, the sandbox fell down: {error}"
        console(stderr=True).print(said, markup=False)
        raise typer.Exit(Code.PLATFORM) from None


def scale_named(quest: Quest, name: str) -> str:
    """The scale, if the quest has it; leaves with USAGE otherwise."""
    if name not in quest.scales:
        raise wrong_word(
            "--scale", f'{quest.slug} has no scale "{name}"', name, list(quest.scales)
        )
    return name


def stage_named(quest: Quest, name: str) -> Stage:
    """The stage, if the quest has it; leaves with USAGE otherwise."""
    found = next((stage for stage in quest.stages if stage.slug == name), None)
    if found is None:
        slugs = [stage.slug for stage in quest.stages]
        raise wrong_word("--stage", f'{quest.slug} has no stage "{name}"', name, slugs)
    return found


def wrong_word(option: str, sentence: str, word: str, known: list[str]) -> typer.BadParameter:
    """The error of a word that does not exist, with the nearest that does."""
    return typer.BadParameter(f"{sentence}{did_you_mean(word, known)}", param_hint=option)


def folder_of(quest: Path) -> Path:
    """A quest's folder; leaves with USAGE where there is none."""
    if not (quest / "quest.yaml").is_file():
        raise typer.BadParameter(f"{quest} holds no quest.yaml", param_hint="QUEST")
    return quest


def folders_of(quest: Path) -> list[Path]:
    """The quest in a folder, or those below it; leaves with USAGE where there is none."""
    found = [quest] if (quest / "quest.yaml").is_file() else find_quests(quest)
    if not found:
        raise typer.BadParameter(f"{quest} holds no quest.yaml", param_hint="QUEST")
    return found
