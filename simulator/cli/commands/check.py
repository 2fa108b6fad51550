"""Say all that is wrong with a quest, without running it: file, line and the mend."""

from pathlib import Path
from typing import Annotated

import typer

from graders.loading import inspect
from simulator.cli.printing import Code, console


def command(
    quest: Annotated[Path, typer.Argument(help="The quest's folder.")],
    stage: Annotated[str | None, typer.Option(help="One stage; without it, all.")] = None,
) -> None:
    faults = inspect(quest, only=stage)
    out = console()
    for fault in faults:
        out.print(str(fault), markup=False)
    if faults:
        raise typer.Exit(Code.TO_MEND)
