"""What stays with the judge: features computed a second way, and customers nobody has seen.

Each trap of the warehouse has a check of its own. It looks at the customers whom that trap
touches and no other does, and only at columns that are right for the customers whom no trap
touches; so a finding names the trap, not one of its consequences.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from graders import Phase, Workspace, check, fail, praise
from graders.checking import Praise
from graders.sql import differences

SQL = "sql/features.sql"
NOW = "2024-06-16 21:00:00.000"
LOCAL = "android-5.1"  # the client that writes local time into a UTC column
HOURS = {
    "Europe/Kaliningrad": 2,
    "Europe/Moscow": 3,
    "Asia/Yekaterinburg": 5,
    "Asia/Novosibirsk": 7,
    "Asia/Vladivostok": 10,
}
FIRST_CUSTOMER, SAMPLE = 100_001, 1_200  # numbers are given out at random, so a range is a sample
ALLOWED = 0.001  # share of customers that may differ
DAY = pd.Timedelta(days=1)


# ------------------------------------------------------------------ public customers, by hand
@check(
    group="metrics",
    points=19,
    severity="blocker",
    kind="exact",
    needs=["answers_by_contract"],
    phase=Phase.PUBLIC,
)
def answers_by_hand(work: Workspace) -> float | None:
    """Customers with a plain history have the features that a patient person counts by hand."""
    frame = work.once("features.public", lambda: work.sql(SQL, {"as_of": NOW})).frame
    right = work.once("features.by_hand", lambda: _by_hand(work))
    left = frame.set_index("user_id").reindex(right.index)
    absent = right.index.difference(pd.Index(frame["user_id"]))
    if len(absent):
        fail("customer_absent", customer=int(absent[0]), absent=len(absent), total=len(right))
    wrong = {name: rows for name, rows in differences(left, right).items() if rows}
    if not wrong:
        return None
    agree = right.shape[1] - len(wrong)
    share = 0.8 * agree / right.shape[1] if agree >= right.shape[1] / 2 else 0.0
    name = next(iter(wrong))
    known = ~np.isclose(left[name], right[name], rtol=1e-6, atol=1e-6, equal_nan=True)
    customer = right.index[known][0]
    got, own = float(left[name].loc[customer]), float(right[name].loc[customer])
    facts: dict[str, Any] = {
        "column": name,
        "customer": int(customer),
        "rows": wrong[name],
        "total": len(right),
        "agree": agree,
    }
    if np.isnan(got):
        fail("value_missing", share=share, own=own, **facts)
    if np.isnan(own):
        fail("value_invented", share=share, got=got, **facts)
    fail("value_differs", share=share, got=got, own=own, **facts)


def _by_hand(work: Workspace) -> pd.DataFrame:
    """Features of sampled public customers whose rows carry no trap at all."""
    inside = [("user_id", ">=", FIRST_CUSTOMER), ("user_id", "<", FIRST_CUSTOMER + SAMPLE)]
    users = work.table("users", where=inside)
    events = work.table("events", where=inside)
    payments = work.table("payments", where=inside)
    touched = [
        users.loc[users["is_test"] == 1, "user_id"],
        events.loc[events.duplicated("event_id") | (events["client"] == LOCAL), "user_id"],
        payments.loc[payments.duplicated("payment_id"), "user_id"],
    ]
    users = users[~users["user_id"].isin(pd.concat(touched))]
    now = pd.Timestamp(NOW, tz="UTC")
    ids = pd.Index(np.sort(users["user_id"].to_numpy(dtype=np.int64)), name="user_id")
    events = events[events["user_id"].isin(ids)].sort_values(["event_ts", "event_id"])
    payments = payments[payments["user_id"].isin(ids)]
    own = pd.DataFrame(index=ids)
    _count(own, events, now)
    failed = payments[
        (payments["status"] == "failed") & (payments["attempted_at"] > now - 30 * DAY)
    ]
    own["failed_payments_30d"] = _sizes(failed, ids)
    people = users.set_index("user_id").loc[ids]
    own["tenure_months"] = (now - _utc(people["registered_at"])).dt.days // 28
    own["price_rub"] = people["price_rub"].astype(np.float64)
    return own.astype(np.float64)


def _count(own: pd.DataFrame, events: pd.DataFrame, now: pd.Timestamp) -> None:
    """Everything that is counted or read off the events, into the columns of `own`."""
    age = now - events["event_ts"]
    kind = events["event_type"].astype(str)
    lesson = kind == "lesson"
    for days in (7, 14, 28, 84):
        own[f"lessons_{days}d"] = _sizes(events[lesson & (age < days * DAY)], own.index)
    before = _sizes(events[lesson & (age >= 28 * DAY) & (age < 56 * DAY)], own.index)
    own["lessons_trend_28d"] = own["lessons_28d"] - before
    own["pricing_views_30d"] = _sizes(
        events[(kind == "pricing_view") & (age < 30 * DAY)], own.index
    )
    own["tickets_30d"] = _sizes(events[(kind == "support_ticket") & (age < 30 * DAY)], own.index)
    own["coupons_lifetime"] = _sizes(events[kind == "coupon_redeem"], own.index)
    visits = events[kind.isin(["lesson", "login"]) & (age < 84 * DAY)]
    day = visits["event_ts"].dt.tz_convert("Europe/Moscow").dt.tz_localize(None).dt.floor("D")
    today = now.tz_convert("Europe/Moscow").tz_localize(None).floor("D")
    last = day.groupby(visits["user_id"]).max()
    own["days_inactive"] = ((today - last) // DAY).reindex(own.index).fillna(84)
    recent = events[lesson & (age < 84 * DAY)]
    own["progress_pct"] = recent.groupby("user_id")["progress_pct"].last().reindex(own.index)
    own["nps"] = events[kind == "nps"].groupby("user_id")["nps"].last().reindex(own.index)


def _sizes(rows: pd.DataFrame, ids: pd.Index) -> pd.Series:
    return rows.groupby("user_id").size().reindex(ids).fillna(0)


def _utc(times: pd.Series) -> pd.Series:
    return times if times.dt.tz is not None else times.dt.tz_localize("UTC")


# ------------------------------------------------------------------ hidden customers, by the truth
@check(group="metrics", points=12, kind="exact", needs=["answers_by_hand"])
def agrees_on_hidden_customers(work: Workspace) -> None:
    """Hidden customers without a trap have the canonical features, at two moments."""
    for moment, data in (("decision", "hidden"), ("cut", "hidden_cut")):
        wrong = _plain_faults(work, moment, data)
        if wrong:
            worst = max(wrong, key=lambda name: wrong[name])
            fail("columns_differ", column=worst, part=wrong[worst], columns=len(wrong))


@check(
    group="production",
    points=12,
    severity="blocker",
    kind="consistency",
    needs=["answers_by_hand"],
)
def sees_no_tomorrow(work: Workspace) -> None:
    """Features of a past moment stay as they are when everything that came later is gone."""
    whole, before = _both_sides(work)
    came = len(whole.index.symmetric_difference(before.index)) + _not_yet_customers(work)
    if came:
        fail("customers_come_and_go", customers=came)
    late = before.index.isin(_touched(work)["late"])
    counts = differences(whole.loc[before.index][~late], before[~late])
    changed = {name: rows for name, rows in counts.items() if rows}
    if changed:
        worst = max(changed, key=lambda name: changed[name])
        fail(
            "values_change",
            column=worst,
            columns=len(changed),
            part=changed[worst] / max(1, int((~late).sum())),
        )


@check(group="production", points=6, kind="consistency", needs=["sees_no_tomorrow"])
def waits_until_rows_arrive(work: Workspace) -> None:
    """A row that happened before the moment and arrived after it is not used."""
    whole, before = _both_sides(work)
    late = before.index.isin(_touched(work)["late"])
    counts = differences(whole.loc[before.index][late], before[late])
    changed = {name: rows for name, rows in counts.items() if rows}
    if changed:
        fail(
            "counts_rows_on_their_way",
            column=max(changed, key=lambda name: changed[name]),
            columns=len(changed),
        )


@check(group="metrics", points=9, kind="exact", needs=["answers_by_hand"])
def counts_each_fact_once(work: Workspace) -> None:
    """A retried event or payment counts as one fact."""
    share = _trap_share(work, "twice")
    if share > ALLOWED:
        fail("counts_retries", part=share)


@check(group="metrics", points=6, kind="exact", needs=["answers_by_hand"])
def repairs_the_local_clock(work: Workspace) -> None:
    """Events of the client that writes local time land at the moment they happened."""
    share = _trap_share(work, "local")
    if share > ALLOWED:
        fail("keeps_local_time", part=share)


@check(group="business", points=4, kind="exact", needs=["answers_by_hand"])
def leaves_out_the_staff(work: Workspace) -> None:
    """Test accounts are nobody's customers."""
    users = work.hidden("users", data="hidden")
    staff = users.loc[users["is_test"] == 1, "user_id"]
    found = int(_asked(work, "decision", "hidden").index.isin(staff).sum())
    if found:
        fail("staff_among_customers", part=found / max(1, len(staff)))


@check(group="production", points=4, severity="minor", kind="resource", needs=["answers_by_hand"])
def stays_in_its_budget(work: Workspace) -> Praise:
    """The query reads each table about once and answers within seconds."""
    asked = work.once("features.public", lambda: work.sql(SQL, {"as_of": NOW}))
    limit = work.number("features.reads")
    total = sum(
        pq.read_metadata(work.rooms.datasets.public_folder / f"{name}.parquet").num_rows
        for name in ("users", "events", "payments")
    )
    if asked.seconds > work.number("features.seconds"):
        fail("slow", seconds=asked.seconds, limit=work.number("features.seconds"))
    if asked.rows_read > limit * total:
        fail("reads_much", times=asked.rows_read / total, limit=limit)
    return praise("lean", seconds=asked.seconds)


# ------------------------------------------------------------------ what the checks look at
def _moment(work: Workspace, name: str) -> pd.Timestamp:
    moments = work.once("moments", lambda: work.truth("moments").set_index("name")["as_of"])
    return pd.Timestamp(moments[name])


def _asked(work: Workspace, moment: str, data: str) -> pd.DataFrame:
    """The query's answer for a moment on a hidden dataset, one row a customer, asked once."""

    def ask() -> pd.DataFrame:
        as_of = _moment(work, moment).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        frame = work.sql(SQL, {"as_of": as_of}, data=data).frame
        twice = int(frame["user_id"].duplicated().sum())
        if twice:
            fail("keys_twice", rows=twice, keys="user_id")
        return frame.set_index("user_id").sort_index()

    return work.once(("features", moment, data), ask)


def _truth(work: Workspace, moment: str) -> pd.DataFrame:
    features = work.once("truth.features", lambda: work.truth("features"))
    mine = features[features["as_of"] == _moment(work, moment)]
    return mine.drop(columns="as_of").set_index("user_id").sort_index()


def _both_sides(work: Workspace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The moment named cut, asked of the warehouse as it is now and as it was then."""
    names = list(_truth(work, "cut").columns)
    whole, before = _asked(work, "cut", "hidden"), _asked(work, "cut", "hidden_cut")
    return whole[names], before[names]


def _not_yet_customers(work: Workspace) -> int:
    """How many come back for an early moment although they signed up after it."""
    signed_up = work.hidden("users", data="hidden").set_index("user_id")["registered_at"]
    late = signed_up.index[_utc(signed_up) > _moment(work, "early")]
    return int(_asked(work, "early", "hidden").index.isin(late).sum())


def _plain_faults(work: Workspace, moment: str, data: str) -> Mapping[str, float]:
    """Columns that differ for customers whom no trap touches, with the share that differs."""
    own = _truth(work, moment)
    touched = _touched(work)
    plain = own[~own.index.isin([*touched["twice"], *touched["local"]])]
    asked = _asked(work, moment, data)
    absent = [name for name in plain.columns if name not in asked.columns]
    counts = differences(asked.reindex(columns=plain.columns).reindex(plain.index), plain)
    shares = {name: rows / len(plain) for name, rows in counts.items()}
    return {name: share for name, share in shares.items() if share > ALLOWED or name in absent}


def _trap_share(work: Workspace, trap: str) -> float:
    """The share of customers touched by this trap alone who differ in a column right elsewhere."""
    own = _truth(work, "decision")
    faulty = _plain_faults(work, "decision", "hidden")
    columns = [name for name in own.columns if name not in faulty]
    touched = _touched(work)
    others = [user for name in ("twice", "local") if name != trap for user in touched[name]]
    mine = own[own.index.isin(touched[trap]) & ~own.index.isin(others)][columns]
    asked = _asked(work, "decision", "hidden").reindex(columns=columns).reindex(mine.index)
    close = np.isclose(
        asked.to_numpy(np.float64), mine.to_numpy(np.float64), rtol=1e-6, atol=1e-6, equal_nan=True
    )
    return float((~close).any(axis=1).mean()) if len(mine) and columns else 0.0


def _touched(work: Workspace) -> Mapping[str, frozenset[int]]:
    """Hidden customers by the trap that touches them."""

    def find() -> dict[str, frozenset[int]]:
        events = work.hidden("events", data="hidden")
        payments = work.hidden("payments", data="hidden")
        zones = (
            work.hidden("users", data="hidden").set_index("user_id")["tz"].astype(str).map(HOURS)
        )
        local = events["client"] == LOCAL
        behind = np.where(local, events["user_id"].map(zones).to_numpy(), 0)
        happened = events["event_ts"] - pd.to_timedelta(behind, unit="h")
        cut = _moment(work, "cut")
        late = (happened <= cut) & (events["ingested_at"] > cut)
        slow = (payments["attempted_at"] <= cut) & (payments["ingested_at"] > cut)
        return {
            "twice": _users(
                events[events.duplicated("event_id")], payments[payments.duplicated("payment_id")]
            ),
            "local": _users(events[local]),
            "late": _users(events[late], payments[slow]),
        }

    return work.once("touched", find)


def _users(*frames: pd.DataFrame) -> frozenset[int]:
    return frozenset(int(user) for frame in frames for user in frame["user_id"].unique())
