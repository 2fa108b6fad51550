"""The words of a quest's ``calibrate.py``: what is measured, and how thresholds follow from it.

A quest says three things; the common procedure (``sim calibrate``) does the rest::

    from graders.calibration import Calibration, Ordering, span

    CALIBRATION = Calibration(
        learn=learn,            # learn(scale): train every solution on the public data, once
        judge=judge,            # judge(learned, key, scale): a tree of numbers on a hidden draw
        thresholds=thresholds,  # thresholds(measured): what briefs and checks share
        orderings=(Ordering("roc_auc", ("recency", "lr", "reference", "oracle")),),
    )

`judge` gives ``{metric: {solution: number}}`` or any deeper tree. Each number becomes a `Spread`
over the draws: mean, standard deviation, least and most. Thresholds are made from these by rules
that are written down, never by hand. An `Ordering` must hold, or nothing is written: then the
world is to be enlarged or changed, not the number.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graders.loading import load_module

Tree = dict[str, Any]
"""Numbers by name, as deep as needed; what JSON can hold."""

_DIGITS = 4
_CLOSE = 1e-9  # what arithmetic may add to a number that stands on a step already


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number over several draws."""

    mean: float
    sd: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value; the deviation is that of a sample."""
        found = np.asarray(values, dtype=np.float64)
        return cls(
            mean=round(float(found.mean()), _DIGITS),
            sd=round(float(found.std(ddof=1)), _DIGITS) if len(found) > 1 else 0.0,
            min=round(float(found.min()), _DIGITS),
            max=round(float(found.max()), _DIGITS),
        )

    @classmethod
    def read(cls, tree: Mapping[str, float]) -> "Spread":
        """The spread that a measured tree holds. Raises KeyError."""
        return cls(mean=tree["mean"], sd=tree["sd"], min=tree["min"], max=tree["max"])


@dataclass(frozen=True)
class Ordering:
    """Solutions whose means must stand in this order, the worst first."""

    metric: str  # dotted, where the tree is deeper
    solutions: tuple[str, ...]
    higher: bool = True  # is more better
    margin: float = 0.0  # in standard errors of the difference

    def problems(self, measured: Mapping[str, Any], *, draws: int) -> list[str]:
        """Where the order does not hold, one line each."""
        tree: Any = measured
        for part in self.metric.split("."):
            tree = tree[part]
        found = []
        for low, high in zip(self.solutions, self.solutions[1:], strict=False):
            worse, better = Spread.read(tree[low]), Spread.read(tree[high])
            gain = (better.mean - worse.mean) * (1 if self.higher else -1)
            error = math.sqrt((worse.sd**2 + better.sd**2) / draws)
            if gain <= self.margin * error:
                found.append(
                    f"{self.metric}: {high} ({better.mean:g} sd {better.sd:g}) is not clearly"
                    f" better than {low} ({worse.mean:g} sd {worse.sd:g})"
                )
        return found


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a quest's ``calibrate.py`` declares as ``CALIBRATION``."""

    learn: Callable[[str], Any]
    judge: Callable[[Any, bytes, str], Tree]
    thresholds: Callable[[Mapping[str, Tree]], Tree]
    facts: Callable[[Any, Sequence[Tree]], Tree] = lambda learned, found: {}  # noqa: ARG005
    orderings: tuple[Ordering, ...] = ()
    small_orderings: tuple[Ordering, ...] | None = None  # at other scales than the first
    scales: tuple[str, ...] = ("default", "tiny")
    draws: int = 12
    packages: tuple[str, ...] = ("numpy", "pandas", "scikit-learn")


def span(
    best: Spread,
    simple: Spread,
    poor: Sequence[Spread],
    *,
    higher: bool,
    spare: float,
    step: float,
) -> Tree:
    """Where points begin (`baseline`) and where they are full (`target`).

    Target: `spare` deviations from the best solution's mean, so that it reaches it on every
    installation. Baseline: halfway from the best poor solution to a simple right one, but three
    deviations from the target at least. Both rounded to a `step`, away from what is better.
    """
    sign = 1.0 if higher else -1.0
    worst = max(sign * one.mean for one in poor)
    target = sign * best.mean - spare * best.sd
    baseline = min((worst + sign * simple.mean) / 2, target - 3 * best.sd)
    return {"baseline": lenient(baseline, step), "target": lenient(target, step)}


def pass_and_merit(
    reference: Spread, must_fail: Sequence[Spread], acceptable: Spread, *, step: float = 0.01
) -> Tree:
    """`pass` and `merit` of a gate where more is better, from what was measured.

    Pass lies above the best that must fail by one of its deviations, at most halfway from it to
    the reference, and as low as the acceptable simple solution needs. Merit is the lower of 97 %
    of the reference and 1.5 deviations below it. Raises ValueError where no value does this:
    enlarge the world or change its dynamics.
    """
    best = max(must_fail, key=lambda one: one.mean)
    low, high = best.mean + best.sd, (best.mean + reference.mean) / 2
    merit = lenient(min(reference.mean - 1.5 * reference.sd, 0.97 * reference.mean), step)
    passing = lenient(min(high, max(low, min(acceptable.min, high))), step)
    passing = passing if passing >= low else up(low, step)
    for holds, said in (
        (low <= high, "the reference is not clear of what must fail"),
        (reference.min > passing, "the reference fails on some draw"),
        (max(one.max for one in must_fail) < passing, "what must fail passes on some draw"),
        (merit >= passing, "merit would lie below pass"),
    ):
        if not holds:
            raise ValueError(f"no threshold does: {said} (pass {passing:g}, merit {merit:g})")
    return {"pass": passing, "merit": merit}


def beside(file: str, name: str) -> ModuleType:
    """The quest's module `name`, which lies beside `file`: give ``__file__`` and "data"."""
    path = Path(file).with_name(f"{name}.py")
    return load_module(path, name=f"_{name}_beside_{path.parent.name}".replace("-", "_"))


def lenient(signed: float, step: float) -> float:
    """Round away from better; the sign says where better is."""
    return round(abs(math.floor(signed / step + _CLOSE) * step), 3)


def up(value: float, step: float) -> float:
    """Round up to a step."""
    return round(math.ceil(value / step - _CLOSE) * step, 3)


def told(of: Mapping[str, Any], others: Sequence[str], *, best: str = "reference") -> str:
    """How a threshold was obtained, for its ``how``: the best solution, then others' means."""
    mine = Spread.read(of[best])
    first = f"{best} {mine.mean:.4f} sd {mine.sd:.4f}, {mine.min:.4f} to {mine.max:.4f}"
    return "; ".join([first, *(f"{name} {of[name]['mean']:.3f}" for name in others)])


def summed(found: Sequence[Any]) -> Any:  # noqa: ANN401 - a tree of numbers
    """Turn equal trees of numbers into one tree of spreads."""
    if isinstance(found[0], Mapping):
        return {name: summed([one[name] for one in found]) for name in found[0]}
    return vars(Spread.of(found))
