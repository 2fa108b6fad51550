"""`make attack`: play every case against a site with each kind of rooms, and say what held."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console

from simulator.serving.private import NotReady
from tests.attack import invariants, mutation, table
from tests.attack.case import Case
from tests.attack.catalogue import NOT_APPLICABLE, chosen
from tests.attack.running import Ran, run
from tests.attack.stand import KINDS, serving

DEFAULT = ("bubblewrap", "docker")


def main() -> int:
    """Return 1 when anything is unsafe, 2 when a site does not come up or a case is unknown."""
    words = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        if words.without:
            return _without(words.without, console)
        cases = chosen(words.ids)
        ran = [each for kind in words.shell or DEFAULT for each in _on(kind, cases, console)]
        walls = {} if words.ids or words.shell else mutation.without(mutation.known(), console)
    except (LookupError, NotReady) as error:
        print(error, file=sys.stderr)
        return 2
    missing = {} if words.ids else {**NOT_APPLICABLE, **_left_out(cases)}
    table.show(console, ran, missing)
    table.keep(table.KEPT, ran, missing, walls=walls)
    unproven = _unproven(walls, console) if walls else []
    return 0 if ran and all(each.safe for each in ran) and not unproven else 1


def _without(walls: list[str], console: Console) -> int:
    unknown = set(walls) - set(mutation.known())
    if unknown:
        raise LookupError(f"there is no wall {unknown.pop()!r}; {', '.join(mutation.known())}")
    return 1 if _unproven(mutation.without(walls, console), console) else 0


def _unproven(walls: Mapping[str, list[str]], console: Console) -> list[str]:
    mutation.show(walls, console)
    said = mutation.wrong(walls)
    for each in said:
        console.print(f"[red]unproven[/]: {each}", highlight=False)
    return said


def _on(kind: str, cases: Iterable[Case], console: Console) -> Iterator[Ran]:
    began = time.monotonic()
    with serving(kind) as stand:
        invariants.prepare(stand)
        console.print(f"{kind}: a site stands after {time.monotonic() - began:.1f} s")
        for case in cases:
            if kind not in case.not_on:
                yield _told(run(stand, case), console)


def _told(ran: Ran, console: Console) -> Ran:
    mark = "[green]safe[/]" if ran.safe else "[red]UNSAFE[/]"
    console.print(f"  {mark} {ran.case.id} {ran.seconds:.1f} s {ran.came_to}", highlight=False)
    for said in ran.complaints:
        console.print(f"    {said}", highlight=False, markup=False)
    return ran


def _left_out(cases: Iterable[Case]) -> dict[str, str]:
    return {f"{kind}:{case.id}": why for case in cases for kind, why in case.not_on.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("ids", nargs="*", help="cases or groups: ESC-01, RES; default: all")
    parser.add_argument("--shell", action="append", choices=[*KINDS], help="default: both shells")
    parser.add_argument(
        "--without", action="append", metavar="WALL", help="only: play its cases without a wall"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
