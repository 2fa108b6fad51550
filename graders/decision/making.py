"""How ready-made checks of documents, decisions, plans and experiments are made."""

from collections.abc import Callable, Sequence

from graders.checking import Check, Praise
from graders.ready import Terms, ready
from graders.results import Group, Phase, Severity
from graders.workspace import Workspace

Truth = float | str | Callable[[Workspace], float]
"""A number of the quest: itself, a dotted key of exact.json or calibration.json, or a function."""

Needs = Sequence[Check | str]


def library(
    name: str,
    judge: Callable[[Workspace], Praise | None],
    *,
    points: float,
    severity: str,
    needs: Needs,
    phase: Phase = Phase.STATIC,
) -> Check:
    """A ready check of the business group. Raises ValueError for negative points."""
    terms: Terms = {
        "points": points,
        "severity": Severity(severity),
        "needs": needs,
        "phase": phase,
    }
    return ready(judge, terms, name=name, group=Group.BUSINESS, kind="document")


def true_number(work: Workspace, truth: Truth) -> float:
    """The number that a truth stands for. Raises KeyError for a key nobody wrote."""
    if callable(truth):
        return float(truth(work))
    return work.number(truth) if isinstance(truth, str) else float(truth)
