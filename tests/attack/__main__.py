"""`make attack`: play every case against a site with each kind of rooms, and say what held."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console

from sandbox.docker_shell import DockerShells
from simulator.environment import ROOT
from simulator.serving.private import NotReady
from tests.attack import mutation, table
from tests.attack.case import Case
from tests.attack.catalogue import NOT_APPLICABLE, chosen
from tests.attack.stand import KINDS
from tests.attack.together import Found, Part, play

DEFAULT: Final = ("bubblewrap", "docker")
RUNTIME: Final = "python-ml"
NEEDS_ENGINE: Final = ("docker", "container")


def main() -> int:
    """Return 1 when anything is unsafe or unproven, 2 when something cannot be played at all."""
    began = time.monotonic()
    words = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 150)
    try:
        cases = chosen(words.ids)
        kinds, skipped = _kinds(words.shell)
        parts = _parts(words, cases, kinds)
        found = play(parts, console)
    except (LookupError, NotReady) as error:
        print(error, file=sys.stderr)
        return 2
    whole = not words.ids and not words.without
    return _judged(found, kinds, skipped, whole=whole, seconds=began, console=console)


def _judged(
    found: Found,
    kinds: Sequence[str],
    skipped: Mapping[str, str],
    *,
    whole: bool,
    seconds: float,
    console: Console,
) -> int:
    said = [*found.unplayed, *mutation.wrong("wall", found.walls)]
    said += mutation.wrong("rule", found.rules)
    if whole:
        said += [f"ESC-10 applies: {place}" for place in _places_for_an_address()]
    missing = {kind: _missing(kind) if whole else {} for kind in kinds}
    table.show(console, found.ran, missing)
    for what, left_out in (("wall", found.walls), ("rule", found.rules)):
        if left_out:
            mutation.show(what, left_out, console)
    for kind, why in skipped.items():
        console.print(f"[yellow]not played[/] {kind}: {why}", highlight=False)
    for each in said:
        console.print(f"[red]unproven[/] {each}", highlight=False)
    took = time.monotonic() - seconds
    table.keep(table.KEPT, found, missing, skipped=skipped, unproven=said, seconds=took)
    console.print(f"{table.counted(found.ran)} in {took:.0f} s", highlight=False)
    return 0 if all(each.safe for each in found.ran) and not said else 1


def _places_for_an_address() -> list[str]:
    """Ask the site, in a process of its own: Django is no part of this one."""
    words = [sys.executable, "-m", "tests.attack.absent"]
    told = subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout
    found: list[str] = json.loads(told)
    return found


def _kinds(asked: Sequence[str] | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Which kinds of rooms to attack, and why another is not. Raises LookupError."""
    kinds = tuple(asked or DEFAULT)
    why = DockerShells().why_not(RUNTIME) if set(kinds) & set(NEEDS_ENGINE) else None
    if why is None:
        return kinds, {}
    if asked or os.environ.get("SIM_REQUIRE_ALL") == "1":
        raise LookupError(why)
    return tuple(k for k in kinds if k not in NEEDS_ENGINE), dict.fromkeys(NEEDS_ENGINE[:1], why)


def _parts(words: argparse.Namespace, cases: Sequence[Case], kinds: Sequence[str]) -> list[Part]:
    if words.without:
        unknown = set(words.without) - set(mutation.known())
        if unknown:
            raise LookupError(f"no wall {unknown.pop()!r}: {', '.join(mutation.known())}")
        return [Part(kind=mutation.KIND, walls=words.without)]
    walls = mutation.known() if not words.ids else ()
    parts = [
        Part(
            kind=kind,
            cases=[case for case in cases if kind not in case.not_on],
            walls=walls if kind == mutation.KIND else (),
            rules=not words.ids and kind == mutation.KIND,
        )
        for kind in kinds
    ]
    found = [part for part in parts if part.cases]
    if not found:
        raise LookupError("nothing of this applies to these rooms")
    return found


def _missing(kind: str) -> dict[str, str]:
    """What does not apply to a kind of rooms, and why."""
    here = {case.id: case.not_on[kind] for case in chosen(()) if kind in case.not_on}
    return {**NOT_APPLICABLE, **here}


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
