"""What stays with the judge: the pilot read a second way, and the rule's exact value.

The pilot of the public data has a coin in it; hidden customers have no luck at all: the judge
knows the probability of leaving with and without a letter, so a rule's value is an expectation.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from graders import Phase, Workspace, check, fail, praise
from graders.checking import Praise
from graders.metrics import share_between
from graders.sql import same_rows

PILOT = "sql/pilot.sql"
CONTACT = "churn.baseline:contact"
LOCAL = "android-5.1"
HOURS = {
    "Europe/Kaliningrad": 2,
    "Europe/Moscow": 3,
    "Asia/Yekaterinburg": 5,
    "Asia/Novosibirsk": 7,
    "Asia/Vladivostok": 10,
}
POLICIES = ("nothing", "everybody", "incumbent", "rule")
DAY = pd.Timedelta(days=1)


# ------------------------------------------------------------------ the pilot
@check(group="metrics", points=8, kind="exact", phase=Phase.PUBLIC)
def pilot_is_the_coin(work: Workspace) -> None:
    """The pilot query has the coin's renewals, each once, and no others."""
    own = _pilot(work)[["user_id", "decision_at", "treated", "churned", "price_rub"]]
    frame = work.sql(PILOT, {}).frame
    absent = [name for name in own.columns if name not in frame.columns]
    if absent:
        fail("columns_missing", columns=", ".join(absent), missing=len(absent))
    keys = frame[["user_id", "decision_at"]].duplicated()
    if keys.any():
        fail("renewals_twice", rows=int(keys.sum()), total=len(frame))
    if len(frame) > len(own):
        fail("more_than_the_coin", rows=len(frame), own=len(own))
    if len(frame) < len(own):
        fail("less_than_the_coin", rows=len(frame), own=len(own))
    same_rows(frame, own, keys=["user_id", "decision_at"])


def _pilot(work: Workspace) -> pd.DataFrame:
    """The coin's renewals of real customers, ordered, with outcome, letter and price."""

    def read() -> pd.DataFrame:
        renewals, campaigns = work.table("renewals"), work.table("campaigns")
        users = work.table("users")
        coin = campaigns[campaigns["source"].astype(str) == "pilot"]
        rows = renewals.merge(
            coin[["user_id", "renewal_due", "offer"]], on=["user_id", "renewal_due"]
        )
        rows = rows.merge(users[["user_id", "price_rub", "is_test", "tz"]], on="user_id")
        rows = rows[rows["is_test"] == 0].sort_values(
            ["decision_at", "user_id"], ignore_index=True
        )
        rows["treated"] = (rows["offer"].astype(str) == "discount30").astype(np.int64)
        times = rows["decision_at"]
        rows["decision_at"] = times if times.dt.tz is not None else times.dt.tz_localize("UTC")
        return rows.drop(columns=["offer", "is_test"])

    return work.once("pilot", read)


# ------------------------------------------------------------------ the money table
@check(
    group="business",
    points=12,
    kind="exact",
    needs=["pilot_is_the_coin", "value_by_hand"],
    phase=Phase.TRAIN,
)
def money_table_adds_up(work: Workspace) -> Praise | None:
    """`baseline.json` prices four policies on the pilot and says what follows for Marina."""
    work.train("python", "-m", "churn.baseline", "--out", "/artifacts")
    table = _table(work)
    own = _own_values(work)
    for policy in POLICIES:
        line = table["policies"].get(policy)
        share, value = _line(line)
        if share is None or value is None:
            fail("line_missing", policy=policy)
        if abs(share - own[policy][0]) > 0.005:
            fail("share_differs", policy=policy, got=share, own=own[policy][0])
        if abs(value - own[policy][1]) > work.number("baseline.table_tolerance"):
            fail("value_differs", policy=policy, got=value, own=own[policy][1])
    loses = own["incumbent"][1] <= own["nothing"][1]
    if table.get("keep_incumbent") is not (not loses):
        fail("conclusion_differs", incumbent=own["incumbent"][1], nothing=own["nothing"][1])
    if not loses:  # so few pilot rows at the small scale that luck may decide
        return None
    return praise("found_it", loss=own["nothing"][1] - own["incumbent"][1])


def _table(work: Workspace) -> dict[str, Any]:
    """What baseline.json says, if it has the form of a money table."""
    table = work.json("baseline.json", max_bytes=100_000)
    if not isinstance(table, dict) or not isinstance(table.get("policies"), dict):
        fail("not_json")
    return table


def _line(line: object) -> tuple[float | None, float | None]:
    """Share and value of a line, None for what is no finite number."""
    if not isinstance(line, dict):
        return None, None
    return _number(line.get("contacted")), _number(line.get("roubles_per_renewal"))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _own_values(work: Workspace) -> Mapping[str, tuple[float, float]]:
    """Share contacted and roubles per renewal of the four policies, counted by the judge."""
    pilot = _pilot(work)
    chosen = {
        "nothing": np.zeros(len(pilot), dtype=bool),
        "everybody": np.ones(len(pilot), dtype=bool),
        "incumbent": _silent(work, pilot),
        "rule": _chosen_by_rule(work, pilot),
    }
    profit = _profit(work, pilot)
    sent = pilot["treated"].to_numpy() == 1
    return {
        name: (float(flags.mean()), _value(profit, sent, flags)) for name, flags in chosen.items()
    }


def _profit(work: Workspace, pilot: pd.DataFrame) -> np.ndarray:
    """Roubles that each pilot renewal brought."""
    stayed = 1 - pilot["churned"].to_numpy(np.float64)
    sent = pilot["treated"].to_numpy(np.float64)
    price = pilot["price_rub"].to_numpy(np.float64)
    value = work.number("margin_rate") * work.number("months") * price
    discount = work.number("discount") * price
    profit: np.ndarray = stayed * value - sent * (stayed * discount + work.number("contact_cost"))
    return profit


def _value(profit: np.ndarray, sent: np.ndarray, chosen: np.ndarray) -> float:
    total = 0.0
    for side in (True, False):
        rows = chosen == side
        witnesses = rows & (sent == side)
        if rows.any() and witnesses.any():
            total += float(rows.mean() * profit[witnesses].mean())
    return total


def _silent(work: Workspace, pilot: pd.DataFrame) -> np.ndarray:
    """Whether the CRM's rule would write: no lesson or login on the last fourteen Moscow days."""
    since = pilot["decision_at"].min() - 16 * DAY
    rows = [("event_ts", ">", since), ("event_type", "in", ["lesson", "login"])]
    events = work.table("events", where=rows)
    events = events[events["user_id"].isin(pilot["user_id"])]
    zone = events["user_id"].map(
        pilot.drop_duplicates("user_id").set_index("user_id")["tz"].astype(str)
    )
    behind = np.where(
        events["client"].astype(str) == LOCAL, zone.map(HOURS).to_numpy(np.float64), 0.0
    )
    events = pd.DataFrame(
        {
            "user_id": events["user_id"].to_numpy(np.int64),
            "known": np.maximum(
                events["ingested_at"].dt.tz_localize(None).to_numpy("datetime64[ms]"),
                (events["event_ts"] - pd.to_timedelta(behind, unit="h"))
                .dt.tz_localize(None)
                .to_numpy("datetime64[ms]"),
            ),
            "day": (events["event_ts"] - pd.to_timedelta(behind, unit="h") + pd.Timedelta(hours=3))
            .dt.tz_localize(None)
            .dt.floor("D"),
        }
    )
    silent = np.ones(len(pilot), dtype=bool)
    for key, places in pilot.groupby("decision_at").indices.items():
        moment = pd.Timestamp(str(key))
        known = events[events["known"] <= moment.tz_convert("UTC").tz_localize(None)]
        today = (moment + pd.Timedelta(hours=3)).tz_localize(None).floor("D")
        seen = known.loc[known["day"] > today - 14 * DAY, "user_id"].unique()
        silent[places] = ~pilot["user_id"].iloc[places].isin(seen).to_numpy()
    return silent


def _chosen_by_rule(work: Workspace, pilot: pd.DataFrame) -> np.ndarray:
    answer = work.call("driver.baseline:on_pilot", "rule.sql", called=CONTACT)
    answer["decision_at"] = pd.to_datetime(answer["decision_at"], utc=True)
    both = pilot[["user_id", "decision_at"]].merge(
        answer, on=["user_id", "decision_at"], how="left"
    )
    return both["contact"].fillna(value=False).astype(bool).to_numpy()[: len(pilot)]


# ------------------------------------------------------------------ the rule on hidden customers
@check(group="business", points=18, kind="metric", needs=["keeps_to_the_limit"])
def rule_earns(work: Workspace) -> Praise:
    """What the rule earns a renewal, against sending nothing, exactly."""
    renewals = _renewals(work)
    chosen = _chosen(work, renewals["user_id"].tolist())
    earned = float((chosen * renewals["gain_rub"].to_numpy()).mean())
    target = work.number("baseline.rule_target")
    share = share_between(earned, baseline=0.0, target=target)
    if earned <= 0:
        fail("loses", loss=max(5, 5 * round(-earned / 5)), contacted=float(chosen.mean()))
    if share < 1:
        fail("earns_little", share=share, target=target, contacted=float(chosen.mean()))
    return praise("earns", contacted=float(chosen.mean()))


@check(group="business", points=8, kind="invariance", needs=["answers_whom_it_was_asked_about"])
def keeps_to_the_limit(work: Workspace) -> None:
    """Never more than 15 % of those asked about, rounded down, in batches of any size."""
    ids = _renewals(work)["user_id"].tolist()
    chosen = _chosen(work, ids)
    if not chosen.any():
        fail("contacts_nobody", asked=len(ids))
    eager = [user for user, flag in zip(ids, chosen, strict=True) if flag]
    for batch in (ids, eager[:1], eager[:6], eager[:7], eager[:13], eager[:20], ids[:140]):
        contacted = int(_chosen(work, batch).sum())
        limit = math.floor(work.number("max_share") * len(batch) + 1e-9)
        if contacted > limit:
            fail("over_the_limit", asked=len(batch), contacted=contacted, limit=limit)


@check(
    group="production",
    points=3,
    severity="minor",
    kind="contract",
    needs=["expected_gain_by_hand"],
)
def answers_whom_it_was_asked_about(work: Workspace) -> None:
    """One flag for each id, in the order asked; strangers are not contacted."""
    ids = _renewals(work)["user_id"].tolist()[:40]
    stranger = 4_000_000_000
    for case, asked in (("reversed", ids[::-1]), ("stranger", [stranger, *ids]), ("empty", [])):
        answer = work.call(
            "driver.baseline:contacts", _as_of(work), asked, data="hidden", called=CONTACT
        )
        if [int(user) for user in answer["user_id"]] != asked:
            fail("others_answered", case=case, asked=len(asked), found=len(answer))
        if case == "stranger" and bool(answer["contact"].iloc[0]):
            fail("writes_to_strangers")


def _renewals(work: Workspace) -> pd.DataFrame:
    return work.once("truth.renewals", lambda: work.truth("renewals"))


def _as_of(work: Workspace) -> str:
    moments = work.once("moments", lambda: work.truth("moments").set_index("name")["as_of"])
    return pd.Timestamp(moments["decision"]).isoformat()


def _chosen(work: Workspace, ids: list[int]) -> np.ndarray:
    """The rule's choice among hidden renewals, in the order asked; each question asked once."""

    def ask() -> np.ndarray:
        answer = work.call(
            "driver.baseline:contacts", _as_of(work), ids, data="hidden", called=CONTACT
        )
        flags = answer.set_index("user_id")["contact"]
        if flags.index.duplicated().any():
            fail("ids_twice", rows=int(flags.index.duplicated().sum()))
        chosen: np.ndarray = flags.reindex(ids).fillna(value=False).to_numpy(dtype=bool)
        return chosen

    return work.once(("contacts", tuple(ids)), ask)
