"""What is answered for a past moment must not know what came later."""

from collections.abc import Mapping, Sequence

import pandas as pd

from graders.failures import Fail
from graders.sql.comparing import differences
from graders.sql.rows import joined
from graders.workspace import Workspace
from sandbox.interface import Json


def same_without_future(
    whole: pd.DataFrame, before: pd.DataFrame, *, keys: Sequence[str], tolerance: float = 1e-6
) -> None:
    """Fail when features of a past moment change once what came later is gone.

    `whole` was made from the data as they are, `before` from the data as they were at that moment;
    both by the learner's code, joined by `keys`. Reasons: looks_ahead_rows (other rows come out),
    looks_ahead (values of columns change; the worst is named), and keys_twice, columns_missing.
    """
    try:
        left, right = joined(whole, before, keys)
    except Fail as failure:
        if failure.reason not in ("rows_missing", "rows_extra"):
            raise
        raise Fail("looks_ahead_rows", {"rows": failure.params["rows"]}) from None
    except ValueError:  # the learner's own keys repeat, also without the future
        twice = int(before.duplicated(list(keys)).sum())
        raise Fail("keys_twice", {"rows": twice, "keys": ", ".join(keys)}) from None
    counts = differences(left, right, tolerance=tolerance)
    changed = {column: count for column, count in counts.items() if count}
    if changed:
        worst = max(changed, key=lambda column: changed[column])
        facts = {"rows": changed[worst], "columns": len(changed), "total": len(right)}
        raise Fail("looks_ahead", {"column": worst, **facts})


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
    `truncated`, the same without what was not known at that moment. Reasons: those of
    `same_without_future`.
    """
    whole = work.sql(path, params, data=full).frame
    before = work.sql(path, params, data=truncated).frame
    absent = [key for key in keys if key not in before.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    same_without_future(whole, before, keys=keys)
