"""Metrics as total functions: an answer is held to its contract first, and only then scored.

The order is always the same: join the answer *by id* to the grader's own list of rows, check type,
finiteness and range (`aligned`, `aligned_bounds`, `as_values`), then score. A missing, doubled,
unknown, mistyped or non-finite row is the learner's `Fail` with a reason of the common messages;
it is never dropped. What is wrong with the grader's own labels is a ValueError, and so a broken
check. NaN never passes.

    @check(group="metrics", points=24, kind="metric")
    def ranks_who_leaves(work):
        answer = work.call("app.model:predict", work.hidden("users", data="hidden"))
        scores = aligned(answer, ids=ids, id_column="user_id", column="p", low=0, high=1)
        return share_between(roc_auc(labels, scores), baseline=0.6, target=0.7)

or in a line, with `scored`, which also shows no more of a hidden value than the Ladder allows.
"""

from graders.metrics.amounts import (
    bias,
    capture,
    mae,
    profit,
    profit_at_share,
    r2,
    rmse,
    smape,
    wape,
)
from graders.metrics.answers import LARGEST, Numbers, Vector, aligned, aligned_bounds, as_values
from graders.metrics.credit import Band, band, noise_of, reaches, share_between
from graders.metrics.probabilities import (
    brier,
    coverage,
    ece,
    log_loss,
    pinball,
    skill,
    winkler,
)
from graders.metrics.ranking import (
    average_precision,
    lift_at_share,
    ndcg,
    precision_at_share,
    recall_at,
    recall_at_share,
    roc_auc,
)
from graders.metrics.scored import scored
from graders.metrics.shown import Rung, climb, ladder, shown_before

__all__ = [
    "LARGEST",
    "Band",
    "Numbers",
    "Rung",
    "Vector",
    "aligned",
    "aligned_bounds",
    "as_values",
    "average_precision",
    "band",
    "bias",
    "brier",
    "capture",
    "climb",
    "coverage",
    "ece",
    "ladder",
    "lift_at_share",
    "log_loss",
    "mae",
    "ndcg",
    "noise_of",
    "pinball",
    "precision_at_share",
    "profit",
    "profit_at_share",
    "r2",
    "reaches",
    "recall_at",
    "recall_at_share",
    "rmse",
    "roc_auc",
    "scored",
    "share_between",
    "shown_before",
    "skill",
    "smape",
    "wape",
    "winkler",
]
