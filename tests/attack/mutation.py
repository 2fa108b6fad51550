"""Our own defences, one left out at a time: each must turn at least one case red.

A site with bubblewrap's rooms stands; for each wall a runner whose rooms lack it takes the place
of the site's own, and the cases that name the wall are played. First with nothing left out: then
none may be red, or the red ones would prove nothing.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.attack import expecting
from tests.attack.case import Case
from tests.attack.catalogue import CASES
from tests.attack.faults import taking_over
from tests.attack.learning import Unanswered
from tests.attack.plays import PLAYS
from tests.attack.scanner import leaks
from tests.attack.stand import Stand, serving
from tests.sandbox.walls.leaving import WALLS, runner_without

KIND: Final = "bubblewrap"


def without(walls: Iterable[str], console: Console) -> dict[str, list[str]]:
    """Play the cases of these walls without each; the ids of the red ones. Raises NotReady."""
    wanted = tuple(walls)
    with serving(KIND) as stand:
        all_of_them = [case for case in CASES if set(case.walls) & set(wanted)]
        found = {"nothing": _red(stand, None, all_of_them, console)}
        for wall in wanted:
            cases = [case for case in CASES if wall in case.walls]
            found[wall] = _red(stand, wall, cases, console)
    return found


def wrong(found: Mapping[str, list[str]]) -> list[str]:
    """Say what the table proves against us: nothing, when every wall is defended."""
    said = [f"{case} is red with every wall in its place" for case in found["nothing"]]
    said += [
        f"the wall {wall} can be left out, and no case turns red"
        for wall, red in found.items()
        if wall != "nothing" and not red
    ]
    return said


def known() -> tuple[str, ...]:
    """Every wall that can be left out of a room that still opens."""
    return WALLS


def show(found: Mapping[str, list[str]], console: Console) -> None:
    """Print which cases each wall turns red."""
    table = Table("left out", "cases that turn red")
    for wall, red in found.items():
        table.add_row(wall, ", ".join(red) or "[red]none[/]" if wall != "nothing" else "none")
    console.print(table)


def _red(stand: Stand, wall: str | None, cases: Iterable[Case], console: Console) -> list[str]:
    with _instead(stand, wall):
        found = {case.id: _complaints(stand, case) for case in cases}
    red = {name: said for name, said in found.items() if said}
    console.print(f"  without {wall or 'nothing'}: {', '.join(red) or 'none'}", highlight=False)
    for name, said in red.items() if wall is None else ():
        console.print(f"    {name}: {said}", highlight=False, markup=False)
    return list(red)


@contextmanager
def _instead(stand: Stand, wall: str | None) -> Iterator[None]:
    """Let rooms without a wall, over the same data, take the place of the site's."""
    with tempfile.TemporaryDirectory(prefix="sim-without-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # a shell is another user's
        with runner_without(wall, folder=folder) as socket:
            for data in stand.site.home.glob("warehouse/*/"):
                shutil.copytree(data, folder / "warehouse" / data.name)
            with taking_over(stand, socket):
                yield


def _complaints(stand: Stand, case: Case) -> list[str]:
    """What is wrong with a case, but for what a runner that stands in cannot be asked."""
    try:
        played = PLAYS[case.play](stand, case)
    except Unanswered as error:
        return [str(error)]
    said = [*played.said, *expecting.complaints(case, played.evidence, *played.others)]
    said += stand.canaries.complaints()
    return said + leaks(played.evidence.surfaces, stand.tokens())
