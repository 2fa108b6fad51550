"""The rows of an experiment: one a decision, or one a switched unit where money is a ratio.

What was randomised is what is compared. Cells that switch together are summed to their block, and
the metric is a ratio of sums; its variance comes from the blocks (delta method).
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
            return ratio(*arms, alpha=alpha)
        if self.before is None:
            return welch(self.money[~new], self.money[new], alpha=alpha)
        old = (self.money[~new], self.before[~new])
        return cuped(old, (self.money[new], self.before[new]), alpha=alpha)


def counted(
    outcomes: Sequence[Outcome], units: Sequence[Keys], before: Floats | None = None
) -> Counted:
    """The rows of some steps, in the order of the decisions or, where they are summed, of keys."""
    keys = np.concatenate(list(units))
    money = np.concatenate([one.money for one in outcomes])
    parts = [one.per for one in outcomes if one.per is not None]
    if not parts:
        return Counted(units=keys, money=money, before=before)
    found, place = np.unique(keys, return_inverse=True)
    return Counted(
        units=found,
        money=np.bincount(place, weights=money).astype(np.float64),
        per=np.bincount(place, weights=np.concatenate(parts)).astype(np.float64),
    )
