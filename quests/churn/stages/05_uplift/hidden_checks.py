"""What stays with the judge: what a letter would bring each hidden customer, exactly."""

import math
from typing import Any

import numpy as np
import pandas as pd

from graders import Workspace, check, fail, praise
from graders.checking import Praise
from graders.metrics import aligned, ladder, share_between

WEEK, DECIDE = "driver.uplift:week", "RetentionPolicy.decide"
LETTER, GAIN, WORDS = "discount30", "expected_gain_rub", ("none", "discount30")
RISKY = 1.5  # times everybody's chance to leave
BOOTSTRAPS = 60
TOO_GOOD, TOO_MODEST = 3.0, 4.0  # standard errors
NOISE = 2.5  # times, or one part of, the judge's own standard error


@check(
    group="production",
    points=4,
    severity="blocker",
    kind="contract",
    needs=["learns_from_the_pilot"],
)
def answers_every_renewal(work: Workspace) -> None:
    """The saved policy, loaded in a fresh room, decides about each hidden renewal of a week."""
    answer, ids = _answer(work), _renewals(work)["user_id"]
    aligned(answer, ids=ids, id_column="user_id", column=GAIN)
    if "action" not in answer.columns:
        fail("columns_missing", columns="action", missing=1)
    strange = ~answer["action"].astype(str).isin(WORDS)
    if strange.any():
        fail("unknown_words", rows=int(strange.sum()), total=len(answer))


@check(group="metrics", points=18, kind="metric", needs=["answers_every_renewal"])
def orders_by_what_it_changes(work: Workspace) -> Praise:
    """Hidden customers in the order of the expected gain: the exact area over a random order."""
    value = _exact_area(work)
    baseline, target = _span(work, "auuc")
    share = share_between(value, baseline=baseline, target=target)
    if share == 0:
        risk = _risk(work)
        if risk[0] > RISKY * risk[1]:
            fail("orders_by_risk", risk=risk[0], everybody=risk[1])
        fail("no_better_than_chance", baseline=baseline, target=target)
    if share < 1:
        shown = ladder(value, step=5.0, best=work.shown.get("orders_by_what_it_changes"))
        fail("in_between", share=share, value=shown, baseline=baseline, target=target)
    return praise("finds_them", target=target)


@check(group="business", points=12, kind="metric", needs=["answers_every_renewal"])
def letters_earn(work: Workspace) -> Praise:
    """What the letters of one hidden week bring a renewal, exactly, over sending nothing."""
    chosen = _chosen(work)
    earned = float((chosen * _renewals(work)["gain_rub"].to_numpy(np.float64)).mean())
    baseline, target = _span(work, "earns")
    share = share_between(earned, baseline=baseline, target=target)
    contacted = float(chosen.mean())
    if not contacted:
        fail("sends_nothing")
    if earned <= 0 and share < 1:
        risk = _risk(work)
        if risk[0] > RISKY * risk[1]:
            fail("finds_who_leaves", risk=risk[0], everybody=risk[1])
        fail("loses", contacted=contacted)
    if share < 1:
        fail("earns_little", share=share, baseline=baseline, target=target, contacted=contacted)
    return praise("earns", contacted=contacted)


@check(group="metrics", points=6, kind="consistency", needs=["answers_every_renewal"])
def says_how_sure_it_is(work: Workspace) -> None:
    """`uplift.json` was measured on customers the model had not seen, with its noise."""
    said: Any = work.json("uplift.json", max_bytes=100_000)
    value, error = float(said["auuc"]), float(said["auuc_se"])
    own = _own_error(work)
    if not own / NOISE <= error <= NOISE * own:
        fail("noise_differs", error=error, factor=error / own)
    off = value - _exact_area(work)
    if off > TOO_GOOD * own:
        fail("promises_more", value=value, error=error)
    if off < -TOO_MODEST * own:
        fail("promises_less", value=value, error=error)


# ------------------------------------------------------------------ what the checks look at
def _renewals(work: Workspace) -> pd.DataFrame:
    return work.once("truth.renewals", lambda: work.truth("renewals"))


def _answer(work: Workspace) -> pd.DataFrame:
    """What the policy decides about the hidden week, asked once."""

    def ask() -> pd.DataFrame:
        moments = work.truth("moments").set_index("name")["as_of"]
        as_of = pd.Timestamp(moments["decision"]).isoformat()
        ids = _renewals(work)["user_id"].tolist()
        answer: pd.DataFrame = work.call(WEEK, as_of, ids, data="hidden", called=DECIDE)
        return answer

    return work.once("week", ask)


def _expected(work: Workspace) -> np.ndarray:
    """The expected gain of each hidden renewal, in the order of `_renewals`."""
    ids = _renewals(work)["user_id"]
    return aligned(_answer(work), ids=ids, id_column="user_id", column=GAIN)


def _chosen(work: Workspace) -> np.ndarray:
    """Whether each hidden renewal gets a letter, in the order of `_renewals`."""
    actions = _answer(work).drop_duplicates("user_id").set_index("user_id")["action"].astype(str)
    found: np.ndarray = (actions.reindex(_renewals(work)["user_id"]) == LETTER).to_numpy()
    return found


def _exact_area(work: Workspace) -> float:
    """The area of the curve where every renewal's gain is known: an expectation, no estimate."""

    def find() -> float:
        said, gain = _expected(work), _renewals(work)["gain_rub"].to_numpy(np.float64)
        order = np.argsort(-said, kind="stable")
        last = np.append(np.diff(said[order]) != 0, True)
        places = np.flatnonzero(last) + 1
        share = np.append(0.0, places / len(said))
        roubles = np.append(0.0, np.cumsum(gain[order])[last] / len(said))
        return float(np.trapezoid(roubles, share) - roubles[-1] / 2)

    return work.once("exact_area", find)


def _own_error(work: Workspace) -> float:
    """The noise of such an area on the public pilot, roubles: that of an order by chance."""

    def find() -> float:
        letter, profit = _pilot(work)
        draw = np.random.default_rng(1)
        areas = []
        for _ in range(BOOTSTRAPS):
            rows = draw.integers(0, len(letter), len(letter))
            areas.append(_area_by_chance(letter[rows], profit[rows]))
        return float(np.std(areas, ddof=1))

    return work.once("own_error", find)


def _area_by_chance(letter: np.ndarray, profit: np.ndarray) -> float:
    """The area of the rows as they lie."""
    size = len(letter)
    sent, alone = np.cumsum(letter), np.cumsum(1 - letter)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.cumsum(letter * profit) / sent - np.cumsum((1 - letter) * profit) / alone
    roubles = np.append(
        0.0, np.arange(1, size + 1) / size * np.nan_to_num(difference, posinf=0, neginf=0)
    )
    return float(np.trapezoid(roubles, dx=1 / size) - roubles[-1] / 2)


def _pilot(work: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """Letters and profit of the coin's public renewals."""
    campaigns, users = work.table("campaigns"), work.table("users")
    key = ["user_id", "renewal_due"]
    coin = campaigns.loc[campaigns["source"].astype(str) == "pilot", [*key, "offer"]]
    rows = work.table("renewals").merge(coin, on=key)
    rows = rows.merge(users.loc[users["is_test"] == 0, ["user_id", "price_rub"]], on="user_id")
    letter = (rows["offer"].astype(str) == LETTER).to_numpy(np.float64)
    stayed, price = (
        1 - rows["churned"].to_numpy(np.float64),
        rows["price_rub"].to_numpy(np.float64),
    )
    value = work.number("margin_rate") * work.number("months") * price
    cost = stayed * work.number("discount") * price + work.number("contact_cost")
    return letter, stayed * value - letter * cost


def _risk(work: Workspace) -> tuple[float, float]:
    """The mean chance to leave without a letter: of the best 15 %, and of everybody."""
    p0 = _renewals(work)["p0"].to_numpy(np.float64)
    best = np.argsort(-_expected(work), kind="stable")[: max(1, math.floor(0.15 * len(p0)))]
    return float(p0[best].mean()), float(p0.mean())


def _span(work: Workspace, metric: str) -> tuple[float, float]:
    """Where points begin, and where they are full."""
    scale = "tiny." if work.rooms.datasets.scale == "tiny" else ""
    where = f"uplift.{scale}{metric}"
    return work.number(f"{where}.baseline"), work.number(f"{where}.target")
