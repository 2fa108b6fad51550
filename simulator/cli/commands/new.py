"""Start a quest of two stages that works, or add a stage to one; then make its words yours.

`sim new late-parcels` makes the folder quests/late_parcels, with everything in both languages:
it passes `sim check` and `sim verify` as it is, and `sim check` lists what is left to rewrite.
`sim new price-tags --stages clean,jumps` makes a quest of those stages, each to be filled.
`sim new service --in quests/late_parcels` adds a stage to that quest.
"""

from pathlib import Path
from typing import Annotated

import typer

from graders.excerpts import relative
from graders.faults import QuestError
from graders.loading import load_quest
from simulator.cli.printing import Code, console
from simulator.cli.scaffolding import CannotStart, new_quest, new_stage


def command(
    name: Annotated[str, typer.Argument(help="The slug of the quest, or of the stage with --in.")],
    *,
    inside: Annotated[
        Path | None, typer.Option("--in", help="Add a stage to the quest in this folder.")
    ] = None,
    stages: Annotated[
        str, typer.Option(help="Slugs of stages, with commas, instead of the example's two.")
    ] = "",
    below: Annotated[
        Path, typer.Option("--below", help="The folder that holds the quests.")
    ] = Path("quests"),
) -> None:
    named = [slug.strip() for slug in stages.split(",") if slug.strip()]
    try:
        if inside:
            folder = new_stage(load_quest(inside), name)
        else:
            folder = new_quest(name, below=below, stages=named)
    except (CannotStart, QuestError) as error:
        console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(Code.USAGE) from None
    quest = relative(inside or folder, Path.cwd())
    out = console()
    out.print(relative(folder, Path.cwd()), markup=False)
    out.print(
        f"next: sim check {quest}    what is left to write, each place with a ✎", markup=False
    )
    out.print(f"      sim verify {quest}   every work before every check", markup=False)
