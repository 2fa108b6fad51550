"""What stays with the judge: offers of sellers and families that nobody has seen."""

import numpy as np
import pandas as pd

from graders import Workspace, check, fail
from graders.metrics import ece, ladder, share_between

CHANCES, CALLED = "driver.model:chances", "PairModel.predict_proba"
SMALL = 3_000  # offers; below, the thresholds of the scale `tiny` hold
COLUMNS = ["offer_id", "product_id", "p"]


@check(group="production", points=2, severity="blocker", kind="contract", needs=["trains"])
def has_a_chance_for_each_pair(work: Workspace) -> None:
    """The trained model, loaded in a fresh room, has a probability for each candidate pair"""
    answer = work.call(
        CHANCES, work.hidden("offers", data="hidden"), data="hidden", called=CALLED, seconds=120
    )
    if not isinstance(answer, pd.DataFrame) or list(answer.columns) != COLUMNS or answer.empty:
        fail("no_chances")
    chances = pd.to_numeric(answer["p"], errors="coerce").to_numpy(float)
    bad = int((~((chances >= 0) & (chances <= 1))).sum())
    if bad:
        fail("not_a_probability", pairs=bad, total=len(answer))
    work.once("chances", lambda: answer)


@check(group="metrics", points=26, kind="metric", needs=["has_a_chance_for_each_pair"])
def knows_hidden_offers(work: Workspace) -> None:
    """F1 of matches on hidden offers, at the best threshold"""
    best = _best(work)
    value = _best_f1(best["p"].to_numpy(float), best["right"].to_numpy(), _existing(work))
    baseline, target = _span(work, "f1")
    share = share_between(value, baseline=baseline, target=target)
    shown = ladder(value, step=0.01, best=work.shown.get("knows_hidden_offers"))
    if share == 0:
        fail("takes_siblings", value=shown, baseline=baseline, target=target)
    if share < 1:
        fail("takes_some_siblings", share=share, value=shown, target=target)


@check(group="metrics", points=16, kind="metric", needs=["knows_hidden_offers"])
def means_what_it_says(work: Workspace) -> None:
    """Calibration on hidden offers: of matches with 0.97, ninety-seven in a hundred are right"""
    best = _best(work)
    said, right = best["p"].to_numpy(float), best["right"].to_numpy(float)
    value = ece(right, said)
    baseline, target = _span(work, "ece")
    share = share_between(value, baseline=baseline, target=target)
    if share == 0 and said.mean() > right.mean():
        fail("too_sure", target=target)
    if share == 0:
        fail("too_shy", target=target)
    if share < 1:
        fail("nearly", share=share, target=target)


def _span(work: Workspace, which: str) -> tuple[float, float]:
    small = "tiny." if len(_truth(work)) < SMALL else ""
    where = f"pairs.{small}{which}"
    return work.number(f"{where}.baseline"), work.number(f"{where}.target")


def _truth(work: Workspace) -> pd.DataFrame:
    return work.once("truth.offers", lambda: work.truth("offers"))


def _existing(work: Workspace) -> int:
    return max(1, int((_truth(work)["product_id"] >= 0).sum()))


def _best(work: Workspace) -> pd.DataFrame:
    """The likeliest card of each hidden offer, and whether it is the right one."""
    answer = work.once("chances", lambda: pd.DataFrame(columns=COLUMNS))
    ranked = answer.sort_values(["offer_id", "p", "product_id"], ascending=[True, False, True])
    best = ranked.drop_duplicates("offer_id")
    right = _truth(work).set_index("offer_id")["product_id"].reindex(best["offer_id"])
    return best.assign(right=right.to_numpy() == best["product_id"].to_numpy())


def _best_f1(p: np.ndarray, right: np.ndarray, existing: int) -> float:
    """The best F1 of any threshold: what is not matched counts as missed."""
    order = np.argsort(-p, kind="stable")
    found = np.cumsum(right[order])
    f1 = 2 * found / (np.arange(1, len(p) + 1) + existing)
    return float(f1.max()) if len(f1) else 0.0
