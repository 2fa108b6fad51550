"""How well scores order rows. Ties share what they have in common: no order of rows can be gamed.

Each is a total function of the grader's labels and a stranger's scores: what is not finite, or of
another length, is the learner's `Fail`; what is wrong with the labels is a ValueError.
"""

import math

import numpy as np
import pandas as pd

from graders.metrics.answers import Numbers, Vector, labelled, measured

_RELEVANT = 30.0  # the highest relevance: a gain of a billion


def roc_auc(labels: Vector, scores: Vector) -> float:
    """Area under the ROC curve, 0 to 1; 0.5 is chance.

    The Mann-Whitney statistic with average ranks for ties: the chance that a positive row scores
    above a negative one (Hanley and McNeil, 1982). Shapes (n,) and (n,).
    """
    y, s = labelled(labels, scores)
    positive = int(y.sum())
    negative = len(y) - positive
    if positive == 0 or negative == 0:
        raise ValueError("ROC-AUC needs labels of both classes")
    ranks = pd.Series(s).rank(method="average").to_numpy()
    above = float(ranks[y == 1].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)


def average_precision(labels: Vector, scores: Vector) -> float:
    """Mean precision over the positives as the cut-off falls, 0 to 1; chance is their share.

    Sum of precision times the step in recall, a step for each distinct score, without
    interpolation (Davis and Goadrich, 2006). Shapes (n,) and (n,).
    """
    y, s = labelled(labels, scores)
    if y.sum() == 0:
        raise ValueError("average precision needs a positive label")
    order = np.argsort(-s, kind="stable")
    hits, last = np.cumsum(y[order]), np.append(np.diff(s[order]) != 0, True)
    precision = hits[last] / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(hits[last], prepend=0.0) * precision) / y.sum())


def recall_at_share(labels: Vector, scores: Vector, share: float) -> float:
    """The part of all positives among the floor(share * n) highest scores, 0 to 1.

    Rows that tie at the border count with the chance of being chosen. Shapes (n,) and (n,);
    0 < share <= 1.
    """
    y, s = labelled(labels, scores)
    if y.sum() == 0:
        raise ValueError("recall needs a positive label")
    return sum_at_share(y, s, share) / float(y.sum())


def precision_at_share(labels: Vector, scores: Vector, share: float) -> float:
    """The part of positives among the floor(share * n) highest scores, 0 to 1; 0 for no rows."""
    y, s = labelled(labels, scores)
    chosen = math.floor(share * len(s) + 1e-9)
    return sum_at_share(y, s, share) / chosen if chosen else 0.0


def lift_at_share(labels: Vector, scores: Vector, share: float) -> float:
    """How many times denser positives are among the highest scores than among all; 1 is chance."""
    y, s = labelled(labels, scores)
    if y.sum() == 0:
        raise ValueError("lift needs a positive label")
    return precision_at_share(y, s, share) / float(y.mean())


def sum_at_share(values: Vector, scores: Vector, share: float) -> float:
    """The sum of the grader's `values` over the floor(share * n) highest scores.

    Rows that tie at the border count with the chance of being chosen.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies in (0, 1], not at {share!r}")
    y, s = measured(values, scores)
    chosen = math.floor(share * len(s) + 1e-9)
    if chosen == 0:
        return 0.0
    border = np.sort(s)[::-1][chosen - 1]
    above, tied = s > border, s == border
    open_places = chosen - int(above.sum())
    return float(y[above].sum()) + float(y[tied].mean()) * open_places


def ndcg(queries: Vector, relevance: Vector, scores: Vector, *, top: int) -> float:
    """Normalised discounted cumulative gain of the first `top` answers, mean over queries, 0 to 1.

    Gain 2^relevance - 1 with discount 1 / log2(place + 1) (Järvelin and Kekäläinen, 2002; Burges
    et al., 2005); tied answers share the discounts of their places (McSherry and Najork, 2008).
    Queries without a relevant answer are left out. Shapes (n,), (n,), (n,); relevance in [0, 30].
    """
    found = [
        _dcg(gains, s, top) / best
        for gains, s in _queries(queries, relevance, scores)
        if (best := _dcg(gains, gains, top)) > 0
    ]
    return float(np.mean(found)) if found else 0.0


def recall_at(queries: Vector, relevance: Vector, scores: Vector, *, top: int) -> float:
    """The part of a query's relevant answers among its first `top`, mean over queries, 0 to 1.

    Answers that tie at the border count with the chance of being chosen.
    """
    found = []
    for gains, s in _queries(queries, relevance, scores):
        relevant = (gains > 0).astype(np.float64)
        if relevant.any():
            share = min(1.0, top / len(s))
            found.append(sum_at_share(relevant, s, share) / relevant.sum())
    return float(np.mean(found)) if found else 0.0


def _queries(queries: Vector, relevance: Vector, scores: Vector) -> list[tuple[Numbers, Numbers]]:
    """Gains and scores, a pair a query."""
    y, s = measured(relevance, scores)
    if (y < 0).any() or (y > _RELEVANT).any() or len(np.asarray(queries)) != len(y):
        raise ValueError("relevance lies in [0, 30], one for each answer")
    places = pd.Series(np.arange(len(y))).groupby(np.asarray(queries)).indices.values()
    return [(2.0 ** y[rows] - 1, s[rows]) for rows in places]


def _dcg(gains: Numbers, scores: Numbers, top: int) -> float:
    discounts = np.zeros(len(gains))
    places = np.arange(min(top, len(gains)))
    discounts[places] = 1 / np.log2(places + 2)
    order = np.argsort(-scores, kind="stable")
    ties = np.append(0, np.cumsum(np.diff(scores[order]) != 0))
    shared = pd.Series(discounts).groupby(ties).transform("mean").to_numpy()
    return float(np.sum(gains[order] * shared))
