"""`make bench`: measure every section, or the one that is named; print and keep the figures."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from simulator.environment import ROOT
from tests.bench import judge, loop, room, site, soak

Section = Callable[[], dict[str, float]]
SECTIONS: dict[str, Section] = {
    "judge": judge.measure,
    "loop": loop.measure,
    "room": room.measure,
    "containers": room.measure_containers,
    "site": site.measure,
    "soak": soak.measure,
}
BOUNDS = {**judge.BOUNDS, **room.BOUNDS, **site.BOUNDS, **soak.BOUNDS}
KEPT = ROOT / ".sim" / "bench.json"


def main(words: list[str]) -> int:
    """Return 2 for a section that there is not."""
    unknown = [word for word in words if word not in SECTIONS]
    if unknown:
        print(f"no section {unknown[0]!r}; there are: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    figures: dict[str, float] = {}
    for name in words or SECTIONS:
        figures.update(SECTIONS[name]())
    _keep(KEPT, figures)
    _show(figures)
    return 0


def _keep(path: Path, figures: dict[str, float]) -> None:
    """Other sections' figures of an earlier run stay."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(sorted((known | figures).items())), indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def _show(figures: dict[str, float]) -> None:
    table = Table("figure", "value", "bound", "holds")
    table.columns[1].justify = "right"
    for name, value in figures.items():
        bound = BOUNDS.get(name)
        holds = "" if bound is None else "yes" if bound.holds(value) else "[bold red]no[/]"
        shown = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
        table.add_row(name, shown, "" if bound is None else str(bound), holds)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
