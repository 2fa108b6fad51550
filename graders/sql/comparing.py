"""Column by column: which values of two aligned results differ, by the type of the expected one.

* A number differs when it is off by more than the tolerance, absolute or relative; a column that
  is whole on the expected side is compared exactly. An engine's int, float or flag is no matter.
* A moment is compared in UTC, whatever its precision; a midnight equals its day.
* A text is compared letter by letter.
* An empty value (NULL, NaN, NaT) equals only an empty value.
"""

import enum

import numpy as np
import numpy.typing as npt
import pandas as pd

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Sort(enum.StrEnum):
    """What a column holds, as far as a comparison cares."""

    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    EMPTY = "empty"


def sort_of(column: pd.Series) -> Sort:
    """What a column holds: decided by its type, or by its values where that says nothing."""
    if column.isna().all():
        return Sort.EMPTY
    if is_time(column):
        return Sort.TIME
    if pd.api.types.is_numeric_dtype(column):
        return Sort.NUMBER
    values = column.dropna()
    numeric = all(isinstance(value, int | float | np.number) for value in values)
    return Sort.NUMBER if numeric else Sort.TEXT


def comparable(given: pd.Series, own: pd.Series) -> bool:
    """Whether values can be compared at all; a moment may be spelled as text."""
    sorts = (sort_of(given), sort_of(own))
    return Sort.EMPTY in sorts or sorts[0] is sorts[1] or sorts == (Sort.TEXT, Sort.TIME)


def differences(
    left: pd.DataFrame, right: pd.DataFrame, *, tolerance: float = 1e-6
) -> dict[str, int]:
    """How many rows differ in each column of two frames that are aligned row by row."""
    return {
        column: int(differ(left[column], right[column], tolerance).sum())
        for column in right.columns
    }


def differ(given: pd.Series, own: pd.Series, tolerance: float) -> Booleans:
    """Which rows differ; both empty is the same, one empty is not."""
    if is_time(own):
        a, b = as_times(given), as_times(own)
        return np.asarray(~((a == b) | (a.isna() & b.isna())), dtype=np.bool_)
    if pd.api.types.is_numeric_dtype(own):
        return _numbers_differ(given, own, tolerance)
    a, b = given.astype(object), own.astype(object)
    empty_a, empty_b = np.asarray(a.isna(), dtype=bool), np.asarray(b.isna(), dtype=bool)
    same = np.asarray(a.astype(str)) == np.asarray(b.astype(str))
    return np.asarray((~same & ~(empty_a & empty_b)) | (empty_a != empty_b), dtype=np.bool_)


def as_numbers(column: pd.Series) -> Floats:
    """A column as floats, NaN for what is none. A text is no number, even when it spells one."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object).map(lambda value: None if isinstance(value, str) else value)
        column = pd.to_numeric(column, errors="coerce")
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def as_times(column: pd.Series) -> pd.Series:
    """Times in UTC; what is none becomes empty."""
    return pd.to_datetime(column, errors="coerce", utc=True)


def is_time(column: pd.Series) -> bool:
    """Whether a column holds moments or days."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    first = next(iter(column.dropna()), None) if column.dtype == object else None
    return first is not None and hasattr(first, "year")


def is_whole(column: pd.Series) -> bool:
    """Whether a column is typed as whole numbers: then nothing is rounded away."""
    return pd.api.types.is_integer_dtype(column) or pd.api.types.is_bool_dtype(column)


def _numbers_differ(given: pd.Series, own: pd.Series, tolerance: float) -> Booleans:
    if is_whole(own) and is_whole(given):
        return _whole_differ(given, own)
    relative = 0.0 if is_whole(own) else tolerance
    close = np.isclose(
        as_numbers(given), as_numbers(own), rtol=relative, atol=tolerance, equal_nan=True
    )
    return np.asarray(~close, dtype=np.bool_)


def _whole_differ(given: pd.Series, own: pd.Series) -> Booleans:
    """Beyond 2**53 a float cannot tell neighbours apart, so these are compared as they are."""
    empty_a, empty_b = (np.asarray(c.isna(), dtype=np.bool_) for c in (given, own))
    a, b = (np.asarray(c.astype(object).fillna(0), dtype=object) for c in (given, own))
    return np.asarray(((a != b) & ~empty_b) | (empty_a != empty_b), dtype=np.bool_)
