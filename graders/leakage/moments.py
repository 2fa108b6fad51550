"""Time travel: features of a past moment stay as they are when everything later is gone."""

from collections.abc import Callable, Sequence
from typing import Unpack

import pandas as pd

from graders.checking import Check
from graders.failures import Fail
from graders.ready import Terms, ready
from graders.results import Group
from graders.sql import same_without_future
from graders.workspace import Workspace


def no_time_travel(
    features: Callable[[Workspace, str | None], object],
    *,
    keys: Sequence[str],
    cut: str,
    full: str | None = None,
    tolerance: float = 1e-6,
    **terms: Unpack[Terms],
) -> Check:
    """Features of a past moment do not know what came later.

    `features(work, data)` asks the learner's code or query for the features of one moment on a
    dataset: on `full` (by default the public one), and on `cut`, the same without what was not
    known at that moment. Proves point-in-time correctness for the rows at hand, whatever the code
    looks like. Reasons: looks_ahead_rows, looks_ahead, not_a_table, columns_missing, keys_twice.

        honest = no_time_travel(asked_features, keys=["user_id"], full="hidden", cut="hidden_cut",
                                points=12, severity="blocker")
    """
    if not keys or cut == full:
        raise ValueError("keys to join by and two different datasets are needed")

    def judge(work: Workspace) -> None:
        whole, before = (_table(features(work, data), keys) for data in (full, cut))
        same_without_future(whole, before, keys=keys, tolerance=tolerance)

    return ready(
        judge,
        terms,
        name="no_time_travel",
        group=Group.PRODUCTION,
        kind="consistency",
        severity="blocker",
    )


def _table(answer: object, keys: Sequence[str]) -> pd.DataFrame:
    if not isinstance(answer, pd.DataFrame):
        raise Fail("not_a_table", {"found": type(answer).__name__})
    absent = [key for key in keys if key not in answer.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    return answer
