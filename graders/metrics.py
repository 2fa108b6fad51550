"""Metrics as total functions: an answer is held to its contract first, and only then scored.

The order is always the same: join the answer *by id* to the grader's own list of rows, check type,
finiteness and range, then score. A missing, doubled, unknown, mistyped or non-finite row is the
learner's `Fail` with a reason of the common messages; it is never dropped. What is wrong with the
grader's own labels is a ValueError, and so a broken check. NaN never passes.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Fail

Numbers = npt.NDArray[np.float64]
Vector = Sequence[float] | npt.NDArray[np.generic] | pd.Series
"""One number a row; labels are 0 or 1."""

_SAFE_INTEGER = 2**53


def aligned(
    answer: object,
    *,
    ids: Vector,
    id_column: str,
    column: str,
    low: float = -math.inf,
    high: float = math.inf,
) -> Numbers:
    """The answer's `column` in the order of the grader's `ids`: shape (len(ids),), finite.

    `answer` is what a call or a query returned. Raises Fail: not_a_table, columns_missing,
    ids_not_whole, ids_twice, ids_unknown, ids_missing, values_not_numbers, values_not_finite,
    values_out_of_range.
    """
    if not isinstance(answer, pd.DataFrame):
        raise Fail("not_a_table", {"found": type(answer).__name__})
    absent = [name for name in (id_column, column) if name not in answer.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    own = pd.Index(np.asarray(ids, dtype=np.int64))
    given = pd.Index(_whole(answer[id_column], id_column))
    _same_ids(own, given)
    values = _numbers(answer[column], column)
    ordered = values[given.get_indexer(own)]
    return _within(ordered, column=column, low=low, high=high)


def as_values(
    answer: object,
    *,
    rows: int,
    name: str = "value",
    low: float = -math.inf,
    high: float = math.inf,
) -> Numbers:
    """An answer that has one number a row, in the order that was sent: shape (rows,), finite.

    A list, or a table of one column. Raises Fail: not_one_column, rows_differ, and those of
    `aligned` about values.
    """
    if isinstance(answer, pd.DataFrame):
        if answer.shape[1] != 1:
            raise Fail("not_one_column", {"name": name, "found": answer.shape[1]})
        column = answer.iloc[:, 0]
    elif isinstance(answer, list):
        column = pd.Series(answer, dtype=object)
    else:
        raise Fail("not_a_table", {"found": type(answer).__name__})
    if len(column) != rows:
        raise Fail("rows_differ", {"expected": rows, "found": len(column)})
    return _within(_numbers(column, name), column=name, low=low, high=high)


def roc_auc(labels: Vector, scores: Vector) -> float:
    """Area under the ROC curve, 0 to 1; 0.5 is chance.

    The Mann-Whitney statistic with average ranks for ties: the chance that a positive row scores
    above a negative one (Hanley and McNeil, 1982). Shapes (n,) and (n,).
    """
    y, s = _pair(labels, scores)
    positive = int(y.sum())
    negative = len(y) - positive
    if positive == 0 or negative == 0:
        raise ValueError("ROC-AUC needs labels of both classes")
    ranks = pd.Series(s).rank(method="average").to_numpy()
    above = float(ranks[y == 1].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)


def log_loss(labels: Vector, probabilities: Vector, *, clip: float = 1e-4) -> float:
    """Mean negative log-likelihood in nats a row, of probabilities clipped to [clip, 1 - clip].

    Good (1952). Shapes (n,) and (n,); probabilities in [0, 1].
    """
    y, p = _pair(labels, probabilities)
    p = np.clip(_within(p, column="probability", low=0, high=1), clip, 1 - clip)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def ece(labels: Vector, probabilities: Vector, *, bins: int = 20) -> float:
    """Expected calibration error, 0 to 1: sum of n_b/n * |mean label - mean probability|.

    Bins of equal count by rising probability (Naeini, Cooper and Hauskrecht, 2015, with their
    equal-width bins replaced). Rows of one probability share its mean label, so their order does
    not matter. Shapes (n,) and (n,).
    """
    y, p = _pair(labels, probabilities)
    p = _within(p, column="probability", low=0, high=1)
    shared = pd.Series(y).groupby(p).transform("mean").to_numpy()
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(part) * abs(shared[part].mean() - p[part].mean()) for part in parts]
    return float(sum(gaps) / len(p))


def recall_at_share(labels: Vector, scores: Vector, share: float) -> float:
    """The part of all positives among the floor(share * n) highest scores, 0 to 1.

    Rows that tie at the border count with the chance of being chosen, so the order of rows can
    not be gamed. Shapes (n,) and (n,); 0 < share <= 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies in (0, 1], not at {share!r}")
    y, s = _pair(labels, scores)
    if y.sum() == 0:
        raise ValueError("recall needs a positive label")
    chosen = math.floor(share * len(s) + 1e-9)
    if chosen == 0:
        return 0.0
    border = np.sort(s)[::-1][chosen - 1]
    above, tied = s > border, s == border
    open_places = chosen - int(above.sum())
    caught = float(y[above].sum()) + float(y[tied].mean()) * open_places
    return caught / float(y.sum())


def share_between(value: float, *, baseline: float, target: float) -> float:
    """The share of the points for a metric: 0 at the baseline, linear, 1 at the target and above.

    A target below the baseline means that less is better. NaN and infinities earn nothing.
    """
    if not (math.isfinite(baseline) and math.isfinite(target)) or baseline == target:
        raise ValueError(f"baseline {baseline!r} and target {target!r} span nothing")
    if not math.isfinite(value):
        return 0.0
    return min(1.0, max(0.0, (value - baseline) / (target - baseline)))


def reaches(value: float, threshold: float, *, more_is_better: bool = True) -> bool:
    """Whether a finite value is at least as good as the threshold; NaN never is."""
    if not math.isfinite(value):
        return False
    return value >= threshold if more_is_better else value <= threshold


def noise_of(
    metric: Callable[[Numbers, Numbers], float],
    labels: Vector,
    scores: Vector,
    *,
    seed: int,
    times: int = 200,
) -> float:
    """The standard error of a metric, in its own unit, by a bootstrap over rows (Efron, 1979).

    Rows are drawn with replacement within each class, so that both are always there.
    """
    y, s = _pair(labels, scores)
    rng = np.random.default_rng(seed)
    classes = [np.flatnonzero(y == label) for label in (0, 1)]
    drawn = []
    for _ in range(times):
        rows = np.concatenate([rng.choice(own, len(own)) for own in classes if len(own)])
        drawn.append(metric(y[rows], s[rows]))
    return float(np.std(drawn, ddof=1))


def ladder(value: float, *, step: float, best: float | None = None) -> float:
    """What of a hidden metric may be shown: whole steps, and no move that is within one step.

    After the Ladder of Blum and Hardt (2015): with `best`, the value shown before, a new value is
    shown only when it is better by a step. More is better; a step is about the metric's noise.
    """
    if step <= 0 or not math.isfinite(value):
        raise ValueError(f"no ladder for value {value!r} and step {step!r}")
    if best is not None and value < best + step:
        return best
    digits = max(0, 2 - math.floor(math.log10(step)))
    return round(math.floor(value / step + 1e-9) * step, digits)


def _pair(labels: Vector, scores: Vector) -> tuple[Numbers, Numbers]:
    """Labels of the grader (0 or 1) and a stranger's scores (finite), of one length."""
    y = np.asarray(labels, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("labels are one or more zeros and ones")
    s = _numbers(pd.Series(np.asarray(scores).ravel()), "score")
    if len(s) != len(y):
        raise Fail("rows_differ", {"expected": len(y), "found": len(s)})
    return y, _within(s, column="score", low=-math.inf, high=math.inf)


def _whole(column: pd.Series, name: str) -> npt.NDArray[np.int64]:
    values = _numbers(column, name, reason="ids_not_whole")
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < _SAFE_INTEGER)
    if not whole.all():
        raise Fail("ids_not_whole", {"column": name})
    return values.astype(np.int64)


def _numbers(column: pd.Series, name: str, *, reason: str = "values_not_numbers") -> Numbers:
    """The column as floats, NaN for a null. A text is no number, even when it spells one."""
    kinds = {type(value) for value in column.dropna().head(1000)} if column.dtype == object else ()
    plain = all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds)
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not (numeric or (column.dtype == object and plain)):
        raise Fail(reason, {"column": name})
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise Fail(reason, {"column": name}) from None


def _within(values: Numbers, *, column: str, low: float, high: float) -> Numbers:
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise Fail("values_not_finite", {"column": column, "rows": bad})
    outside = int(((values < low) | (values > high)).sum())
    if outside:
        bounds = {"low": max(low, -1e18), "high": min(high, 1e18)}
        raise Fail("values_out_of_range", {"column": column, "rows": outside, **bounds})
    return values


def _same_ids(own: "pd.Index[Any]", given: "pd.Index[Any]") -> None:
    if not own.is_unique:
        raise ValueError("the grader's own ids repeat")
    twice = int(given.duplicated().sum())
    if twice:
        raise Fail("ids_twice", {"rows": twice})
    unknown = int((~given.isin(own)).sum())
    if unknown:
        raise Fail("ids_unknown", {"rows": unknown})
    missing = int((~own.isin(given)).sum())
    if missing:
        raise Fail("ids_missing", {"rows": missing, "expected": len(own)})
