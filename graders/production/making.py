"""How a ready-made check of production-readiness is put together."""

from collections.abc import Callable, Sequence

from graders.checking import Check, KindName
from graders.failures import Fail
from graders.production.reading import FileFacts, Spot, project_facts, shown
from graders.ready import Terms
from graders.ready import ready as made
from graders.results import Group, Phase, Severity
from graders.workspace import Workspace

Needs = Sequence[Check | str]


def ready(
    name: str,
    judge: Callable[[Workspace], None],
    *,
    points: float,
    severity: Severity,
    needs: Needs,
    phase: Phase = Phase.STATIC,
) -> Check:
    """A check with a fixed name, whose texts are in ``graders/messages/production.yaml``."""
    terms: Terms = {
        "points": points,
        "severity": Severity(severity),
        "needs": needs,
        "phase": phase,
    }
    kind: KindName = "static" if phase is Phase.STATIC else "contract"
    return made(judge, terms, name=name, group=Group.PRODUCTION, kind=kind)


def none_of(spots: Sequence[Spot], reason: str) -> None:
    """Fail for `reason` when there are places."""
    if spots:
        raise Fail(reason, {"found": len(spots)}, locations=shown(spots))


def spots(
    work: Workspace, lines: Callable[[FileFacts], list[int]], *, package: bool
) -> list[Spot]:
    """The places that `lines` picks: of the package's files that are due, or of all but tests."""
    return [
        Spot(path=path, line=line)
        for path, facts in project_facts(work).items()
        if is_looked_at(work, path, package=package)
        for line in lines(facts)
    ]


def is_looked_at(work: Workspace, path: str, *, package: bool) -> bool:
    """Whether a check looks at a file: tests may be what they like, and what is due later may."""
    if package:
        return path.startswith(f"{work.quest.package}/") and work.due(path)
    return not path.startswith("tests/")
