"""The rows of an experiment: one a decision, or one a switched unit where money is a ratio.

What was randomised is what is compared. Cells that switch together are summed to their block, and
the metric is a ratio of sums; its variance comes from the blocks (delta method).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from graders.failures import Fail
from graders.rollout.assignment import Keys
from graders.rollout.estimators import Effect, cuped, ratio, welch
from graders.rollout.worlds import Flags, Floats, Outcome

_LEAST = 2  # a variance needs two


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One row a unit: its key, its money, and what the money is told per."""

    units: Keys
    money: Floats
    per: Floats | None = None
    before: Floats | None = None
    decisions: Floats  # money, decision by decision
    clusters: bool = False  # `per` counts decisions: the mean of rows that hang together

    @property
    def values(self) -> Floats:
        """A number a unit whose mean is the metric and whose spread is that of its estimate."""
        if self.per is None:
            return self.money
        metric = self.money.sum() / self.per.sum()
        residual = self.money - metric * self.per
        values: Floats = metric + residual / self.per.mean()
        return values

    def effect(self, new: Flags, *, alpha: float) -> Effect:
        """Treatment less control. Raises Fail where an arm has less than two units."""
        if min(int(new.sum()), int((~new).sum())) < _LEAST:
            raise Fail("too_few_units", {"units": len(new)})
        if self.per is not None:
            arms = ((self.money[side], self.per[side]) for side in (~new, new))
            found = ratio(*arms, alpha=alpha)
            return replace(found, method="clustered") if self.clusters else found
        if self.before is None:
            return welch(self.money[~new], self.money[new], alpha=alpha)
        old = (self.money[~new], self.before[~new])
        return cuped(old, (self.money[new], self.before[new]), alpha=alpha)


def counted(
    outcomes: Sequence[Outcome],
    units: Sequence[Keys],
    before: Floats | None = None,
    *,
    coarse: bool = False,
) -> Counted:
    """The rows of some steps, in the order of the decisions or, where they are summed, of keys.

    `coarse`: a unit has many decisions. Then what was known before takes its share of each of
    them, and a unit's row is the sum of what it decides.
    """
    keys = np.concatenate(list(units))
    money = np.concatenate([one.money for one in outcomes])
    parts = [one.per for one in outcomes if one.per is not None]
    if not parts and not coarse:
        return Counted(units=keys, money=money, before=before, decisions=money)
    per = np.concatenate(parts) if parts else np.ones(len(money))
    left = money if before is None else _adjusted(money, before)
    found, place = np.unique(keys, return_inverse=True)
    return Counted(
        units=found,
        money=np.bincount(place, weights=left).astype(np.float64),
        per=np.bincount(place, weights=per).astype(np.float64),
        decisions=money,
        clusters=not parts,
    )


def _adjusted(money: Floats, before: Floats) -> Floats:
    """What is left of the money when what was known before is accounted for."""
    spread = float(((before - before.mean()) ** 2).sum())
    inside = float(((before - before.mean()) * (money - money.mean())).sum())
    theta = inside / spread if spread > 0 else 0.0
    left: Floats = money - theta * (before - before.mean())
    return left
