"""What stays with the judge: renewals that nobody has seen, and what would have happened.

The judge knows of every hidden renewal how it would have ended without a letter, also where a
letter was sent; that is what the model is asked. How finely this can be measured depends on how
many renewals there are, so the small scale has thresholds of its own.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from graders import Workspace, check, fail, praise
from graders.checking import Praise
from graders.metrics import aligned, ece, ladder, log_loss, roc_auc, share_between

SMALL = 5_000  # renewals; below, the thresholds of the scale `tiny` hold


@check(group="production", points=2, severity="blocker", kind="contract", needs=["trains"])
def tells_who_leaves(work: Workspace) -> None:
    """The trained model, loaded in a fresh room, has a probability for each hidden renewal."""
    _probabilities(work)


@check(group="metrics", points=20, kind="metric", needs=["tells_who_leaves"])
def ranks_who_leaves(work: Workspace) -> Praise:
    """ROC-AUC on hidden renewals, without a letter."""
    value = roc_auc(_left(work), _probabilities(work))
    baseline, target = _span(work, "roc_auc")
    share = share_between(value, baseline=baseline, target=target)
    shown = ladder(value, step=0.01, best=work.shown.get("ranks_who_leaves"))
    if share == 0:
        fail("ranks_poorly", value=shown, baseline=baseline, target=target)
    if share < 1:
        fail("ranks_in_between", share=share, value=shown, baseline=baseline, target=target)
    return praise("ranks_well", target=target)


@check(group="metrics", points=12, kind="metric", needs=["ranks_who_leaves"])
def is_not_surprised(work: Workspace) -> None:
    """Log-loss on hidden renewals, without a letter."""
    value = log_loss(_left(work), _probabilities(work))
    baseline, target = _span(work, "log_loss")
    share = share_between(value, baseline=baseline, target=target)
    if share == 0:
        fail("surprised", baseline=baseline, target=target)
    if share < 1:
        fail("in_between", share=share, baseline=baseline, target=target)


@check(group="metrics", points=12, kind="metric", needs=["ranks_who_leaves"])
def means_what_it_says(work: Workspace) -> None:
    """Calibration on hidden renewals: a probability of 0.3 happens to three in ten."""
    said, left = _probabilities(work), _left(work)
    value = ece(left, said)
    baseline, target = _span(work, "ece")
    share = share_between(value, baseline=baseline, target=target)
    if share == 0 and said.mean() > left.mean():
        fail("says_too_much", said=_about(said), happened=_about(left), target=target)
    if share == 0:
        fail("says_too_little", said=_about(said), happened=_about(left), target=target)
    if share < 1:
        fail("in_between", share=share, baseline=baseline, target=target)


@check(group="metrics", points=7, kind="metric", needs=["ranks_who_leaves"])
def learned_without_letters(work: Workspace) -> None:
    """Trained on no more rows than had no letter, and the silent do not look doomed."""
    rows = int(_said(work)["rows"])
    untreated = _untreated(work)
    if rows > untreated:
        fail("letters_among_the_rows", rows=rows, untreated=untreated)
    renewals = _renewals(work)
    silent = renewals["days_inactive"].to_numpy() >= 14
    gap = float((_probabilities(work) - renewals["p0"].to_numpy())[silent].mean())
    if gap > work.number(_key(work, "silent_gap")):
        fail("silent_look_doomed", points=round(100 * gap))


@check(
    group="metrics",
    points=5,
    severity="blocker",
    kind="consistency",
    needs=["ranks_who_leaves"],
)
def keeps_its_promise(work: Workspace) -> None:
    """The ROC-AUC that `metrics.json` promises holds on hidden renewals."""
    value = roc_auc(_left(work), _probabilities(work))
    promised = float(_said(work)["roc_auc"])
    if promised - value > work.number(_key(work, "promise")):
        fail("promises_more", promised=promised, value=ladder(value, step=0.01))


@check(group="metrics", points=3, kind="consistency", needs=["ranks_who_leaves"])
def validates_on_later_decisions(work: Workspace) -> None:
    """`metrics.json` was measured on decisions of the later half of the history."""
    begun = _moment(_said(work).get("valid_from"))
    if begun is None:
        fail("no_moment")
    decisions = pd.to_datetime(work.table("renewals")["decision_at"], utc=True)
    half = decisions.min() + (decisions.max() - decisions.min()) / 2
    if begun < half:
        fail("validates_on_the_past")


# ------------------------------------------------------------------ what the checks look at
def _renewals(work: Workspace) -> pd.DataFrame:
    return work.once("truth.renewals", lambda: work.truth("renewals"))


def _left(work: Workspace) -> np.ndarray:
    """Who would have left without a letter; shape (renewals,)."""
    return _renewals(work)["churned_none"].to_numpy(np.float64)


def _probabilities(work: Workspace) -> np.ndarray:
    """What the model says of each hidden renewal, in the order of `_renewals`; asked once."""

    def ask() -> np.ndarray:
        ids = _renewals(work)["user_id"]
        moments = work.truth("moments").set_index("name")["as_of"]
        as_of = pd.Timestamp(moments["decision"]).isoformat()
        target = "driver.model:predict"
        answer = work.call(
            target, as_of, ids.tolist(), data="hidden", called="ChurnModel.predict_proba"
        )
        return aligned(answer, ids=ids, id_column="user_id", column="probability", low=0, high=1)

    return work.once("probabilities", ask)


def _about(values: np.ndarray) -> float:
    """A mean share in whole per cent: enough to see the level, too little to learn the labels."""
    return round(float(values.mean()), 2)


def _key(work: Workspace, name: str) -> str:
    small = len(_renewals(work)) < SMALL
    return f"model.tiny.{name}" if small else f"model.{name}"


def _span(work: Workspace, metric: str) -> tuple[float, float]:
    """From which value points begin, and where they are full."""
    key = _key(work, metric)
    return work.number(f"{key}.baseline"), work.number(f"{key}.target")


def _said(work: Workspace) -> dict[str, Any]:
    """metrics.json, whose form `trains` has seen."""

    def read() -> dict[str, Any]:
        said = work.json("metrics.json", max_bytes=100_000)
        return said if isinstance(said, dict) else {}

    return work.once("metrics.json", read)


def _moment(text: object) -> datetime | None:
    """A moment with a time zone in ISO 8601, or None."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _untreated(work: Workspace) -> int:
    """How many public renewals of real customers had no letter."""

    def count() -> int:
        users, campaigns = work.table("users"), work.table("campaigns")
        real = users.loc[users["is_test"] == 0, "user_id"]
        return int(
            ((campaigns["offer"].astype(str) == "none") & campaigns["user_id"].isin(real)).sum()
        )

    return work.once("untreated", count)
