"""What a quest's ``world.py`` must be: the seeded market in which a policy is rolled out.

A world lives with the judge; only what `observe` returns crosses into a room. Luck is drawn before
anybody acts (common random numbers): every decision has fixed outcomes under every action, so one
rollout shows what a company would see, what is true, and what was possible.

``world.py`` has one function, ``open_world(truth)``; `truth` reads a table of the quest's truth by
its name. Actions are given as codes, positions in `World.actions`.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.loading import load_module
from graders.quest import Text
from graders.workspace import Workspace

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Action = str | float
Truth = Callable[[str], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one step brought under the actions taken: one entry a decision, as in `observe`."""

    money: Floats  # roubles
    counts: Mapping[str, Floats] = field(default_factory=dict)  # what guardrails count
    per: Floats | None = None  # what money is told per, if not per decision: see `markets.Weighed`


@dataclass(frozen=True, kw_only=True)
class Rail:
    """A guardrail: the mean of a count, or how much it exceeds the control's.

    The limit and its direction stand in quest.yaml, under the same name.
    """

    metric: str
    words: Text
    count: str
    over: str | None = None  # per count of these, not per decision
    against: Literal["limit", "control"] = "limit"
    only_warns: bool = False
    whole: bool = False  # a promise about each step's whole list: the worst step, without noise


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a rollout is told in: the decision's noun, and how many of them a month has."""

    decision: Text  # "renewal": money is in roubles a renewal; in Russian after «на»
    decisions: Text  # "renewals": after a number
    each: Text  # "each renewal", at the beginning of a sentence
    monthly: float
    incumbent: Text  # how a reader knows the policy of today: "Marina's rule"
    switched_off: Text  # "switching Marina's rule off"
    per_step: Text  # "week"
    simple: Mapping[str, Text]  # names of the policies that need no work: "send nothing"
    segments: Mapping[str, Text]  # names of the parts of the market


class World(Protocol):
    """A market: what is seen, what happens, what it is worth, what would have been best."""

    unit: str  # the column of `observe` that is randomised
    key: str  # the column that names a decision; each value once a step
    action: str  # the column of the answer
    actions: tuple[Action, ...]  # words, or the numbers of a grid
    steps: int
    steps_a_week: int
    case: Case
    rails: tuple[Rail, ...]

    def observe(self, step: int) -> pd.DataFrame:
        """The decisions of a step: one row each, only what is known when they are taken."""

    def usual(self, step: int) -> Codes:
        """What the incumbent does."""

    def simple(self, step: int) -> Mapping[str, Codes]:
        """What policies do that need no work, by name: the floor of what counts as skill."""

    def best(self, step: int) -> Codes:
        """What somebody would do who knew everything: the known optimum."""

    def outcome(self, step: int, actions: Codes) -> Outcome:
        """What happens, with the luck that each decision has."""

    def worth(self, step: int, actions: Codes) -> Floats:
        """The expected roubles of each decision under these actions, exactly."""

    def before(self, step: int) -> Floats | None:
        """A number of each decision from before any exposure, for CUPED."""

    def segments(self, step: int) -> Mapping[str, Flags]:
        """Which decisions belong to the parts of the market that a report names."""

    def feedback(self, step: int, actions: Codes) -> pd.DataFrame | None:
        """What becomes known before the next step, if a policy may learn from it."""


@runtime_checkable
class Reads(Protocol):
    """A world that reads answers itself: where an action is more than one word or number.

    `World.actions` are then the words of `World.action` alone.
    """

    def codes(self, answer: pd.DataFrame) -> Codes:
        """The code of each row of an answer; -1 for what cannot be carried out."""


def open_world(work: Workspace) -> World:
    """The quest's world over its hidden truth, opened once a grading."""
    return work.once(_KEY, lambda: _opened(work))


_KEY: Hashable = "graders.rollout.world"


def _opened(work: Workspace) -> World:
    quest = work.quest
    name = f"_world_{quest.slug}_{quest.digest[:12]}".replace("-", "_")
    module = load_module(quest.folder / "world.py", name=name)
    opened: World = module.open_world(work.truth)
    return opened
