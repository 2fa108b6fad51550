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

KEPT: Final = ROOT / ".sim" / "attack.json"


def show(console: Console, ran: Sequence[Ran], not_applicable: Mapping[str, str]) -> None:
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
    for name, why in not_applicable.items():
        console.print(f"does not apply: {name}: {why}", highlight=False)


def keep(path: Path, ran: Sequence[Ran], not_applicable: Mapping[str, str], **more: Any) -> None:
    """Write the figures."""
    figures = {
        "cases": len(ran),
        "safe": sum(each.safe for each in ran),
        "unsafe": [f"{each.kind}:{each.case.id}" for each in ran if not each.safe],
        "not_applicable": dict(not_applicable),
        "kinds": {
            kind: {
                "cases": sum(each.kind == kind for each in ran),
                "safe": sum(each.safe for each in ran if each.kind == kind),
                "seconds": round(sum(each.seconds for each in ran if each.kind == kind), 1),
                "honest_ratio": statistics.median(each.ratio for each in ran if each.kind == kind),
            }
            for kind in dict.fromkeys(each.kind for each in ran)
        },
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _mark(ran: Ran | None, case: Case, kind: str) -> str:
    if ran is None:
        return "–" if kind in case.not_on else ""
    mark = "[green]safe[/]" if ran.safe else "[red]UNSAFE[/]"
    return f"{mark} ×{ran.ratio:.1f}"
