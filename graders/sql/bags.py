"""Results without a key: two bags of rows, where each row comes as often as it should.

Rows are first told apart by the columns that compare exactly, and within such a group paired by
the numbers that may differ a little. Whether two bags are the same is found for any size; how many
rows differ is an upper bound where thousands of them share a group.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.failures import Fail
from graders.sql.comparing import (
    Booleans,
    Floats,
    as_numbers,
    as_times,
    comparable,
    is_time,
    is_whole,
    sort_of,
)

Places = npt.NDArray[np.int64]

_MOST_PAIRED = 2_000  # rows of one group that are paired one by one
_MOST_GROUPS = 2_000  # groups that are
_MOST_TOLD = 1_000  # rows without a partner of one group
_MOST_IN_ALL = 2**31  # rows of a result
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
    a, b = _side_by_side(given, given_groups), _side_by_side(own, own_groups)
    if (
        np.array_equal(given_groups[a], own_groups[b])
        and _close(given[a], own[b], tolerance).all()
    ):
        return
    matched, alone = _matched(given, own, given_groups, own_groups, tolerance)
    extra, missing = len(frame) - matched, len(expected) - matched
    if extra and not missing and _all_known(given, own, alone, tolerance):
        raise Fail("rows_repeated", {"rows": extra, "expected": len(expected)})
    _tell(missing, extra, len(expected))


Alone = list[tuple[int, Places]]
"""A given row without a partner, and the expected rows of its group."""


def _matched(
    given: Floats, own: Floats, given_groups: Places, own_groups: Places, tolerance: float
) -> tuple[int, Alone]:
    """How many rows have a partner, and those that have none."""
    mine_of = _members(own_groups)
    nobody = np.array([], dtype=np.int64)
    matched, alone = 0, []
    paired = _fits_in_order(given, own, given_groups, own_groups, tolerance)
    for number, (group, theirs) in enumerate(_members(given_groups).items()):
        mine = mine_of.get(group, nobody)
        fits = paired[theirs]
        several = len(mine) > 0 and 1 < max(len(theirs), len(mine)) <= _MOST_PAIRED
        if several and not fits.all() and number < _MOST_GROUPS:
            pairs, rest = _paired(given[theirs], own[mine], tolerance)
        else:
            pairs, rest = int(fits.sum()), np.flatnonzero(~fits).tolist()
        matched += pairs
        alone += [(int(theirs[n]), mine) for n in rest[:_MOST_TOLD]]
    return matched, alone


def _fits_in_order(
    given: Floats, own: Floats, given_groups: Places, own_groups: Places, tolerance: float
) -> Booleans:
    """Which given rows equal the expected row at the same place of their group's order."""
    a, b = _side_by_side(given, given_groups), _side_by_side(own, own_groups)
    _, here, there = np.intersect1d(
        _place_codes(given_groups[a]),
        _place_codes(own_groups[b]),
        assume_unique=True,
        return_indices=True,
    )
    fits = np.zeros(len(given), dtype=np.bool_)
    fits[a[here]] = _close(given[a[here]], own[b[there]], tolerance)
    return fits


def _place_codes(groups: Places) -> Places:
    """A number for each row of sorted groups: its group, and its place in it."""
    begins = np.searchsorted(groups, groups, side="left")
    codes: Places = groups.astype(np.int64) * _MOST_IN_ALL + (np.arange(len(groups)) - begins)
    return codes


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


def _members(groups: Places) -> dict[int, Any]:
    found: dict[Any, Any] = pd.Series(np.arange(len(groups))).groupby(groups).indices
    return found


def _paired(given: Floats, own: Floats, tolerance: float) -> tuple[int, list[int]]:
    """How many rows of one group find a partner, one by one, and the given ones that do not."""
    free, alone = list(range(len(own))), []
    for n in range(len(given)):
        close = _close(given[n], own[free], tolerance) if free else np.array([], dtype=np.bool_)
        if close.any():
            free.pop(int(close.argmax()))
        else:
            alone.append(n)
    return len(given) - len(alone), alone


def _side_by_side(rows: Floats, groups: Any = None) -> Any:  # noqa: ANN401 - arrays of places
    """The order that puts rows that are about equal at about the same place, group by group."""
    with np.errstate(all="ignore"):
        scale = 10.0 ** (np.floor(np.log10(np.abs(rows))) - _DIGITS)
        coarse = np.where(rows == 0, 0.0, np.round(rows / scale) * scale)
    keys = [*rows.T[::-1], *coarse.T[::-1]]
    if groups is not None:
        keys.append(groups)
    return np.lexsort(keys) if keys else np.arange(len(rows))


def _close(given: Floats, own: Floats, tolerance: float) -> Any:  # noqa: ANN401 - flags
    return np.isclose(given, own, rtol=tolerance, atol=tolerance, equal_nan=True).all(axis=-1)


def _all_known(given: Floats, own: Floats, alone: Alone, tolerance: float) -> bool:
    """Whether each row without a partner is one of the expected, over again."""
    return all(_close(given[n], own[mine], tolerance).any() for n, mine in alone[:_MOST_TOLD])
