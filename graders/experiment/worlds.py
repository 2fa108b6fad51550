"""Simulated experiments with a known effect, and how often a sound analysis finds it.

Simulations without an effect (A/A) and with one (A/B) are drawn from the same law, mixed, and
multiplied each by a unit of its own, so that nothing but the data tells one from the other.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.rollout.estimators import Effect, clustered, cuped, ratio, welch
from graders.rollout.sequential import obrien_fleming

Kind = Literal["mean", "ratio", "clustered", "cuped"]
Numbers = npt.NDArray[np.float64]

_SKEW = 2.0  # of the metric's noise: money has a tail
_VIEWS, _RATE = 8, (2.0, 18.0)  # a user's denominators, and the Beta law of their rate
_MEMBERS = 5  # of a cluster, besides one
_WITHIN = 0.6  # share of a cluster's own part in the spread


@dataclass(frozen=True, kw_only=True)
class Law:
    """How one experiment comes about. Effects and deviations are in the metric's own unit.

    `units` are the units of the smaller arm; the other has ``units * larger``. `spread` is the
    treatment's deviation over the control's.
    """

    kind: Kind = "mean"
    units: int = 250
    larger: float = 1.0
    mean: float = 100.0
    sd: float = 50.0
    spread: float = 1.0
    effect: float = 13.0
    correlation: float = 0.7  # of cuped's pre-period
    looks: int = 1

    @property
    def extra(self) -> bool:
        """Whether a row has a second number: denominator, cluster or pre-period."""
        return self.kind != "mean"


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Many experiments: their rows, and the truth; arrays have an entry a simulation."""

    rows: pd.DataFrame  # simulation, arm, value, second
    truth: Numbers  # the effect, in the unit of the simulation; zero for A/A
    unit: Numbers  # that unit
    power: float  # the share of A/B in which a sound analysis finds the effect, at any look
    alpha: float

    @property
    def null(self) -> npt.NDArray[np.bool_]:
        """Which are A/A."""
        return np.asarray(self.truth == 0, dtype=np.bool_)


def simulate(law: Law, *, times: tuple[int, int], alpha: float, seed: int) -> Simulated:
    """So many A/A and A/B experiments, in an order that tells nothing."""
    rng = np.random.default_rng([seed, 0xAB])
    has = np.repeat([0.0, 1.0], times)
    rng.shuffle(has)
    free = law.kind in ("mean", "cuped")  # of a unit; counts and clusters are not
    scales = 10 ** rng.uniform(-1, 2, has.size) if free else np.ones(has.size)
    pieces, found = [], []
    for one, scale in zip(has, scales, strict=True):
        arms = [_arm(law, rng, arm, law.effect * one) for arm in (0, 1)]
        arms = [scale * arm for arm in arms] if free else arms
        pieces += arms
        found += [_finds(law, arms, alpha)] if one else []
    sizes = [len(piece) for piece in pieces]
    both = np.concatenate(pieces)
    rows = {
        "simulation": np.repeat(np.arange(len(pieces)) // 2, sizes),
        "arm": np.repeat(np.arange(len(pieces)) % 2, sizes),
        "value": both[:, 0],
        "second": both[:, 1],
    }
    return Simulated(
        rows=pd.DataFrame(rows),
        truth=has * law.effect * scales,
        unit=scales,
        power=float(np.mean(found)),
        alpha=alpha,
    )


def _arm(law: Law, rng: np.random.Generator, arm: int, effect: float) -> Numbers:
    """The rows of one arm: shape (n, 2), value and second."""
    count = math.ceil(law.units * (law.larger if arm == 0 else 1.0))
    added, sd = effect * arm, law.sd * (law.spread if arm else 1.0)
    if law.kind == "ratio":
        views = 1 + rng.poisson(_VIEWS - 1, count)
        rates = np.clip(rng.beta(*_RATE, count) + added, 0, 1)
        return np.column_stack([rng.binomial(views, rates), views]).astype(np.float64)
    if law.kind == "clustered":
        members = 1 + rng.poisson(_MEMBERS, count)
        own = np.repeat(_skewed(rng, count) * math.sqrt(_WITHIN), members)
        noise = rng.normal(0, math.sqrt(1 - _WITHIN), own.size)
        cluster = np.repeat(np.arange(count) + arm * 10**6, members)
        return np.column_stack([law.mean + added + sd * (own + noise), cluster])
    before = _skewed(rng, count)
    after = law.correlation * before + math.sqrt(1 - law.correlation**2) * _skewed(rng, count)
    return np.column_stack([law.mean + added + sd * after, law.mean + law.sd * before])


def _skewed(rng: np.random.Generator, count: int) -> Numbers:
    """Noise of mean 0 and deviation 1 with a tail to the right: a centred Gamma."""
    shape = 4 / _SKEW**2
    return (rng.gamma(shape, 1.0, count) - shape) / math.sqrt(shape)


def _sound(law: Law, arms: list[Numbers], alpha: float) -> Effect:
    control, treatment = ((arm[:, 0], arm[:, 1]) for arm in arms)
    if law.kind == "mean":
        return welch(control[0], treatment[0], alpha=alpha)
    analyse = {"ratio": ratio, "clustered": clustered, "cuped": cuped}[law.kind]
    return analyse(control, treatment, alpha=alpha)


def _finds(law: Law, arms: list[Numbers], alpha: float) -> bool:
    """Whether the sound analysis rejects: once at the end, or at an early look by its bounds."""
    if law.looks == 1:
        return not _sound(law, arms, alpha).covers_zero
    for look, bound in enumerate(obrien_fleming(law.looks, alpha), start=1):
        share = look / law.looks
        seen = [arm[: math.ceil(len(arm) * share)] for arm in arms]
        effect = _sound(law, seen, alpha)
        if abs(effect.value) > bound * effect.se:
            return True
    return False
