"""For authors: can the outcome be read off an id or the order of rows? Then data must be redrawn.

A quest's data that fail this reward tricks in place of models, whatever its checks do.
"""

import math
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.metrics import roc_auc
from graders.metrics.answers import Numbers, Vector

Whole = npt.NDArray[np.int64]

SIGNS = 5.0  # standard errors: some thirty tricks are tried on each table

_MODULI = (2, 3, 5, 7, 9, 10, 16, 100)


def ids_tell(ids: Vector, target: Vector, *, signs: float = SIGNS) -> dict[str, float]:
    """The tricks by which the outcome can be read off ids or places, with their strength.

    Tries the place of a row, the id, its rest by small numbers, its digits and hash; strength is
    in standard errors of the rank statistic under no relation, for a yes-or-no target that of
    the ROC-AUC (Mann and Whitney, 1947), else of Spearman's correlation. Only those above `signs`
    are told; empty means that the data are clean of them.
    """
    y = np.asarray(target, dtype=np.float64)
    found = {name: abs(_signs(score, y)) for name, score in _tricks(np.asarray(list(ids)), y)}
    return {name: value for name, value in found.items() if value > signs}


def _tricks(ids: Whole, y: Numbers) -> Iterator[tuple[str, Numbers]]:
    places = np.arange(len(ids))
    yield "place", places.astype(np.float64)
    yield "id", ids.astype(np.float64)
    yield "hash", np.array([zlib.crc32(str(i).encode()) for i in ids], dtype=np.float64)
    yield "digits", np.array([len(str(i)) for i in ids], dtype=np.float64)
    yield "first_digit", np.array([int(str(abs(int(i)))[0]) for i in ids], dtype=np.float64)
    yield "sum_of_digits", np.array([sum(map(int, str(abs(int(i))))) for i in ids], np.float64)
    for modulus in _MODULI:
        yield f"id_mod_{modulus}", _means(ids % modulus, y)
        yield f"place_mod_{modulus}", _means(places % modulus, y)


def _means(groups: Whole, y: Numbers) -> Numbers:
    """The mean outcome of a row's group among the rows of the other half."""
    half = np.random.default_rng(len(y)).permutation(len(y)) % 2
    scores = np.empty(len(y))
    for side in (0, 1):
        there, here = half != side, half == side
        means = pd.Series(y[there] - y[there].mean()).groupby(groups[there]).mean()
        scores[here] = pd.Series(groups[here]).map(means).fillna(0.0)
    return scores


def _signs(score: Numbers, y: Numbers) -> float:
    if np.isin(y, (0.0, 1.0)).all():
        positive, negative = float(y.sum()), float((1 - y).sum())
        error = math.sqrt((positive + negative + 1) / (12 * positive * negative))
        return (roc_auc(y, np.clip(score, -1e15, 1e15)) - 0.5) / error
    ranks = [pd.Series(values).rank().to_numpy() for values in (score, y)]
    if any(np.ptp(values) == 0 for values in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) * math.sqrt(len(y) - 1)
