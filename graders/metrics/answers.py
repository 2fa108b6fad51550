"""A learner's answer before it is scored: joined by id, complete, of numbers that are finite.

What breaks the contract is the learner's `Fail`; a row is never dropped, and NaN never passes.
What is wrong with the grader's own ids or labels is a ValueError, and so a broken check.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Fail

Numbers = npt.NDArray[np.float64]
Vector = Sequence[float] | npt.NDArray[np.generic] | pd.Series
"""One number a row."""

LARGEST = 1e15
"""No answer is larger, by any unit: so squares and sums of what is scored stay finite."""

_SAFE_INTEGER = 2**53


def aligned(  # noqa: PLR0913 - an answer's whole contract in one line
    answer: object,
    *,
    ids: Vector,
    id_column: str,
    column: str,
    low: float = -LARGEST,
    high: float = LARGEST,
    empty_as: float | None = None,
) -> Numbers:
    """The answer's `column` in the order of the grader's `ids`: shape (len(ids),), finite.

    `answer` is what a call or a query returned. Abstaining has a price or is not allowed:
    `empty_as` is what an empty value counts as (the answer of the baseline, or the worst one);
    without it, an empty value breaks the contract. Raises Fail: not_a_table, columns_missing,
    ids_not_whole, ids_twice, ids_unknown, ids_missing, values_not_numbers, values_not_finite,
    values_out_of_range.
    """
    frame = _joined(answer, ids=ids, id_column=id_column, columns=[column])
    values = numbers(frame[column], column)
    if empty_as is not None:
        values = np.where(np.isnan(values), float(empty_as), values)
    return within(values, column=column, low=low, high=high)


def aligned_bounds(
    answer: object,
    *,
    ids: Vector,
    id_column: str,
    columns: tuple[str, str],
    widest: float | None = None,
) -> tuple[Numbers, Numbers]:
    """The two ends of interval forecasts, in the order of the grader's `ids`.

    `widest` caps the mean width, in the unit of the forecast: an interval that holds everything
    says nothing. Raises Fail: those of `aligned`, bounds_crossed, bounds_too_wide.
    """
    frame = _joined(answer, ids=ids, id_column=id_column, columns=list(columns))
    low, high = (
        within(numbers(frame[name], name), column=name, low=-LARGEST, high=LARGEST)
        for name in columns
    )
    crossed = int((low > high).sum())
    if crossed:
        raise Fail("bounds_crossed", {"low": columns[0], "high": columns[1], "rows": crossed})
    width = float(np.mean(high - low))
    if widest is not None and width > widest:
        raise Fail("bounds_too_wide", {"width": width, "widest": widest})
    return low, high


def as_values(
    answer: object,
    *,
    rows: int,
    name: str = "value",
    low: float = -LARGEST,
    high: float = LARGEST,
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
    return within(numbers(column, name), column=name, low=low, high=high)


def labelled(labels: Vector, scores: Vector) -> tuple[Numbers, Numbers]:
    """Labels of the grader (0 or 1) and a stranger's scores (finite), of one length."""
    y = np.asarray(labels, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("labels are one or more zeros and ones")
    return y, _scores(scores, len(y))


def measured(actual: Vector, predicted: Vector) -> tuple[Numbers, Numbers]:
    """Numbers of the grader (finite) and a stranger's (finite), of one length."""
    y = np.asarray(actual, dtype=np.float64)
    if y.ndim != 1 or len(y) == 0 or not (np.abs(y) <= LARGEST).all():
        raise ValueError("what happened is one or more finite numbers")
    return y, _scores(predicted, len(y))


def numbers(column: pd.Series, name: str, *, reason: str = "values_not_numbers") -> Numbers:
    """The column as floats, NaN for a null. A text is no number, even when it spells one."""
    kinds = {type(value) for value in column.dropna()} if column.dtype == object else set()
    plain = all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds)
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not (numeric or (column.dtype == object and plain)) or np.iscomplexobj(column):
        raise Fail(reason, {"column": name})
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):
        raise Fail(reason, {"column": name}) from None


def within(values: Numbers, *, column: str, low: float, high: float) -> Numbers:
    """The values, if each is finite and lies in the range. Raises Fail."""
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise Fail("values_not_finite", {"column": column, "rows": bad})
    outside = int(((values < low) | (values > high)).sum())
    if outside:
        bounds = {"low": max(low, -LARGEST), "high": min(high, LARGEST)}
        raise Fail("values_out_of_range", {"column": column, "rows": outside, **bounds})
    return values


def _scores(given: Vector, rows: int) -> Numbers:
    array = np.asarray(given)
    if array.ndim > 1 and array.size != len(array):
        raise Fail("not_one_column", {"name": "score", "found": int(array.shape[1])})
    values = numbers(pd.Series(array.ravel()), "score")
    if len(values) != rows:
        raise Fail("rows_differ", {"expected": rows, "found": len(values)})
    return within(values, column="score", low=-LARGEST, high=LARGEST)


def _joined(
    answer: object, *, ids: Vector, id_column: str, columns: Sequence[str]
) -> pd.DataFrame:
    """The answer's rows in the order of the grader's ids, one each. Raises Fail."""
    if not isinstance(answer, pd.DataFrame):
        raise Fail("not_a_table", {"found": type(answer).__name__})
    absent = [name for name in (id_column, *columns) if name not in answer.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    own = pd.Index(np.asarray(ids, dtype=np.int64))
    given = pd.Index(_whole(answer[id_column], id_column))
    _same_ids(own, given)
    return answer.iloc[given.get_indexer(own)]


def _whole(column: pd.Series, name: str) -> npt.NDArray[np.int64]:
    if pd.api.types.is_integer_dtype(column) and not column.isna().any():
        if column.max() > np.iinfo(np.int64).max:  # of an unsigned column
            raise Fail("ids_not_whole", {"column": name})
        return column.to_numpy(dtype=np.int64)
    values = numbers(column, name, reason="ids_not_whole")
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < _SAFE_INTEGER)
    if not whole.all():
        raise Fail("ids_not_whole", {"column": name})
    return values.astype(np.int64)


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
