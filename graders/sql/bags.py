"""Results without a key: two bags of rows, where each row comes as often as it should.

Rows are first told apart by the columns that compare exactly, and within such a group paired by
the numbers that may differ a little.
"""

from typing import Any

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.sql.comparing import (
    Floats,
    as_numbers,
    as_times,
    comparable,
    is_time,
    is_whole,
    sort_of,
)

_MOST_PAIRED = 400  # rows of one group that are paired one by one
_DIGITS = 4  # of a number, for putting rows that are about equal side by side


def same_bag(frame: pd.DataFrame, expected: pd.DataFrame, *, tolerance: float) -> None:
    """Fail unless both hold the same rows, each as often.

    Reasons: column_of_another_kind, rows_repeated, rows_missing, rows_extra, rows_other.
    """
    for column in expected.columns:
        if not comparable(frame[column], expected[column]):
            kinds = {"found": sort_of(frame[column]), "expected": sort_of(expected[column])}
            told = {name: kind.value for name, kind in kinds.items()}
            raise Fail("column_of_another_kind", {"column": column, **told})
    given_groups, own_groups = _groups(frame, expected)
    fuzzy = [column for column in expected.columns if _is_fuzzy(expected[column])]
    given, own = _matrix(frame, fuzzy), _matrix(expected, fuzzy)
    matched, unmatched = 0, []
    rows_of = _places(given_groups)
    for group, mine in _places(own_groups).items():
        theirs = rows_of.pop(group, np.array([], dtype=np.int64))
        pairs, left_over = _paired(given[theirs], own[mine], tolerance)
        matched += pairs
        unmatched += [(theirs[n], mine) for n in left_over]
    extra, missing = len(frame) - matched, len(expected) - matched
    strangers = sum(map(len, rows_of.values()))
    if extra and not missing and not strangers and _all_known(given, own, unmatched, tolerance):
        raise Fail("rows_repeated", {"rows": extra, "expected": len(expected)})
    _tell(missing, extra, len(expected))


def _tell(missing: int, extra: int, total: int) -> None:
    if missing and extra:
        rows = max(missing, extra)
        raise Fail("rows_other", {"rows": rows, "expected": total, "share": rows / max(1, total)})
    if missing:
        raise Fail("rows_missing", {"rows": missing, "expected": total})
    if extra:
        raise Fail("rows_extra", {"rows": extra, "expected": total})


def _is_fuzzy(column: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column) and not is_time(column)
    return numeric and not is_whole(column)


def _groups(frame: pd.DataFrame, expected: pd.DataFrame) -> tuple[Any, Any]:
    """A number for each row of both, equal where all exact columns are."""
    exact = [column for column in expected.columns if not _is_fuzzy(expected[column])]
    if not exact:
        return np.zeros(len(frame), np.int64), np.zeros(len(expected), np.int64)
    both = pd.DataFrame(
        {n: _canonical(frame[name], expected[name]) for n, name in enumerate(exact)}
    )
    codes = both.groupby(list(both.columns), dropna=False, sort=False).ngroup().to_numpy()
    return codes[: len(frame)], codes[len(frame) :]


def _canonical(given: pd.Series, own: pd.Series) -> Any:  # noqa: ANN401 - a column of any type
    """Both columns one below the other, in one type."""
    if is_time(own):
        parts = [as_times(column).dt.as_unit("ns") for column in (given, own)]
    elif pd.api.types.is_numeric_dtype(own):
        parts = [_whole(column) for column in (given, own)]
    else:
        parts = [column.astype(object).map(str, na_action="ignore") for column in (given, own)]
    return pd.concat(parts, ignore_index=True)


def _whole(column: pd.Series) -> Any:  # noqa: ANN401 - a column of Python's whole numbers
    """Whole numbers as Python's own; a fraction stays what it is, and so equals none."""
    if is_whole(column):
        return column.astype(object).map(int, na_action="ignore")
    values = pd.Series(as_numbers(column), dtype=object)
    return values.map(lambda v: int(v) if float(v).is_integer() else v, na_action="ignore")


def _matrix(frame: pd.DataFrame, columns: list[str]) -> Floats:
    if not columns:
        return np.zeros((len(frame), 0))
    return np.column_stack([as_numbers(frame[column]) for column in columns])


def _places(groups: Any) -> dict[int, Any]:  # noqa: ANN401 - an array of whole numbers
    found: dict[Any, Any] = pd.Series(np.arange(len(groups))).groupby(groups).indices
    return found


def _paired(given: Floats, own: Floats, tolerance: float) -> tuple[int, list[int]]:
    """How many rows find a partner, and the given ones that do not."""
    if own.shape[1] == 0:
        pairs = min(len(given), len(own))
        return pairs, list(range(pairs, len(given)))
    a, b = _side_by_side(given), _side_by_side(own)
    if len(given) == len(own) and _close(given[a], own[b], tolerance).all():
        return len(own), []
    if max(len(given), len(own)) > _MOST_PAIRED:
        pairs = min(len(given), len(own))
        fits = _close(given[a[:pairs]], own[b[:pairs]], tolerance)
        return int(fits.sum()), [*a[:pairs][~fits], *a[pairs:]]
    free, alone = list(b), []
    for n in a:
        partner = next((m for m in free if _close(given[n], own[m], tolerance).all()), None)
        if partner is None:
            alone.append(int(n))
        else:
            free.remove(partner)
    return len(given) - len(alone), alone


def _side_by_side(rows: Floats) -> Any:  # noqa: ANN401 - an array of places
    """The order that puts rows that are about equal at about the same place."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (np.floor(np.log10(np.abs(rows))) - _DIGITS)
        coarse = np.where(rows == 0, 0.0, np.round(rows / scale) * scale)
    keys = [*rows.T[::-1], *coarse.T[::-1]]
    return np.lexsort(keys)


def _close(given: Floats, own: Floats, tolerance: float) -> Any:  # noqa: ANN401 - flags
    return np.isclose(given, own, rtol=tolerance, atol=tolerance, equal_nan=True).all(axis=-1)


def _all_known(given: Floats, own: Floats, unmatched: list[Any], tolerance: float) -> bool:
    """Whether each row without a partner is one of the expected, over again."""
    return all(_close(given[n], own[mine], tolerance).any() for n, mine in unmatched)
