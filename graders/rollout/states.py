"""What each state of a rollout found, as records: nothing here decides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from graders.rollout.assignment import Keys
from graders.rollout.estimators import SRM_ALARM, Effect
from graders.rollout.guarding import Guarded
from graders.rollout.policies import Decisions
from graders.rollout.worlds import Codes

AA_BAND = 3.3  # standard deviations of the share of alarms that chance explains
MOST_INVALID = 0.001  # of the decisions


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the world under the policy, the incumbent, and luck that is the same."""

    units: Keys
    decided: Decisions
    usual: Codes


@dataclass(frozen=True, kw_only=True)
class QuietTest:
    """A/A: how often the planned test cries wolf where both arms are the same."""

    alarms: int
    salts: int
    alpha: float

    @property
    def share(self) -> float:
        """The share of false alarms."""
        return self.alarms / self.salts

    @property
    def off(self) -> float:
        """How many standard deviations the share lies off the level."""
        spread = math.sqrt(self.alpha * (1 - self.alpha) / self.salts)
        return abs(self.share - self.alpha) / spread

    @property
    def quiet(self) -> bool:
        """Whether chance explains the share."""
        return self.off <= AA_BAND


@dataclass(frozen=True, kw_only=True)
class Canary:
    """One percent of the traffic, one step: enough to see errors and gross harm."""

    decisions: int
    invalid: int
    rails: tuple[Guarded, ...]

    @property
    def sings(self) -> bool:
        """Whether the rollout may go on."""
        enough = self.invalid <= MOST_INVALID * self.decisions
        return enough and not any(rail.breached for rail in self.rails)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What a company sees of the A/B test, and nothing that only the world knows."""

    effect: Effect
    control: tuple[float, ...]  # money a decision, step by step of those that ran
    treatment: tuple[float, ...]
    srm_p: float
    rails: tuple[Guarded, ...]
    weeks: int
    stopped_early: bool

    @property
    def split_is_broken(self) -> bool:
        """Whether the split itself is wrong, so that no effect counts."""
        return self.srm_p < SRM_ALARM

    @property
    def breached(self) -> tuple[Guarded, ...]:
        """The guardrails that were broken."""
        return tuple(rail for rail in self.rails if rail.breached)


@dataclass(frozen=True, kw_only=True)
class Reveal:
    """What only the world knows: exact money a decision of the whole population, and capture."""

    policy: float
    incumbent: float
    simple: Mapping[str, float]
    best: float
    series: Mapping[str, tuple[float, ...]]  # money over the best simple policy, by step
    chosen: Mapping[str, float]  # of the decisions in a segment, those not left alone
    segments: Mapping[str, float]  # money over doing the first action, a decision of the segment
    invalid: int
    decisions: int

    @property
    def effect(self) -> float:
        """The true effect against the incumbent."""
        return self.policy - self.incumbent

    @property
    def floor_name(self) -> str:
        """The best policy that needs no work; the incumbent may be it."""
        names = {**self.simple, "incumbent": self.incumbent}
        return max(names, key=lambda name: names[name])

    @property
    def floor(self) -> float:
        """What the best policy earns that needs no work."""
        return max([*self.simple.values(), self.incumbent])

    @property
    def over_floor(self) -> float:
        """What skill earns: over the best policy that needs none."""
        return self.policy - self.floor

    @property
    def capture(self) -> float:
        """The share of what skill can earn; regret is one less this."""
        return self.over_floor / (self.best - self.floor)
