"""An answer about a row depends on that row: not on its neighbours, its place or its id.

The same rows are asked about again in other ways, and answers are compared here, outside. The
second asking is in a fresh room, so that nothing can be remembered from the first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Unpack, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders.checking import Check
from graders.failures import Fail
from graders.metrics import as_values
from graders.metrics.answers import Numbers
from graders.ready import Terms, ready
from graders.results import Group
from graders.workspace import Workspace

Ask = Callable[[pd.DataFrame], object]
"""Ask the learner's code about rows: a list or a one-column table with a number a row."""

Places = npt.NDArray[np.int64]
Case = Literal["alone", "parts", "reordered", "columns", "renumbered"]
CASES: tuple[Case, ...] = get_args(Case)
SAME = 1e-9
_PART = 7


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """Answers that changed although the rows did not."""

    case: Case
    rows: int  # how many answers changed
    total: int
    largest: float  # the largest change


def dependence(  # noqa: PLR0913 - how rows are asked about again, by name
    ask: Ask,
    rows: pd.DataFrame,
    *,
    again: Ask | None = None,
    cases: Sequence[Case] = CASES,
    ids: str | None = None,
    alone: int = 20,
    tolerance: float = SAME,
) -> Dependence | None:
    """How answers depend on more than their row; None when they do not.

    All rows are asked about at once, and then (by `again`, in a fresh room) ``alone``: `alone` of
    them one at a time; in ``parts`` of seven; ``reordered``; with ``columns`` from last to first;
    and ``renumbered``: with other values in the column `ids`, and so only where it is given.
    Raises Fail for an answer out of form (see `as_values`).
    """
    unknown = set(cases) - set(CASES)
    if unknown or len(rows) <= _PART or (ids is not None and ids not in rows.columns):
        raise ValueError(f"cases {unknown or cases} of {len(rows)} rows cannot be asked about")
    together = as_values(ask(rows), rows=len(rows))
    for case in cases:
        if case == "renumbered" and ids is None:
            continue
        places, answers = _asked(again or ask, rows, case, ids=ids, alone=alone)
        gap = np.abs(answers - together[places])
        changed = gap > tolerance * np.maximum(1.0, np.abs(together[places]))
        if changed.any():
            return Dependence(
                case=case,
                rows=int(changed.sum()),
                total=len(changed),
                largest=float(gap.max()),
            )
    return None


def stands_alone(  # noqa: PLR0913 - the parameters of `dependence`
    ask: Ask,
    rows: pd.DataFrame,
    *,
    again: Ask | None = None,
    cases: Sequence[Case] = CASES,
    ids: str | None = None,
    alone: int = 20,
    tolerance: float = SAME,
) -> None:
    """Fail when answers depend on more than their row.

    See `dependence`. Reasons: answer_depends_on_batch, answer_depends_on_place,
    answer_depends_on_columns, answer_depends_on_id, and those of `as_values`.
    """
    found = dependence(
        ask, rows, again=again, cases=cases, ids=ids, alone=alone, tolerance=tolerance
    )
    if found is not None:
        facts = {"rows": found.rows, "total": found.total, "largest": found.largest}
        raise Fail(_REASONS[found.case], dict(facts))


def row_by_row(  # noqa: PLR0913 - the parameters of `dependence`
    target: str,
    rows: Callable[[Workspace], pd.DataFrame],
    *,
    called: str | None = None,
    data: str | None = None,
    cases: Sequence[Case] = CASES,
    ids: str | None = None,
    alone: int = 20,
    tolerance: float = SAME,
    **terms: Unpack[Terms],
) -> Check:
    """A row gets one answer, whoever is asked about beside it.

    `target` is called with a table and answers with a number a row; `rows` finds the table. Proves
    that no answer is read off the batch, the place of a row, the order of columns or, where `ids`
    names their column, the id; tolerance is relative to answers above 1. Costs one fresh room.
    Reasons: those of `stands_alone`.

        alone = row_by_row("driver.model:loaded", some_rows, points=4, severity="major")
    """

    def judge(work: Workspace) -> None:
        asked = rows(work)
        with work.room(data=data) as room:
            stands_alone(
                lambda frame: work.call(target, frame, data=data, called=called),
                asked,
                again=lambda frame: work.call(target, frame, room=room, called=called),
                cases=cases,
                ids=ids,
                alone=alone,
                tolerance=tolerance,
            )

    return ready(judge, terms, name="row_by_row", group=Group.TESTS, kind="invariance")


_REASONS = {
    "alone": "answer_depends_on_batch",
    "parts": "answer_depends_on_batch",
    "reordered": "answer_depends_on_place",
    "columns": "answer_depends_on_columns",
    "renumbered": "answer_depends_on_id",
}


def _asked(
    ask: Ask, rows: pd.DataFrame, case: Case, *, ids: str | None, alone: int
) -> tuple[Places, Numbers]:
    """The places that were asked about, and their answers, put back in place."""
    places: list[int] = []
    answers: list[Numbers] = []
    for part, frame in _frames(rows, case, ids=ids, alone=alone):
        places += [int(place) for place in part]
        answers.append(as_values(ask(frame), rows=len(frame)))
    return np.array(places, dtype=np.int64), np.concatenate(answers)


def _frames(
    rows: pd.DataFrame, case: Case, *, ids: str | None, alone: int
) -> Iterator[tuple[Places, pd.DataFrame]]:
    order = _elsewhere(len(rows))
    if case == "alone":
        for place in order[:alone]:
            yield np.array([place]), rows.iloc[[place]]
    elif case == "parts":
        for start in range(0, len(rows), _PART):
            part = order[start : start + _PART]
            yield part, rows.iloc[part]
    elif case == "columns":
        yield np.arange(len(rows)), rows.iloc[:, ::-1]
    else:
        turned = rows.iloc[order]
        if case == "renumbered" and ids is not None:
            turned = rows.assign(**{ids: _other_ids(rows[ids])})
            order = np.arange(len(rows))
        yield order, turned


def _elsewhere(rows: int) -> Places:
    """An order in which no row keeps its place: one cycle through all (Sattolo, 1986)."""
    cycle = np.random.default_rng(rows).permutation(rows)
    order = np.empty(rows, dtype=np.int64)
    order[cycle] = np.roll(cycle, 1)
    return order


def _other_ids(own: pd.Series) -> pd.Series:
    """Ids of the same type that nobody has: larger ones, or longer texts."""
    draw = np.random.default_rng(len(own))
    if pd.api.types.is_numeric_dtype(own):
        span = int(own.max()) + 1
        fresh = span + draw.permutation(9 * len(own))[: len(own)]
        return pd.Series(fresh, index=own.index).astype(own.dtype)
    return own.astype(str).map(lambda text: f"{text}{draw.integers(1_000_000)}")
