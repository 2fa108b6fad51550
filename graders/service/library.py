"""How the checks of this library are made: a fixed name, the group and the kind."""

from collections.abc import Callable, Sequence

from graders.checking import Check, Praise
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
    return Check(
        name=name,
        judge=judge,
        group=Group.PRODUCTION,
        points=points,
        severity=Severity(severity),
        kind=kind,
        needs=tuple(need if isinstance(need, str) else need.name for need in needs),
        phase=Phase.SERVICE,
        about=name.replace("_", " "),
    )
