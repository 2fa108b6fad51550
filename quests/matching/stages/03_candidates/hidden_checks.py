"""What stays with the judge: offers that nobody has seen, some of families that are new."""

import time

import pandas as pd

from graders import Workspace, check, fail
from graders.metrics import ladder, share_between

ASK, CALLED = "driver.candidates:of_warehouse", "Blocker.candidates"
SMALL = 3_000  # offers; below, the thresholds of the scale `tiny` hold
K = 10
PATIENCE = 5  # times the limit: slower work is measured, not only ended


@check(group="metrics", points=34, kind="metric", needs=["answers_by_contract"])
def finds_hidden_products(work: Workspace) -> None:
    """How often the right card is among the ten candidates of a hidden offer"""
    value = _recall(work, K)
    baseline, target = _span(work, "ten")
    share = share_between(value, baseline=baseline, target=target)
    shown = ladder(value, step=0.01, best=work.shown.get("finds_hidden_products"))
    if share == 0:
        fail("card_is_not_there", value=shown, baseline=baseline, target=target)
    if share < 1:
        fail("card_is_often_there", share=share, value=shown, target=target)


@check(group="metrics", points=13, kind="metric", needs=["finds_hidden_products"])
def first_is_often_right(work: Workspace) -> None:
    """How often the first candidate is the right card"""
    value = _recall(work, 1)
    baseline, target = _span(work, "first")
    share = share_between(value, baseline=baseline, target=target)
    if share < 1:
        shown = ladder(value, step=0.01, best=work.shown.get("first_is_often_right"))
        fail("first_is_another", share=share, value=shown, target=target)


@check(group="production", points=8, kind="resource", needs=["answers_by_contract"])
def in_time(work: Workspace) -> None:
    """The hidden offers against the whole catalogue, fitting included"""
    seconds, most = _asked(work)[1], _most(work)
    if seconds > most:
        fail("too_slow", seconds=seconds, most=most)


def _most(work: Workspace) -> float:
    """Seconds that the hidden offers may take."""
    small = "tiny." if len(_truth(work)) < SMALL else ""
    return work.number(f"candidates.{small}seconds")


def _span(work: Workspace, which: str) -> tuple[float, float]:
    small = "tiny." if len(_truth(work)) < SMALL else ""
    where = f"recall.{small}{which}"
    return work.number(f"{where}.baseline"), work.number(f"{where}.target")


def _truth(work: Workspace) -> pd.DataFrame:
    return work.once("truth.offers", lambda: work.truth("offers"))


def _recall(work: Workspace, k: int) -> float:
    """Of hidden offers whose product has a card, the share that find it among the first k."""
    answer, _ = _asked(work)
    truth = _truth(work)
    right = answer.merge(truth[["offer_id", "product_id"]], on=["offer_id", "product_id"])
    found = right[right["rank"].between(1, k)]["offer_id"].nunique()
    return float(found / max(1, (truth["product_id"] >= 0).sum()))


def _asked(work: Workspace) -> tuple[pd.DataFrame, float]:
    """Candidates of the hidden offers, and how long they took; asked once."""

    def ask() -> tuple[pd.DataFrame, float]:
        offers = work.hidden("offers", data="hidden")
        began = time.monotonic()
        answer = work.call(
            ASK, offers, K, data="hidden", called=CALLED, seconds=PATIENCE * _most(work)
        )
        took = time.monotonic() - began
        columns = ["offer_id", "product_id", "rank"]
        whole = isinstance(answer, pd.DataFrame) and set(columns) <= set(answer.columns)
        rows = answer[columns] if whole else pd.DataFrame(columns=columns)
        sizes = rows.groupby("offer_id")["product_id"].transform("size")
        return rows[sizes <= K].astype("int64"), took

    return work.once("candidates", ask)
