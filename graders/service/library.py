"""How the checks of this library are made: a fixed name, the group and the kind."""

from collections.abc import Callable, Sequence

from graders.checking import Check, Praise
from graders.ready import Terms, ready
from graders.results import Group, Kind, Phase, Severity
from graders.workspace import Workspace


def library(
    name: str,
    judge: Callable[[Workspace], float | Praise | None],
    points: float,
    severity: Severity,
    needs: Sequence[Check | str],
    kind: Kind,
) -> Check:
    """Make a check of a service that runs."""
    terms: Terms = {
        "points": points,
        "severity": Severity(severity),
        "needs": needs,
        "phase": Phase.SERVICE,
    }
    return ready(judge, terms, name=name, group=Group.PRODUCTION, kind=kind)
