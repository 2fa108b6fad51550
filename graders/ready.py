"""How a check library makes a ready check: what every maker takes, and the `Check` it answers.

    ranks = metrics.scored(auc, points=20, baseline=0.6, target=0.7, name="ranks_who_leaves")

A maker's own parameters come first; these terms are the same for each.
"""

from collections.abc import Sequence
from typing import Required, TypedDict

from graders.checking import Check, Judge, KindName, SeverityName
from graders.results import Group, Kind, Phase, Severity


class Terms(TypedDict, total=False):
    """What an author may say of any ready check."""

    points: Required[float]  # what it is worth
    name: str  # instead of the library's; its title and brief then stand in messages.yaml
    severity: SeverityName | Severity
    needs: Sequence[Check | str]  # checks without which this one is skipped
    phase: Phase  # by default the file's: PUBLIC in checks.py, HIDDEN in hidden_checks.py


def ready(  # noqa: PLR0913 - what a check is, once, for every library
    judge: Judge,
    terms: Terms,
    *,
    name: str,
    group: Group,
    kind: KindName | Kind,
    severity: SeverityName = "major",
    about: str = "",
) -> Check:
    """The check of a maker: the author's terms, and the library's word where they say nothing.

    Raises ValueError for negative points, so that a quest does not load.
    """
    if terms["points"] < 0:
        raise ValueError(f"points are not negative: {terms['points']}")
    needs = terms.get("needs", ())
    return Check(
        name=terms.get("name", name),
        judge=judge,
        group=group,
        points=terms["points"],
        severity=Severity(terms.get("severity", severity)),
        kind=Kind(kind),
        needs=tuple(need if isinstance(need, str) else need.name for need in needs),
        phase=terms.get("phase"),
        about=about or name.replace("_", " "),
    )
