"""Say all that is wrong with a quest, without running it: file, line and the mend.

No sandbox, no data, no site: it reads the folder and imports the author's checks. It leaves with
0 when nothing stops the quest, with 1 when something does, and with 2 when there is no quest.
"""

import enum
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from graders.excerpts import relative
from graders.faults import Fault, Level
from graders.inspecting import inspect_quest
from graders.loading import find_quests
from graders.workshop.mending import mend
from simulator.cli import faults as printed
from simulator.cli.printing import Code, console


class Format(enum.StrEnum):
    """Who reads the faults."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


_PRINTERS = {
    Format.TEXT: printed.as_text,
    Format.JSON: printed.as_json,
    Format.GITHUB: printed.as_github,
}


def command(  # noqa: PLR0913 - one parameter an option
    quest: Annotated[
        Path, typer.Argument(help="A quest's folder, or one of many quests.")
    ] = Path(),
    *,
    stage: Annotated[str | None, typer.Option(help="One stage; without it, all.")] = None,
    form: Annotated[
        Format, typer.Option("--format", help="text, json, or github for a build's annotations.")
    ] = Format.TEXT,
    warnings: Annotated[
        bool, typer.Option("--warnings/--no-warnings", help="Whether warnings are told.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count, too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what has one mend, and remember which texts match.")
    ] = False,
    translated: Annotated[
        bool, typer.Option("--translated", help="With --fix: both languages say the same now.")
    ] = False,
) -> None:
    begin = time.monotonic()
    folders = [quest] if (quest / "quest.yaml").is_file() else find_quests(quest)
    if not folders:
        console(stderr=True).print(f"there is no quest in {quest}: no quest.yaml", markup=False)
        raise typer.Exit(Code.USAGE)
    if translated and not fix:
        raise typer.BadParameter("it goes with --fix", param_hint="--translated")
    for folder in folders if fix else ():
        _fix(folder, all_match=translated)
    found = [fault for folder in folders for fault in inspect_quest(folder, only=stage)]
    shown = [fault for fault in found if warnings or strict or fault.level is Level.ERROR]
    for line in _lines(shown, form, seconds=time.monotonic() - begin):
        console().print(line, markup=False)
    counted = [fault for fault in found if strict or fault.level is Level.ERROR]
    raise typer.Exit(Code.TO_MEND if counted else Code.DONE)


def _fix(folder: Path, *, all_match: bool) -> None:
    """Mend and tell, on the error stream: the other one is for what is left."""
    for done in mend(folder, all_match=all_match):
        place = f"{relative(done.path, Path.cwd())}:{done.line}"
        console(stderr=True).print(f"mended: {place} {done.code} {done.what}", markup=False)


def _lines(found: Sequence[Fault], form: Format, *, seconds: float) -> Iterator[str]:
    yield from _PRINTERS[form](found, root=Path.cwd(), seconds=seconds)
