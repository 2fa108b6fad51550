"""Measure thresholds, noise and limits over many draws, and propose them as a diff.

`calibrate.py` of the quest says what is measured and by which rule a threshold follows; the
procedure is the same for every quest. Where an ordering does not hold (heuristic below reference
below oracle), that is said and nothing is proposed: change the world, never the number.

Leaves with 0 when nothing is to be changed, or `--write` has changed it; 1 when the files differ
from what was measured.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from graders.quest import Quest
from graders.workshop.calibrating import CannotCalibrate, Proposal, Used, measured, proposals
from graders.workshop.limits import used_by
from graders.workshop.proving import sound_quest
from graders.workshop.workbench import SHELLS, home_of
from simulator.cli.authoring import blamed, folder_of, scale_named
from simulator.cli.printing import Code, console


def command(  # noqa: PLR0913 - one parameter an option
    quest: Annotated[Path, typer.Argument(help="The quest's folder.")],
    *,
    draws: Annotated[int | None, typer.Option(help="Hidden draws a scale.", min=2)] = None,
    scale: Annotated[
        list[str] | None, typer.Option(help="Only check the orderings at this scale; repeatable.")
    ] = None,
    limits: Annotated[
        bool, typer.Option("--limits", help="Measure what the accepted works use in rooms.")
    ] = False,
    thresholds: Annotated[
        bool | None,
        typer.Option(
            "--thresholds/--no-thresholds",
            help="Run calibrate.py; with --limits alone, where there is one.",
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
    shell: Annotated[str, typer.Option(help=f"Rooms of: {', '.join(SHELLS)}.")] = "auto",
    home: Annotated[Path | None, typer.Option(help="Where data and runtimes are kept.")] = None,
) -> None:
    out, own = console(), home_of(home).absolute()
    try:
        with blamed():
            found = sound_quest(folder_of(quest))
            scales = [scale_named(found, name) for name in scale or ()]
            declared = (found.folder / "calibrate.py").is_file() or not limits
            run = declared if thresholds is None else thresholds
            report = measured(found, home=own, draws=draws, scales=scales) if run else ""
            used = used_by(found, home=own, shell=shell) if limits else []
    except CannotCalibrate as reason:
        out.print(str(reason), markup=False)
        raise typer.Exit(Code.TO_MEND) from None
    _tell_limits(found, used, out)
    proposed = proposals(found, report, used)
    _tell(proposed, out, write=write)
    raise typer.Exit(Code.TO_MEND if proposed and not write else Code.DONE)


def _tell(proposed: list[Proposal], out: Console, *, write: bool) -> None:
    for proposal in proposed:
        for line in proposal.diff:
            out.print(line, markup=False)
        if write:
            proposal.write()
            out.print(f"written: {proposal.path}", markup=False)
    if not proposed:
        out.print("nothing is to be changed")
    elif not write:
        out.print("nothing is changed; --write does it")


def _tell_limits(quest: Quest, used: list[Used], out: Console) -> None:
    for one in used:
        limits = quest.stage(one.stage).limits or quest.limits
        out.print(
            f"{one.stage}: at most {one.wall_seconds:.1f} of {limits.wall_seconds:g} s,"
            f" {one.cpu_seconds:.1f} of {limits.cpu_seconds:g} s of processor,"
            f" {one.memory_mb:.0f} of {limits.memory_mb} MB in a step",
            markup=False,
        )
