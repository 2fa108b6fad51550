"""Ready checks of a query: it answers as the reference's does, and reads about as little."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from graders.checking import Check
from graders.ready import Terms, ready
from graders.results import Group
from graders.sql.cost import reference_result, within_budget
from graders.sql.rows import same_rows
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Json


class Rules(TypedDict, total=False):
    """How two results are compared: the parameters of `same_rows`."""

    keys: tuple[str, ...]
    tolerance: float
    allowed: float
    ordered_by: tuple[str, ...]
    top: int | None
    exact_columns: bool


def answers(
    path: str,
    *,
    params: Mapping[str, Json] | None = None,
    data: str | None = None,
    rules: Rules | None = None,
    **terms: Unpack[Terms],
) -> Check:
    """The query answers as the reference's query does on the same data.

    `params` are bound by the engine, `data` names a hidden dataset (by default the public one),
    `rules` are those of `same_rows`. Proves: the same rows come out, whatever way they are found.
    Reasons: those of `same_rows`.

        monthly = answers("sql/monthly.sql", rules={"keys": ("month",)}, points=20)
    """

    def judge(work: Workspace) -> None:
        found = _asked(work, path, params, data)
        expected = reference_result(work, path, params, data=data).frame
        same_rows(found.frame, expected, **(rules or {}))

    return ready(judge, terms, name="answers", group=Group.METRICS, kind="exact")


def frugal(
    path: str,
    *,
    params: Mapping[str, Json] | None = None,
    data: str | None = None,
    times: float = 1.5,
    **terms: Unpack[Terms],
) -> Check:
    """The query reads at most `times` the rows and bytes that the reference's reads.

    Counted by the engine, on the same data. Proves: the tables are not scanned again and again,
    and columns that nobody asked for stay on disk. Reasons: reads_times_rows, reads_times_bytes.

        lean = frugal("sql/monthly.sql", times=2, points=5, needs=[monthly])
    """
    if times < 1:
        raise ValueError(f"a budget of {times!r} times would refuse the reference itself")

    def judge(work: Workspace) -> None:
        found = _asked(work, path, params, data)
        within_budget(found, reference_result(work, path, params, data=data), times=times)

    return ready(
        judge,
        terms,
        name="frugal",
        group=Group.PRODUCTION,
        kind="resource",
        severity="minor",
    )


def _asked(
    work: Workspace, path: str, params: Mapping[str, Json] | None, data: str | None
) -> SqlResult:
    key = ("sql.asked", path, repr(params), data)
    return work.once(key, lambda: work.sql(path, params, data=data))
