"""Our own defences, one left out at a time: each must turn at least one case red.

For each wall a runner whose rooms lack it takes the place of the site's own, and the cases that
name the wall are played. First with nothing left out: then none may be red, or the red ones would
prove nothing. While one runner is at work, the next one comes up.
"""

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError
from tests.attack import expecting
from tests.attack.case import Case
from tests.attack.catalogue import CASES
from tests.attack.faults import taking_over
from tests.attack.learning import Unanswered
from tests.attack.plays import PLAYS
from tests.attack.scanner import leaks
from tests.attack.stand import Stand
from tests.sandbox.conftest import LIMITS
from tests.sandbox.walls.attacks import ATTACKS, module
from tests.sandbox.walls.leaving import WALLS, runner_without

KIND: Final = "bubblewrap"
NOTHING: Final = "nothing"
ROOMY: Final = replace(LIMITS, memory_mb=8192)
COMING_BACK_SECONDS: Final = 60.0
Red = Mapping[str, list[str]]  # what was said of each case that turned red


def without(stand: Stand, walls: Iterable[str]) -> Iterator[tuple[str, Red]]:
    """Play the cases of these walls without each; yields which turned red, NOTHING first."""
    wanted = tuple(walls)
    cases = {wall: [case for case in CASES if wall in case.walls] for wall in wanted}
    cases = {
        NOTHING: [*{case.id: case for some in cases.values() for case in some}.values()]
    } | cases
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-wall") as pool:
        coming = pool.submit(_Instead, stand, NOTHING)
        try:
            for wall, after in zip(cases, [*wanted, None], strict=True):
                instead = coming.result()
                if after is not None:
                    coming = pool.submit(_Instead, stand, after)
                with instead as socket, taking_over(stand, socket):
                    red = _red(stand, wall, cases[wall], socket)
                yield wall, red
        finally:
            coming.result().close()


def wrong(what: str, found: Mapping[str, Red]) -> list[str]:
    """Say what the table proves against us: nothing, when every wall (or rule) is defended."""
    said = [
        f"{case} is red with every {what} in its place: {why}"
        for case, why in found.get(NOTHING, {}).items()
    ]
    said += [
        f"the {what} {wall!r} can be left out, and no case turns red"
        for wall, red in found.items()
        if wall != NOTHING and not red
    ]
    return said


def known() -> tuple[str, ...]:
    """Every wall that can be left out of a room that still opens."""
    return WALLS


def show(what: str, found: Mapping[str, Red], console: Console) -> None:
    """Print which cases each wall, or rule, turns red."""
    table = Table(f"{what} left out", "cases that turn red")
    for wall, red in found.items():
        table.add_row(wall, ", ".join(red) or ("none" if wall == NOTHING else "[red]none[/]"))
    console.print(table)


class _Instead:
    """A runner without a wall, over the same data, that is up once this is made."""

    def __init__(self, stand: Stand, wall: str) -> None:
        with ExitStack() as stack:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-without-"))
            folder = Path(name)
            folder.chmod(0o755)  # a shell is another user's
            left_out = None if wall == NOTHING else wall
            self._socket = stack.enter_context(runner_without(left_out, folder=folder))
            for data in stand.site.home.glob("warehouse/*/"):
                shutil.copytree(data, folder / "warehouse" / data.name)
            self._stack = stack.pop_all()

    def __enter__(self) -> Path:
        return self._socket

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it; once is enough."""
        self._stack.close()


def _complaints(stand: Stand, case: Case) -> list[str]:
    """What is wrong with a case, but for what a runner that stands in cannot be asked.

    Raises Unanswered when there is no verdict, twice: that proves nothing about a wall.
    """
    try:
        played = PLAYS[case.play](stand, case)
    except Unanswered:
        played = PLAYS[case.play](stand, case)
    said = [*played.said, *expecting.complaints(case, played.evidence, *played.others)]
    said += stand.canaries.complaints()
    return said + leaks(played.evidence.surfaces, stand.tokens())


def _red(stand: Stand, wall: str, cases: Iterable[Case], socket: Path) -> Red:
    """The cases that turn red. One without a verdict proves nothing: its attack is tried alone."""
    found = {}
    for case in cases:
        try:
            found[case.id] = _complaints(stand, case)
        except Unanswered as error:
            found[case.id] = [str(error)] if wall == NOTHING else _in_one_room(wall, socket)
    return {name: said for name, said in found.items() if said}


def _in_one_room(wall: str, socket: Path) -> list[str]:
    """What the wall's attack gets from a room of its own.

    Without some walls no grading comes to its end: what tidies up behind a step ends the whole
    shell. A call tells before that what the wall keeps shut, given memory for all of the shell.
    """
    attack = ATTACKS.get(wall)
    deadline = time.monotonic() + COMING_BACK_SECONDS
    while attack is not None and time.monotonic() < deadline:
        try:
            with RunnerSandbox(socket).open(
                runtime="python-ml", limits=ROOMY, data="given"
            ) as room:
                room.upload({"m.py": module(attack.body)})
                found = room.call("m:attempt").value is True
        except SandboxError:  # the shell that the last room ended is not up again
            time.sleep(0.5)
            continue
        return [f"in one room, what the wall {wall} keeps shut is open"] * found
    return []
