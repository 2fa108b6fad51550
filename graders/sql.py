"""Helpers for checks of SQL: the same rows, no look ahead, and what a query reads."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Fail
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Json

Booleans = npt.NDArray[np.bool_]


def same_rows(
    frame: pd.DataFrame,
    expected: pd.DataFrame,
    *,
    keys: Sequence[str],
    tolerance: float = 1e-6,
    allowed: float = 0.0,
) -> None:
    """Fail unless `frame` has the rows of `expected`, joined by `keys`, in any order.

    Every column of `expected` must be there; others are no matter. Numbers may differ by
    `tolerance`, absolute or relative; an empty value equals only an empty value. A column passes
    when at most the share `allowed` of its rows differ. Reasons, in this order: columns_missing,
    key_not_comparable, keys_twice, rows_missing, rows_extra, values_differ (the worst column).
    """
    left, right = _joined(frame, expected, keys)
    counts = differences(left, right, tolerance=tolerance)
    worst = max(counts, key=lambda column: counts[column], default=None)
    if worst is not None and counts[worst] > allowed * len(right):
        differing = sum(count > allowed * len(right) for count in counts.values())
        raise Fail(
            "values_differ",
            {
                "column": worst,
                "rows": counts[worst],
                "total": len(right),
                "columns": differing,
                "share": counts[worst] / max(1, len(right)),
            },
        )


def no_lookahead(
    work: Workspace,
    path: str,
    params: Mapping[str, Json],
    *,
    keys: Sequence[str],
    truncated: str,
    full: str | None = None,
) -> None:
    """Fail when a query answers differently once the rows that came later are gone.

    Runs the SQL file at `path` twice: on the dataset `full` (None: the public one) and on
    `truncated`, the same without what was not known at that moment. Reasons: looks_ahead_rows
    (other rows come out), looks_ahead (values of columns change).
    """
    whole = work.sql(path, params, data=full).frame
    before = work.sql(path, params, data=truncated).frame
    try:
        left, right = _joined(whole, before, keys)
    except Fail as failure:
        if failure.reason not in ("rows_missing", "rows_extra"):
            raise
        raise Fail("looks_ahead_rows", {"rows": failure.params["rows"]}) from None
    counts = differences(left, right)
    changed = {column: count for column, count in counts.items() if count}
    if changed:
        worst = max(changed, key=lambda column: changed[column])
        raise Fail(
            "looks_ahead",
            {
                "column": worst,
                "rows": changed[worst],
                "columns": len(changed),
                "total": len(right),
            },
        )


def reads_at_most(result: SqlResult, *, rows: int) -> None:
    """Fail when the engine read more rows than a careful query needs (reason reads_too_much)."""
    if result.rows_read > rows:
        raise Fail("reads_too_much", {"rows": result.rows_read, "limit": rows})


def differences(
    left: pd.DataFrame, right: pd.DataFrame, *, tolerance: float = 1e-6
) -> dict[str, int]:
    """How many rows differ in each column of two frames that are aligned row by row."""
    return {
        column: int(_differ(left[column], right[column], tolerance).sum())
        for column in right.columns
    }


def _joined(
    frame: pd.DataFrame, expected: pd.DataFrame, keys: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames in the order of `expected`, without their keys. Raises Fail."""
    absent = [column for column in expected.columns if column not in frame.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    right = _indexed(expected, keys)
    if not right.index.is_unique:
        raise ValueError("the expected keys repeat")
    for key in keys:
        _comparable(frame[key], expected[key], key)
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


def _indexed(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    frame = frame.copy()
    for key in keys:
        if _is_time(frame[key]):
            frame[key] = _as_times(frame[key])
    return frame.set_index(list(keys))


def _comparable(given: pd.Series, own: pd.Series, key: str) -> None:
    if pd.api.types.is_numeric_dtype(given) != pd.api.types.is_numeric_dtype(own):
        raise Fail("key_not_comparable", {"column": key})
    if _is_time(own) and pd.isna(_as_times(given)).any():
        raise Fail("key_not_comparable", {"column": key})


def _differ(given: pd.Series, own: pd.Series, tolerance: float) -> Booleans:
    """Which rows differ; both empty is the same, one empty is not."""
    if pd.api.types.is_numeric_dtype(own) and not _is_time(own):
        return _numbers_differ(given, own, tolerance)
    if _is_time(own):
        a, b = _as_times(given), _as_times(own)
        return np.asarray(~((a == b) | (a.isna() & b.isna())), dtype=np.bool_)
    a, b = given.astype(object), own.astype(object)
    empty_a, empty_b = np.asarray(a.isna(), dtype=bool), np.asarray(b.isna(), dtype=bool)
    same = np.asarray(a.astype(str)) == np.asarray(b.astype(str))
    return np.asarray((~same & ~(empty_a & empty_b)) | (empty_a != empty_b), dtype=np.bool_)


def _numbers_differ(given: pd.Series, own: pd.Series, tolerance: float) -> Booleans:
    if not pd.api.types.is_numeric_dtype(given):  # a text is no number, even when it spells one
        given = given.astype(object).map(lambda value: None if isinstance(value, str) else value)
    a = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    b = own.to_numpy(dtype=np.float64, na_value=np.nan)
    close = np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    return np.asarray(~close, dtype=np.bool_)


def _is_time(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    first = next(iter(column.dropna()), None) if column.dtype == object else None
    return first is not None and hasattr(first, "year")


def _as_times(column: pd.Series) -> pd.Series:
    """Times in UTC; what is none becomes empty."""
    return pd.to_datetime(column, errors="coerce", utc=True)
