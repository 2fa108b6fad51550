"""Attacks sites with rooms of several kinds side by side, and gathers what is told of each."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console

from simulator.environment import ROOT
from simulator.serving.private import NotReady
from tests.attack.case import Case
from tests.attack.catalogue import named
from tests.attack.mutation import NOTHING, Red
from tests.attack.rules import RULES
from tests.attack.running import Ran

NO_SITE: Final = 2  # how a part ends then


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is to be played on one site."""

    kind: str
    cases: Sequence[Case] = ()
    walls: Sequence[str] = ()
    rules: bool = False  # also the judge's


@dataclass(kw_only=True)
class Found:
    """What came of it."""

    ran: list[Ran] = field(default_factory=list)
    walls: dict[str, Red] = field(default_factory=dict)
    rules: dict[str, Red] = field(default_factory=dict)
    unplayed: list[str] = field(default_factory=list)  # a part of it ended before its end


def play(parts: Sequence[Part], console: Console) -> Found:
    """Play all parts at once. Raises NotReady when a site does not come up."""
    found = Found()
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        processes = [_begun(part) for part in parts]
        try:
            playing = [
                pool.submit(_followed, part, process, found, console)
                for part, process in zip(parts, processes, strict=True)
            ]
            for each in playing:
                each.result()
        finally:
            for process in processes:
                process.terminate()  # those that still play, when another cannot
    found.ran.sort(key=lambda ran: [part.kind for part in parts].index(ran.kind))
    return found


def _begun(part: Part) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "tests.attack.part", part.kind]
    words += ["--cases", *(case.id for case in part.cases), "--walls", *part.walls]
    words += ["--rules"] * part.rules
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _followed(
    part: Part, process: "subprocess.Popen[str]", found: Found, console: Console
) -> None:
    with process:
        for line in process.stdout or ():
            _note(part, json.loads(line), found, console)
    if process.returncode == NO_SITE:
        raise NotReady(f"{part.kind}: no site stands")
    found.unplayed += missing_of(part, found, process.returncode)


def missing_of(part: Part, found: Found, code: int) -> list[str]:
    """What a part should have told and has not, as complaints."""
    ran = {each.case.id for each in found.ran if each.kind == part.kind}
    left = [case.id for case in part.cases if case.id not in ran]
    left += [
        wall for wall in ((NOTHING, *part.walls) if part.walls else ()) if wall not in found.walls
    ]
    left += [rule for rule in (NOTHING, *RULES) if part.rules and rule not in found.rules]
    if code or left:
        return [f"{part.kind}: ended with {code}, without {', '.join(left) or 'a missing case'}"]
    return []


def _note(part: Part, told: Mapping[str, Any], found: Found, console: Console) -> None:
    kind = f"{part.kind:<10}"
    if "stands" in told:
        console.print(f"{kind} a site stands after {told['stands']:.1f} s", highlight=False)
    if "ran" in told:
        ran = _read(told["ran"])
        found.ran.append(ran)
        mark = "[green]safe[/]" if ran.safe else "[red]UNSAFE[/]"
        console.print(
            f"{kind} {mark} {ran.case.id} {ran.seconds:.1f} s {ran.came_to}", highlight=False
        )
        _complain(ran.complaints, console)
    for name, kept in (("wall", found.walls), ("rule", found.rules)):
        if name in told:
            left_out, red = told[name], told["red"]
            kept[left_out] = red
            words = f"{kind} without the {name} {left_out}: {', '.join(red) or 'none'}"
            console.print(words, highlight=False)
            if left_out == NOTHING:
                _complain((f"{case}: {said}" for case, said in red.items()), console)


def _complain(complaints: Iterable[str], console: Console) -> None:
    for said in complaints:
        console.print(f"    {said}", highlight=False, markup=False)


def _read(told: Mapping[str, Any]) -> Ran:
    (case,) = named([told["case"]])
    return Ran(**{**told, "case": case, "complaints": tuple(told["complaints"])})
