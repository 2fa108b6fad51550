"""Two results are the same: joined by their keys, or as a bag of rows, in an order or in none."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.results import Param
from graders.sql.bags import same_bag
from graders.sql.comparing import as_times, comparable, differ, is_time, sort_of
from graders.sql.explaining import explained


def same_rows(  # noqa: PLR0913 - the rules of a comparison, by name
    frame: pd.DataFrame,
    expected: pd.DataFrame,
    *,
    keys: Sequence[str] = (),
    tolerance: float = 1e-6,
    allowed: float = 0.0,
    ordered_by: Sequence[str] = (),
    top: int | None = None,
    exact_columns: bool = False,
) -> None:
    """Fail unless `frame` has the rows of `expected`, joined by `keys`, in any order.

    Without `keys` the rows are a bag: each comes as often as in `expected`. Every column of
    `expected` must be there; others are no matter, unless `exact_columns` asks for these alone in
    this order. How values compare is told in `comparing`; a column passes when at most the share
    `allowed` of its rows differ. With `ordered_by` (the columns of an ORDER BY) the rows come in
    the order of `expected`; rows that tie in them may come in any. With `top`, as many rows are
    asked for, `expected` holds all that tie for the last place (``LIMIT n WITH TIES``), and any
    of those will do.

    Reasons, in this order: columns_missing, columns_out_of_place, column_of_another_kind;
    key_not_comparable, keys_twice, rows_missing, rows_extra (by keys) or rows_repeated,
    rows_missing, rows_extra, rows_other (a bag); of the worst column values_empty, values_filled,
    times_shifted, values_scaled, values_shifted, values_rounded, texts_spelled, values_differ;
    and order_differs. Raises ValueError for `expected` that breaks its own rules.
    """
    _check_columns(frame, expected, exact=exact_columns)
    if top is not None:
        expected = _first_of(frame, expected, keys, ordered_by, top)
    if keys:
        _same_by_keys(frame, expected, keys, tolerance=tolerance, allowed=allowed)
    else:
        same_bag(frame, expected, tolerance=tolerance)
    for column in ordered_by:
        given, own = frame[column].reset_index(drop=True), expected[column].reset_index(drop=True)
        wrong = differ(given, own, tolerance)
        if wrong.any():
            raise Fail("order_differs", {"column": column, "rows": int(wrong.sum())})


def joined(
    frame: pd.DataFrame, expected: pd.DataFrame, keys: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames in the order of `expected`, without their keys. Raises Fail."""
    _check_columns(frame, expected, exact=False)
    right = _indexed(expected, keys)
    if not right.index.is_unique:
        raise ValueError("the expected keys repeat")
    for key in keys:
        _check_key(frame[key], expected[key], key)
    left = _indexed(frame[list(expected.columns)], keys)
    twice = int(left.index.duplicated().sum())
    if twice:
        raise Fail("keys_twice", {"rows": twice, "keys": ", ".join(keys)})
    missing = int((~right.index.isin(left.index)).sum())
    if missing:
        raise Fail("rows_missing", {"rows": missing, "expected": len(right)})
    extra = int((~left.index.isin(right.index)).sum())
    if extra:
        raise Fail("rows_extra", {"rows": extra, "expected": len(right)})
    return left.loc[right.index], right


def _same_by_keys(
    frame: pd.DataFrame,
    expected: pd.DataFrame,
    keys: Sequence[str],
    *,
    tolerance: float,
    allowed: float,
) -> None:
    left, right = joined(frame, expected, keys)
    wrong = {}
    for column in right.columns:
        _check_kind(left[column], right[column], column)
        mask = differ(left[column], right[column], tolerance)
        if mask.sum() > allowed * len(right):
            wrong[column] = mask
    if wrong:
        worst = max(wrong, key=lambda column: int(wrong[column].sum()))
        mask = wrong[worst]
        raise explained(worst, left[worst], right[worst], mask, columns=len(wrong))


def _check_columns(frame: pd.DataFrame, expected: pd.DataFrame, *, exact: bool) -> None:
    absent = [column for column in expected.columns if column not in frame.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    if exact and list(frame.columns) != list(expected.columns):
        names, found = ", ".join(expected.columns), len(frame.columns)
        facts: dict[str, Param] = {"columns": names, "found": found}
        raise Fail("columns_out_of_place", {**facts, "expected": len(expected.columns)})


def _check_kind(given: pd.Series, own: pd.Series, column: str) -> None:
    if not comparable(given, own):
        kinds = {"found": sort_of(given).value, "expected": sort_of(own).value}
        raise Fail("column_of_another_kind", {"column": column, **kinds})


def _check_key(given: pd.Series, own: pd.Series, key: str) -> None:
    if pd.api.types.is_numeric_dtype(given) != pd.api.types.is_numeric_dtype(own):
        raise Fail("key_not_comparable", {"column": key})
    if is_time(own) and pd.isna(as_times(given)).any():
        raise Fail("key_not_comparable", {"column": key})


def _first_of(
    frame: pd.DataFrame,
    expected: pd.DataFrame,
    keys: Sequence[str],
    ordered_by: Sequence[str],
    top: int,
) -> pd.DataFrame:
    """The `top` rows of `expected`, of those that tie for the last places the learner's choice."""
    if not keys or not ordered_by:
        raise ValueError("the first rows of a result need its keys and its order")
    if len(frame) > top:
        raise Fail("rows_extra", {"rows": len(frame) - top, "expected": top})
    if len(expected) <= top:
        return expected
    border = expected.iloc[top - 1]
    tied = np.logical_and.reduce(
        [
            (expected[column] == border[column])
            | (expected[column].isna() & pd.isna(border[column]))
            for column in ordered_by
        ]
    )
    chosen = _indexed(expected, keys).index.isin(_indexed(frame, keys).index)
    places = np.flatnonzero(tied & chosen)[: top - int((~tied[:top]).sum())]
    above = np.flatnonzero(~tied[:top])
    rest = np.setdiff1d(np.flatnonzero(tied), places)[: top - len(above) - len(places)]
    return expected.iloc[np.sort(np.concatenate([above, places, rest]))]


def _indexed(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    frame = frame.copy()
    for key in keys:
        if is_time(frame[key]):
            frame[key] = as_times(frame[key])
    return frame.set_index(list(keys))
