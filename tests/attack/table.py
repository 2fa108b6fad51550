"""Shows what became of the cases, and keeps the figures."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from simulator.environment import ROOT
from tests.attack.case import Case
from tests.attack.running import Ran
from tests.attack.together import Found

KEPT: Final = ROOT / ".sim" / "attack.json"
Missing = Mapping[str, Mapping[str, str]]  # by kind of rooms: what does not apply there, and why


def show(console: Console, ran: Sequence[Ran], missing: Missing) -> None:
    """Print a line a case, then what was wrong, then what does not apply.

    Beside each mark is how long the honest project took afterwards, against its usual time.
    """
    kinds = list(dict.fromkeys(each.kind for each in ran))
    table = Table("case", "does", *kinds, "the learner sees")
    for case in dict.fromkeys(each.case.id for each in ran):
        mine = {each.kind: each for each in ran if each.case.id == case}
        first = next(iter(mine.values()))
        marks = [_mark(mine.get(kind), first.case, kind) for kind in kinds]
        table.add_row(case, first.case.does, *marks, f"{first.case.sees} {first.came_to}")
    console.print(table)
    for each in ran:
        for said in each.complaints:
            console.print(f"[red]unsafe[/] {each.kind} {each.case.id}: {said}", highlight=False)
    for name, why in _shared(missing).items():
        console.print(f"does not apply: {name}: {why}", highlight=False)


def counted(ran: Sequence[Ran]) -> str:
    """How many cases were safe, in words."""
    kinds = dict.fromkeys(each.kind for each in ran)
    return "; ".join(
        f"{kind}: {sum(each.safe for each in ran if each.kind == kind)} of "
        f"{sum(each.kind == kind for each in ran)} cases safe"
        for kind in kinds
    )


def keep(
    path: Path,
    found: Found,
    missing: Missing,
    *,
    skipped: Mapping[str, str],
    unproven: Sequence[str],
    seconds: float,
) -> None:
    """Write the figures."""
    ran = found.ran
    figures = {
        "cases": len(ran),
        "safe": sum(each.safe for each in ran),
        "unsafe": [f"{each.kind}:{each.case.id}" for each in ran if not each.safe],
        "not_applicable": _shared(missing),
        "seconds": round(seconds, 1),
        "shells": {
            kind: _of(kind, [each for each in ran if each.kind == kind], missing.get(kind, {}))
            for kind in dict.fromkeys(each.kind for each in ran)
        },
        "walls": {wall: list(red) for wall, red in found.walls.items()},
        "rules": {rule: list(red) for rule, red in found.rules.items()},
        "unproven": list(unproven),
        "not_played": dict(skipped),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _of(kind: str, ran: Sequence[Ran], missing: Mapping[str, str]) -> dict[str, Any]:
    """The figures of one kind of rooms."""
    return {
        "cases": len(ran),
        "safe": sum(each.safe for each in ran),
        "unsafe": [each.case.id for each in ran if not each.safe],
        "not_applicable": dict(missing),
        "seconds": round(sum(each.seconds for each in ran), 1),
        "honest_ratio": round(statistics.median(each.ratio for each in ran), 2),
    }


def _shared(missing: Missing) -> dict[str, str]:
    """What does not apply anywhere by its id; what does somewhere, with the kind before it."""
    everywhere = set.intersection(*(set(some) for some in missing.values())) if missing else set()
    return {
        name if name in everywhere else f"{kind}:{name}": why
        for kind, some in missing.items()
        for name, why in some.items()
    }


def _mark(ran: Ran | None, case: Case, kind: str) -> str:
    if ran is None:
        return "–" if kind in case.not_on else ""
    mark = "[green]safe[/]" if ran.safe else "[red]UNSAFE[/]"
    return f"{mark} ×{ran.ratio:.1f}"
