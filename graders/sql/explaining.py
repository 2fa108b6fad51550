"""Why a column differs, where the values tell: its reason says what to look for, never a row.

Only counts and one number that all differing rows share are told, so a hidden result stays hidden.
"""

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.results import Param
from graders.sql.comparing import Booleans, Floats, as_numbers, as_times, is_time

Cause = tuple[str, dict[str, Param]]

_FEWEST = 3  # rows that agree on a factor or a shift before it is named
_CLOSE = 1e-6
_READABLE = 1e12  # no larger number is told
_HOUR_MS = 3_600_000


def explained(
    column: str, given: pd.Series, own: pd.Series, wrong: Booleans, *, columns: int
) -> Fail:
    """What to say of a column that differs in the rows `wrong`; `columns` is how many do."""
    facts: dict[str, Param] = {
        "column": column,
        "rows": int(wrong.sum()),
        "total": len(own),
        "columns": columns,
        "share": float(wrong.mean()),
    }
    a, b = given[wrong], own[wrong]
    if is_time(own):
        kind = _of_times
    else:
        kind = _of_numbers if pd.api.types.is_numeric_dtype(own) else _of_texts
    reason, more = _of_gaps(a, b) or kind(a, b) or ("values_differ", {})
    return Fail(reason, {**facts, **more})


def _of_gaps(given: pd.Series, own: pd.Series) -> Cause | None:
    if given.isna().all() and own.notna().all():
        return "values_empty", {}
    if own.isna().all() and given.notna().all():
        return "values_filled", {}
    return None


def _of_times(given: pd.Series, own: pd.Series) -> Cause | None:
    moments = [as_times(column).dt.as_unit("ms") for column in (given, own)]
    if any(column.isna().any() for column in moments):
        return None
    a, b = (column.to_numpy(dtype="datetime64[ms]").astype(np.float64) for column in moments)
    hours = _shared((a - b) / _HOUR_MS, own.nunique())
    return None if hours is None else ("times_shifted", {"hours": hours})


def _of_texts(given: pd.Series, own: pd.Series) -> Cause | None:
    return ("texts_spelled", {}) if (_plain(given) == _plain(own)).all() else None


def _of_numbers(given: pd.Series, own: pd.Series) -> Cause | None:
    a, b = as_numbers(given), as_numbers(own)
    distinct = len(np.unique(b))
    with np.errstate(all="ignore"):
        factor, gap = _shared(np.where(b == 0, np.nan, a / b), distinct), _shared(a - b, distinct)
    if factor:
        return "values_scaled", {"factor": factor}
    if gap is not None:
        return "values_shifted", {"gap": gap}
    cut = (a == np.floor(a)) & (np.abs(a - b) < 1)
    return ("values_rounded", {}) if cut.all() and (b != np.floor(b)).any() else None


def _shared(values: Floats, distinct: int) -> float | None:
    """The one number that all values are, where enough distinct rows say so."""
    if len(values) < _FEWEST or distinct < _FEWEST or not np.isfinite(values).all():
        return None
    middle = float(np.median(values))
    same = np.isclose(values, middle, rtol=_CLOSE, atol=_CLOSE).all()
    return middle if same and abs(middle) < _READABLE else None


def _plain(column: pd.Series) -> pd.Series:
    return column.astype(str).str.strip().str.casefold()
