"""What stays with the judge: the lot read a second way, the log, and the table recomputed."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from graders import Phase, Workspace, check, fail
from graders.checking import Praise, praise

CURVE = "sql/acceptance.sql"
NOW = pd.Timestamp("2024-06-03", tz="UTC")
FLAT = (1.0, 1.05, 1.1, 1.15, 1.2, 1.25)
POLICIES = ("rule", *(f"{price:.2f}" for price in FLAT))
STEP = pd.Timedelta(minutes=15)
CLOSE = 1e-6


def sessions(work: Workspace) -> pd.DataFrame:
    """Public sessions, one row each: zone, quarter hour, first price, source, accepted."""

    def read() -> pd.DataFrame:
        quotes = work.table("quotes").sort_values("quoted_at", kind="stable")
        quotes["accepted"] = quotes["accepted"].astype(np.int64)
        quotes["price_source"] = quotes["price_source"].astype(str)
        grouped = quotes.groupby("session_id", sort=False)
        found = grouped.agg(
            zone_id=("zone_id", "first"),
            asked_at=("quoted_at", "first"),
            multiplier=("multiplier", "first"),
            source=("price_source", "first"),
            accepted=("accepted", "max"),
        )
        times = found["asked_at"]
        times = times if times.dt.tz is not None else times.dt.tz_localize("UTC")
        return found.assign(step_at=times.dt.floor("15min")).drop(columns="asked_at")

    return work.once("sessions", read)


def cells(work: Workspace) -> pd.DataFrame:
    """The last two public weeks, every cell, with what was asked in it and before."""

    def read() -> pd.DataFrame:
        asked = sessions(work).groupby(["zone_id", "step_at"]).size().rename("requests")
        state = work.table("zone_state")
        times = state["step_at"]
        state["step_at"] = times if times.dt.tz is not None else times.dt.tz_localize("UTC")
        grid = state.merge(asked.reset_index(), on=["zone_id", "step_at"], how="left")
        grid["requests"] = grid["requests"].fillna(0)
        grid = grid.sort_values(["zone_id", "step_at"], ignore_index=True)
        before = grid.groupby("zone_id")["requests"].shift(1)
        grid["requests_prev_15m"] = before.fillna(0)
        fares = work.table("zones")[["zone_id", "base_fare_rub"]]
        return grid.merge(fares, on="zone_id")

    return work.once("cells", read)


def curve(work: Workspace) -> pd.DataFrame:
    """The share that accepts, of sessions with a price by lot, by the judge's own count."""
    lot = sessions(work)
    lot = lot[lot["source"] == "explore"]
    found = lot.groupby("multiplier")["accepted"].agg(["size", "mean"]).reset_index()
    return found.set_axis(["multiplier", "sessions", "share"], axis=1)


def rule(grid: pd.DataFrame) -> np.ndarray:
    """The house rule, by the judge's own count."""
    free = np.maximum(grid["drivers_free"].to_numpy(np.float64), 1)
    pressure = grid["requests_prev_15m"].to_numpy(np.float64) / free - 0.9
    raw = np.clip(1 + 0.5 * np.maximum(pressure, 0), 1, 1.8)
    found: np.ndarray = np.round(np.floor(raw / 0.05 + 0.5 + 1e-9) * 0.05, 2)
    return found


@check(group="metrics", points=18, kind="exact", needs=["rule_by_hand"], phase=Phase.PUBLIC)
def curve_is_the_lot(work: Workspace) -> None:
    """The curve has the lot's sessions, each once, and no price of the rule."""
    frame, own = work.sql(CURVE, {}).frame, curve(work)
    absent = [name for name in own.columns if name not in frame.columns]
    if absent:
        fail("columns_missing", columns=", ".join(absent), missing=len(absent))
    said, right = int(frame["sessions"].sum()), int(own["sessions"].sum())
    if said > 1.5 * right:
        fail("more_than_the_lot", sessions=said, own=right)
    if said > 1.02 * right:
        fail("counts_quotes", sessions=said, own=right)
    if said < 0.98 * right:
        fail("less_than_the_lot", sessions=said, own=right)
    both = own.merge(frame, on="multiplier", suffixes=("", "_said"))
    if len(both) != len(own) or len(frame) != len(own):
        fail("other_prices", found=len(frame), own=len(own))
    off = float((both["share_said"] - both["share"]).abs().max())
    if not off <= 0.01:
        fail("shares_differ", off=off if math.isfinite(off) else 1.0)


@check(group="metrics", points=12, kind="consistency", needs=["rule_by_hand"], phase=Phase.PUBLIC)
def rule_is_the_logs(work: Workspace) -> None:
    """The learner's rule on the learner's cells says the prices that the log has."""
    begin = NOW - pd.Timedelta(days=2)
    loaded = work.call(
        "driver.cells:load", begin.isoformat(), NOW.isoformat(), called="pricing.data:load_cells"
    )
    loaded["step_at"] = pd.to_datetime(loaded["step_at"], utc=True)
    given = [loaded[name].astype(float).tolist() for name in ("requests_prev_15m", "drivers_free")]
    loaded["said"] = work.call(
        "driver.baseline:rule", *given, called="pricing.baseline:house_rule"
    )
    ruled = sessions(work)
    ruled = ruled[ruled["source"] == "rule"].merge(loaded, on=["zone_id", "step_at"])
    if ruled.empty:
        fail("nothing_to_compare")
    agrees = float((np.abs(ruled["said"] - ruled["multiplier"]) < 1e-9).mean())
    least = work.number("baseline.log_agrees")
    if agrees < least:
        fail("log_disagrees", agrees=agrees, least=least)


@check(
    group="business",
    points=26,
    kind="exact",
    needs=["curve_is_the_lot", "replay_by_hand"],
    phase=Phase.TRAIN,
)
def table_adds_up(work: Workspace) -> Praise:
    """`baseline.json` prices the rule and six flat prices, and says what follows."""
    work.train("python", "-m", "pricing.baseline", "--out", "/artifacts")
    table, own = _table(work), _own(work)
    for policy in POLICIES:
        mean, money = _line(table["policies"].get(policy))
        if mean is None or money is None:
            fail("line_missing", policy=policy)
        if abs(mean - own[policy][0]) > 0.005:
            fail("mean_differs", policy=policy, got=mean, own=own[policy][0])
        if abs(money - own[policy][1]) > work.number("baseline.table_tolerance"):
            fail("money_differs", policy=policy, got=money, own=own[policy][1])
    best = max(POLICIES[1:], key=lambda name: own[name][1])
    keep = own["rule"][1] >= own[best][1]
    if table.get("best_flat") != best or table.get("keep_rule") is not keep:
        fail("conclusion_differs", best=best, rule=own["rule"][1], flat=own[best][1])
    return praise("found_it", rule=own["rule"][1], flat=own[best][1])


def _table(work: Workspace) -> dict[str, Any]:
    table = work.json("baseline.json", max_bytes=100_000)
    if not isinstance(table, dict) or not isinstance(table.get("policies"), dict):
        fail("not_a_table")
    return table


def _line(line: object) -> tuple[float | None, float | None]:
    if not isinstance(line, dict):
        return None, None
    return _number(line.get("mean_multiplier")), _number(line.get("roubles_per_request"))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _own(work: Workspace) -> dict[str, tuple[float, float]]:
    """The mean multiplier and the roubles a request of every policy, by the judge's own count."""
    grid, points = cells(work), curve(work)
    grid = grid[grid["step_at"] >= NOW - pd.Timedelta(days=work.number("baseline.days"))]
    prices = {"rule": rule(grid)}
    prices |= {f"{price:.2f}": np.full(len(grid), price) for price in FLAT}
    return {name: _replayed(work, grid, price, points) for name, price in prices.items()}


def _replayed(
    work: Workspace, grid: pd.DataFrame, price: np.ndarray, points: pd.DataFrame
) -> tuple[float, float]:
    asked = grid["requests"].to_numpy(np.float64)
    accepted = asked * np.interp(price, points["multiplier"], points["share"])
    free = grid["drivers_free"].to_numpy(np.float64)
    cars = np.floor(free * price ** work.number("baseline.supply") + 1e-9)
    below = accepted * stats.poisson.cdf(cars - 2, accepted)
    served = below + cars * stats.poisson.sf(cars - 1, accepted)
    fare = grid["base_fare_rub"].to_numpy(np.float64)
    kept = work.number("commission") * fare * price - work.number("ride_cost")
    money = kept * served - work.number("voucher") * (accepted - served)
    return float((served * price).sum() / served.sum()), float(money.sum() / asked.sum())
