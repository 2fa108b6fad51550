"""Pairs that nobody has seen; their labels stay here.

Half of the pairs decide. How many of the others are right is shown, in steps: whoever asks again
and again may learn of those, and nothing of the ones that decide.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from graders import Workspace, check, fail
from graders.metrics import ladder

ENOUGH = 0.95
STEP = 0.1


@check(group="metrics", points=40, severity="major", kind="metric")
def holds_later(work: Workspace) -> None:
    """It tells the odd products of pairs it has not seen"""
    rows = work.hidden("pairs", data="later")
    answers = work.call("app.solution:odd", rows, data="later")
    if not isinstance(answers, dict):
        fail("no_answers")
    truth = work.truth("labels")
    right = np.array(
        [
            answers.get(str(i)) is bool(odd)
            for i, odd in zip(truth["id"], truth["odd"], strict=True)
        ]
    )
    decides = decides_by(truth)
    if not right[decides].mean() >= ENOUGH:
        fail("too_few_right", share_right=ladder(float(right[~decides].mean()), step=STEP))


def decides_by(truth: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Half of the odd ones and half of the others, by what only the judge knows of them."""
    order = truth.sort_values(["odd", "token"]).index
    chosen = np.zeros(len(truth), np.bool_)
    chosen[order[::2]] = True
    return chosen
