"""What checks wait for: no circles, and nothing that comes later."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graders.checking import Check
from graders.faults import Fault
from graders.results import Phase
from graders.scanning import fault_at


def need_faults(folder: Path, checks: Sequence[Check]) -> Iterator[Fault]:
    """Checks that wait for each other, or for one that has not run when their turn comes."""
    order = list(Phase)
    by_name = {check.name: check for check in checks}
    for check in checks:
        way = _way_back(check.name, by_name)
        if way:
            message = f"{' needs '.join(way)}: none of them would ever run"
            yield fault_at(folder, check, "C314", message, word=way[1])
            continue
        for need in check.needs:
            other = by_name.get(need)
            if other is None or other.phase is None or check.phase is None:
                continue
            if order.index(other.phase) > order.index(check.phase):
                message = f'{check.name} needs "{need}", which runs later: in {other.phase}'
                yield fault_at(folder, check, "C315", message, word=need)


def _way_back(name: str, by_name: Mapping[str, Check]) -> list[str]:
    """The needs that lead from a check back to itself."""
    ways = [[name]]
    seen: set[str] = set()
    for way in ways:
        check = by_name.get(way[-1])
        for need in check.needs if check else ():
            if need == name:
                return [*way, name]
            if need not in seen:
                seen.add(need)
                ways.append([*way, need])
    return []
