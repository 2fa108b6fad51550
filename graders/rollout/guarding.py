"""Guardrails: what a rollout must not break while it earns, with the noise of its sample.

A breach is a point estimate beyond the limit whose one-sided 95 % bound lies beyond it, too; a
point alone is a warning.
"""

import enum
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graders.quest import Guardrail
from graders.rollout.worlds import Flags, Floats, Outcome, Rail

Z_ONE_SIDED = 1.6448536269514722
_KEPT = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


class Held(enum.StrEnum):
    """How a guardrail came through."""

    KEPT = "kept"
    WARNED = "warned"
    BREACHED = "breached"


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """One guardrail, measured."""

    rail: Rail
    op: str
    limit: float
    value: float
    se: float
    held: Held

    @property
    def breached(self) -> bool:
        """Whether nothing may go live."""
        return self.held is Held.BREACHED


def guard(
    rails: Sequence[Rail],
    limits: Sequence[Guardrail],
    outcomes: Sequence[Outcome],
    arms: Sequence[Flags],
    whole: Sequence[Outcome],
) -> tuple[Guarded, ...]:
    """Measure every guardrail on the treated decisions. Raises KeyError for one without limit.

    `whole` is what each step would be with the policy on everybody, for promises about its list.
    """
    known = {limit.metric: limit for limit in limits}
    return tuple(
        _of_lists(rail, known[rail.metric], whole)
        if rail.whole
        else _guarded(rail, known[rail.metric], outcomes, arms)
        for rail in rails
    )


def _of_lists(rail: Rail, limit: Guardrail, whole: Sequence[Outcome]) -> Guarded:
    shares = [float(one.counts[rail.count].mean()) for one in whole]
    value = max(shares) if limit.op.startswith("<") else min(shares)
    kept = _KEPT[limit.op](value, limit.value)
    held = Held.KEPT if kept else Held.WARNED if rail.only_warns else Held.BREACHED
    return Guarded(rail=rail, op=limit.op, limit=limit.value, value=value, se=0.0, held=held)


def _guarded(
    rail: Rail, limit: Guardrail, outcomes: Sequence[Outcome], arms: Sequence[Flags]
) -> Guarded:
    value, variance = _ratio(rail, outcomes, arms)
    if rail.against == "control":
        base, noise = _ratio(rail, outcomes, [~arm for arm in arms])
        value, variance = value - base, variance + noise
    se = math.sqrt(variance)
    toward = -1.0 if limit.op.startswith("<") else 1.0
    kept = _KEPT[limit.op]
    held = Held.KEPT
    if not kept(value, limit.value):
        surely = not kept(value + toward * Z_ONE_SIDED * se, limit.value)
        held = Held.BREACHED if surely and not rail.only_warns else Held.WARNED
    return Guarded(rail=rail, op=limit.op, limit=limit.value, value=value, se=se, held=held)


def _ratio(rail: Rail, outcomes: Sequence[Outcome], arms: Sequence[Flags]) -> tuple[float, float]:
    """The count per decision, or per another count, and its variance (delta method)."""
    top = _column(rail.count, outcomes, arms)
    bottom = np.ones(len(top)) if rail.over is None else _column(rail.over, outcomes, arms)
    if len(top) < 2 or bottom.sum() <= 0:  # noqa: PLR2004 - a variance needs two
        return 0.0, 0.0
    value = top.sum() / bottom.sum()
    residual = top - value * bottom
    return float(value), float(residual.var(ddof=1) / len(top) / bottom.mean() ** 2)


def _column(count: str, outcomes: Sequence[Outcome], arms: Sequence[Flags]) -> Floats:
    parts = [one.counts[count][arm] for one, arm in zip(outcomes, arms, strict=True)]
    return np.concatenate(parts) if parts else np.empty(0)
