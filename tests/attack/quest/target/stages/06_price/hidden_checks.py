"""Rides of a day that nobody has seen; what they cost stays here.

Half of the rides decide; the others are those of which a reader learns how good the prices were,
in steps. So whoever asks again and again learns nothing of what decides.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders import Workspace, check, fail
from graders.metrics import aligned, ladder, share_between

TARGET = "app.pricing:predict"
DATA = "tomorrow"
AS_OF = "2024-06-01 00:00:00+00:00"
DEAREST = 10_000.0
LEAST_SKILL, GOOD_SKILL, STEP = 0.1, 0.8, 0.1
MISSED = 2 / 0.2  # what a rouble outside an interval of 80 % costs (Winkler, 1972)
MOST_ALIKE = 0.1

Numbers = npt.NDArray[np.float64]


@check(
    group="metrics",
    points=40,
    severity="blocker",
    kind="metric",
    needs=["prices_are_learned"],
)
def prices_are_near(work: Workspace) -> float:
    """Prices are nearer to the fares than one typical price is"""
    answer, truth = _answer(work)
    price = _column(answer, truth, "price")
    decides = _decides(truth)
    skill = _skill(price[decides], truth["fare"][decides])
    if not skill >= LEAST_SKILL:
        shown = _skill(price[~decides], truth["fare"][~decides])
        fail("no_better_than_typical", skill=ladder(max(0.0, shown), step=STEP))
    return share_between(skill, baseline=LEAST_SKILL, target=GOOD_SKILL)


@check(group="metrics", points=25, severity="blocker", kind="metric", needs=[prices_are_near])
def intervals_are_honest(work: Workspace) -> None:
    """Intervals of 80 % are narrow, and the fares lie inside: a proper score says so"""
    answer, truth = _answer(work)
    price, low, high = (_column(answer, truth, name) for name in ("price", "low", "high"))
    fares = truth["fare"].to_numpy()
    if (low > high).any():
        fail("crossed")
    if not (high - low).mean() <= np.ptp(np.quantile(fares, [0.1, 0.9])):
        fail("too_wide")
    if not _winkler(low, high, fares) < _winkler(price, price, fares):  # with none at all
        fail("often_missed")


@check(group="metrics", points=15, severity="blocker", kind="consistency", needs=[prices_are_near])
def prices_each_ride(work: Workspace) -> None:
    """Hardly a price is said twice: nothing falls back on a default"""
    answer, truth = _answer(work)
    price = pd.Series(_column(answer, truth, "price")).round(2)
    if not price.value_counts(normalize=True).iloc[0] <= MOST_ALIKE:
        fail("mostly_one_price")


def _answer(work: Workspace) -> tuple[object, pd.DataFrame]:
    """The learner's prices for the rides of tomorrow, and the fares."""
    rows = _asked(work)
    found = work.once("prices", lambda: work.call(TARGET, rows, data=DATA))
    return found, work.truth("fares").set_index("id").loc[rows["id"]].reset_index()


def _asked(work: Workspace) -> pd.DataFrame:
    rows = work.hidden("rides", data=DATA)
    return rows[rows["asked_at"] >= pd.Timestamp(AS_OF)].reset_index(drop=True)


def _column(answer: object, truth: pd.DataFrame, name: str) -> Numbers:
    return aligned(answer, ids=truth["id"], id_column="id", column=name, low=0.01, high=DEAREST)


def _decides(truth: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Half of the rides, by what only the judge knows of them."""
    kopecks = (truth["fare"] * 100).round().astype(int)
    return np.asarray(kopecks % 2 == 0)


def _skill(price: Numbers, fares: "pd.Series[float]") -> float:
    """How much nearer than the median of all, as a share: 1 is exact, 0 is no nearer."""
    error = np.abs(price - fares).mean()
    typical = np.abs(fares - fares.median()).mean()
    return float(1 - error / typical)


def _winkler(low: Numbers, high: Numbers, fares: Numbers) -> float:
    below, above = np.clip(low - fares, 0, None), np.clip(fares - high, 0, None)
    return float(((high - low) + MISSED * (below + above)).mean())
