"""The author's words for a check: mark a function with `check`, say `praise` for good work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graders.failures import plain
from graders.results import Group, Kind, Param, Phase, Severity
from graders.workspace import Workspace

GroupName = Literal["production", "tests", "metrics", "business"]
SeverityName = Literal["blocker", "major", "minor", "note", "praise"]
KindName = Literal[
    "exact",
    "consistency",
    "invariance",
    "directional",
    "negation",
    "contract",
    "resource",
    "static",
    "mutation",
    "metric",
    "document",
]


@dataclass(frozen=True, kw_only=True)
class Praise:
    """All points, and a specific good word: a reason of the messages with its parameters."""

    reason: str
    params: dict[str, Param] = field(default_factory=dict)


Judge = Callable[[Workspace], float | Praise | None]
"""A check's function: nothing or praise earns all points, a float from 0 to 1 that share."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One judgement with points. Still an ordinary callable: ``a_check(work)`` runs it."""

    name: str
    judge: Judge
    group: Group
    points: float
    severity: Severity
    kind: Kind
    needs: tuple[str, ...] = ()
    phase: Phase | None = None  # None: by the file it stands in, until it is loaded
    about: str = ""  # the first line of the docstring, for authors
    file: str = ""  # where it stands in its stage, once it is loaded
    line: int = 1

    def __call__(self, work: Workspace) -> float | Praise | None:
        """Judge the work. Raises Fail, Ended, SandboxError, and whatever a slip raises."""
        return self.judge(work)


def check(
    *,
    group: GroupName,
    points: float,
    severity: SeverityName = "major",
    kind: KindName = "exact",
    needs: Sequence[Check | str] = (),
    phase: Phase | None = None,
) -> Callable[[Judge], Check]:
    """Mark a function as a check worth `points`.

    `needs` lists checks (or their names, for a check of the other file) without which this one
    is skipped. `phase` is by default PUBLIC in checks.py and HIDDEN in hidden_checks.py.
    """
    if points < 0:
        raise ValueError(f"points are not negative: {points}")

    def mark(judge: Judge) -> Check:
        return Check(
            name=judge.__name__,
            judge=judge,
            group=Group(group),
            points=points,
            severity=Severity(severity),
            kind=Kind(kind),
            needs=tuple(need if isinstance(need, str) else need.name for need in needs),
            phase=phase,
            about=(judge.__doc__ or "").strip().partition("\n")[0],
        )

    return mark


def praise(reason: str, **params: object) -> Praise:
    """Return this from a check: all points, and the message of `reason` as a good word."""
    return Praise(reason=reason, params={name: plain(value) for name, value in params.items()})
