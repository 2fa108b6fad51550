"""Pairs that nobody has seen; their labels stay here."""

import pandas as pd

from graders import Workspace, check, fail

ENOUGH = 0.95


@check(group="metrics", points=40, severity="major", kind="metric")
def holds_later(work: Workspace) -> None:
    """It tells the odd products of pairs it has not seen"""
    rows = work.hidden("pairs", data="later")
    answers = work.call("app.solution:odd", rows, data="later")
    if not isinstance(answers, dict):
        fail("no_answers")
    truth = work.truth("labels")
    right = pd.Series(
        [
            answers.get(str(i)) is bool(odd)
            for i, odd in zip(truth["id"], truth["odd"], strict=True)
        ]
    )
    if not right.mean() >= ENOUGH:
        fail("too_few_right", share_right=float(right.mean()))
