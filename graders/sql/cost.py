"""What a query costs, by the engine's own counters, against what the reference's query costs.

Rows are those that the engine took from tables. Bytes are those of the columns it read: as they
lie in the Parquet file on the embedded engine, unpacked on a ClickHouse server. So a limit in
megabytes holds on one of them only, and one in times of the reference on both.
"""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from graders.failures import Fail
from graders.tables import to_frame
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Json, Returned

_RUN, _COST = "simkit._judge:run_sql", "simkit._judge:cost"


def reads_at_most(
    result: SqlResult, *, rows: int | None = None, megabytes: float | None = None
) -> None:
    """Fail when the engine read more than a careful query needs.

    Reasons: reads_too_much (rows), reads_too_many_bytes.
    """
    if rows is not None and result.rows_read > rows:
        raise Fail("reads_too_much", {"rows": result.rows_read, "limit": rows})
    read = result.bytes_read / 1e6
    if megabytes is not None and read > megabytes:
        raise Fail("reads_too_many_bytes", {"read": read, "limit": megabytes})


def within_budget(result: SqlResult, reference: SqlResult, *, times: float = 1.5) -> None:
    """Fail when a query reads more than `times` what the reference's reads, of rows or of bytes.

    Reasons: reads_times_rows, reads_times_bytes.
    """
    if times < 1:
        raise ValueError(f"a budget of {times!r} times would refuse the reference itself")
    pairs = {
        "reads_times_rows": (result.rows_read, reference.rows_read),
        "reads_times_bytes": (result.bytes_read, reference.bytes_read),
    }
    for reason, (found, own) in pairs.items():
        if found > times * own:
            raise Fail(reason, {"times": found / max(1, own), "limit": times})


def reference_result(
    work: Workspace,
    path: str,
    params: Mapping[str, Json] | None = None,
    *,
    data: str | None = None,
) -> SqlResult:
    """What the reference's SQL file answers on the same data, and what it costs; asked once.

    It runs in a room of its own that holds nothing of the learner's. Raises LookupError when the
    reference has no such file or does not run: the author's slip, and so a broken check.
    """

    def ask() -> SqlResult:
        file = work.quest.folder / "reference" / path
        if not file.is_file():
            raise LookupError(f"the reference has no {path}")
        with work.rooms.fresh({path: file.read_bytes()}, data=data) as room:
            frame = _plain(room.call(_RUN, path, dict(params or {})), path)
            cost = _plain(room.call(_COST), path)
        if not isinstance(frame, pd.DataFrame) or not isinstance(cost, dict):
            raise LookupError(  # noqa: TRY004 - a slip of the quest, not of a caller
                f"the reference's {path} answers with no table"
            )
        return SqlResult(
            frame=frame,
            rows_read=int(cost["rows_read"]),
            bytes_read=int(cost["bytes_read"]),
            seconds=float(cost["seconds"]),
        )

    return work.once(("sql.reference", path, repr(params), data), ask)


def _plain(returned: Returned, path: str) -> object:
    if not returned.ok:
        said = returned.raised or returned.stopped or returned.crashed or returned.rejected
        raise LookupError(f"the reference's {path} does not run: {said}")
    value = returned.value
    return to_frame(value) if isinstance(value, pa.Table) else value
