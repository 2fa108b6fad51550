"""Publish a quest: an immutable bundle by its hash, refused unless exactly this was proven.

Compares with the version that was published last and says which step its changes ask for:
words a patch, judging a minor, contract, data or harder thresholds a major one.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from graders.workshop.proving import sound_quest
from graders.workshop.publishing import CannotPublish, Plan, plan, publish
from graders.workshop.workbench import home_of
from simulator.cli.authoring import blamed, folder_of
from simulator.cli.printing import Code, console

_SHELF = "published"
_SHOWN = 30


def command(
    quest: Annotated[Path, typer.Argument(help="The quest's folder.")],
    *,
    to: Annotated[
        Path | None, typer.Option(help="The shelf of bundles; without it, `published` at home.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    home: Annotated[Path | None, typer.Option(help="Where proofs are kept.")] = None,
) -> None:
    out = console()
    own = home_of(home).absolute()
    shelf = (to or own / _SHELF).absolute()
    try:
        with blamed():
            what = plan(sound_quest(folder_of(quest)), shelf=shelf, home=own)
        _tell(what, out)
        if dry_run:
            return
        place = publish(what, shelf=shelf)
    except CannotPublish as reason:
        out.print(f"not published: {reason}", markup=False)
        raise typer.Exit(Code.TO_MEND) from None
    out.print(f"published {place}", markup=False)


def _tell(what: Plan, out: Console) -> None:
    quest = what.quest
    if what.last is None:
        out.print(f"{quest.slug} {quest.version}, the first version", markup=False)
        return
    out.print(f"{quest.slug} {what.last.version} → {quest.version}", markup=False)
    for change in what.changes[:_SHOWN]:
        out.print(f"  {change.bump.name.lower():<5} {change.what}: {change.why}", markup=False)
    if len(what.changes) > _SHOWN:
        out.print(f"  and {len(what.changes) - _SHOWN} more")
    if what.needless:
        out.print("  note: no change asks for so large a step; learners half way feel it")
