"""Rows that were learnt from must not be the ones that are judged, nor come after them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from graders.failures import Fail


def no_overlap(learnt: object, judged: object) -> None:
    """Fail when ids are on both sides of a split.

    Both are the learner's word on it, lists or columns of whole numbers or texts: for rows, or for
    customers where each has several. Reasons: split_overlaps, split_empty, ids_not_plain.
    """
    left, right = _ids(learnt), _ids(judged)
    both = int(right.isin(set(left)).sum())
    if both:
        facts = {"rows": both, "total": len(right), "share": both / len(right)}
        raise Fail("split_overlaps", dict(facts))


def split_in_time(learnt: object, judged: object, *, gap_days: float = 0.0) -> None:
    """Fail when a row that was learnt from is not older than the judged ones, by `gap_days`.

    Both are moments, as texts in ISO 8601 or as times. Reasons: split_turns_back, split_empty,
    times_not_plain.
    """
    left, right = _moments(learnt), _moments(judged)
    border = right.min() - pd.Timedelta(days=gap_days)
    later = int((left >= border).sum())
    if later:
        raise Fail("split_turns_back", {"rows": later, "total": len(left)})


def no_copies(
    learnt: pd.DataFrame,
    judged: pd.DataFrame,
    *,
    columns: Sequence[str],
    allowed: float = 0.0,
) -> None:
    """Fail when rows that are judged were learnt from word for word, under whatever id.

    Equal in all `columns`, which tell rows apart well; up to the share `allowed` may be alike by
    chance. Reasons: rows_copied, columns_missing.
    """
    for frame in (learnt, judged):
        absent = [name for name in columns if name not in frame.columns]
        if absent:
            raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    if judged.empty:
        raise Fail("split_empty", {})
    known = set(_spelled(learnt, columns))
    copied = sum(row in known for row in _spelled(judged, columns))
    if copied > allowed * len(judged):
        facts = {"rows": copied, "total": len(judged), "share": copied / len(judged)}
        raise Fail("rows_copied", dict(facts))


def _ids(given: object) -> pd.Series:
    column = _column(given)
    kinds = {type(value) for value in column}
    whole = all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds)
    if not (whole or kinds == {str}):
        raise Fail("ids_not_plain", {})
    return column


def _moments(given: object) -> pd.Series:
    column = _column(given)
    if any(isinstance(value, int | float | np.number) for value in column):
        raise Fail("times_not_plain", {})
    moments = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if moments.isna().any():
        raise Fail("times_not_plain", {})
    return moments


def _column(given: object) -> pd.Series:
    """A list, or a table of one column, that is not empty."""
    if isinstance(given, pd.DataFrame) and given.shape[1] == 1:
        given = given.iloc[:, 0]
    if not isinstance(given, list | pd.Series | np.ndarray):
        raise Fail("not_a_table", {"found": type(given).__name__})
    column = pd.Series(list(given), dtype=object)
    if column.empty:
        raise Fail("split_empty", {})
    return column


def _spelled(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows as texts: 3 and 3.0 are one number."""
    parts = []
    for name in columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            parts.append([f"{value:.12g}" for value in values])
        else:
            parts.append([str(value) for value in column])
    return list(zip(*parts, strict=True))
