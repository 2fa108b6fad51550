"""What a world may be beyond what every world is: decisions that are not what money is counted on.

Where a price is set for a place and a quarter hour, money is told a *request*, an experiment
switches whole blocks of cells, and riders of one cell share its cars. A world says so by having
the names below; one that has none of them is about people who are decided once each.
"""

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from graders.rollout.worlds import Codes, Flags, Floats, World


@runtime_checkable
class Weighed(Protocol):
    """Money is told per something that decisions have in different numbers: a request.

    Its outcomes say in `per` how many there were. An experiment then compares ratios of sums, and
    its rows are the units that were switched, not the decisions in them.
    """

    def told_per(self, step: int) -> Floats:
        """How many of them each decision is expected to have."""


@runtime_checkable
class Priced(Protocol):
    """Every decision takes some action; one is left alone where that is the incumbent's."""

    def left_alone(self, step: int) -> Codes:
        """What happens to a decision that nobody touches."""


@runtime_checkable
class Fine(Protocol):
    """Steps are short: a page shows several of them as one point, and a canary lasts as long."""

    steps_a_point: int


@runtime_checkable
class Shared(Protocol):
    """Decisions hold several people each, who could be split, and share what there is."""

    shared_unit: str  # "rider"

    def people(self, step: int) -> npt.NDArray[np.int64]:
        """A number of each of them."""

    def split(self, step: int, usual: Codes, ours: Codes, new: Flags) -> Floats:
        """What each brings, if those of `new` meet our action and the others the usual one."""


def sizes(world: World, step: int) -> Floats:
    """What money is divided by: expected requests, or one a decision."""
    if isinstance(world, Weighed):
        return world.told_per(step)
    return np.ones(len(world.usual(step)))


def untouched(world: World, step: int) -> Codes:
    """What happens to decisions that are left alone: the first action, or the incumbent's."""
    if isinstance(world, Priced):
        return world.left_alone(step)
    return np.zeros(len(world.usual(step)), dtype=np.int64)


def point(world: World) -> int:
    """How many steps make a point of a page's line."""
    return world.steps_a_point if isinstance(world, Fine) else 1
