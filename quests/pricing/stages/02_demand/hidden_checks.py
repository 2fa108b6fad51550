"""What stays with the judge: a week after the present, of which it knows who really asked."""

import numpy as np
import pandas as pd

from graders import Workspace, check, fail
from graders.checking import Praise, praise

SQL = "sql/demand.sql"
BEGIN, END = "2024-06-04 00:00:00", "2024-06-10 00:00:00"
NARROW = ("2024-06-06 06:15:00", "2024-06-06 08:00:00")
KEYS = ["zone_id", "step_at"]
STATE = ("drivers_free", "app_opens_5m", "rain", "event", "base_fare_rub", "tz", "kind")
HOURS = {"Europe/Moscow": 3, "Asia/Yekaterinburg": 5}
CLOSE = 1e-6


def told(work: Workspace, begin: str, end: str) -> pd.DataFrame:
    """What the query says of hidden cells, with moments that can be joined."""

    def ask() -> pd.DataFrame:
        frame = work.sql(SQL, {"begin": begin, "end": end}, data="hidden").frame.copy()
        times = pd.to_datetime(frame["step_at"])
        frame["step_at"] = times.dt.tz_localize("UTC") if times.dt.tz is None else times
        return frame

    return work.once(("cells.hidden", begin), ask)


def truth(work: Workspace, begin: str, end: str) -> pd.DataFrame:
    """The cells as they were."""

    def read() -> pd.DataFrame:
        cells = work.truth("cells")
        since, until = (pd.Timestamp(moment, tz="UTC") for moment in (begin, end))
        return cells[(cells["step_at"] >= since) & (cells["step_at"] < until)]

    return work.once(("cells.truth", begin), read)


def both(work: Workspace) -> pd.DataFrame:
    """The week's cells that both know, the judge's columns with `_own`."""
    own = truth(work, BEGIN, END)
    return told(work, BEGIN, END).merge(own, on=KEYS, how="inner", suffixes=("", "_own"))


@check(
    group="metrics",
    points=22,
    severity="blocker",
    kind="exact",
    needs=["answers_by_contract"],
)
def counts_riders_not_taps(work: Workspace) -> Praise:
    """Requests of a week: each session once, in the quarter hour in which it began."""
    cells = both(work)
    if cells.empty:
        fail("nothing_in_common")
    asked, own = cells["requests"].to_numpy(np.float64), cells["requests_own"].to_numpy(np.float64)
    off = float(np.nansum(asked) / own.sum() - 1)
    wrong = int((np.abs(asked - own) > CLOSE).sum() + np.isnan(asked).sum())
    if off > work.number("demand.total_tolerance"):
        fail("counts_too_many", over=off)
    if off < -work.number("demand.total_tolerance"):
        fail("counts_too_few", under=-off)
    if wrong > work.number("demand.cell_tolerance") * len(cells):
        fail("cells_differ", cells=wrong, total=len(cells))
    return praise("counts_riders", riders=int(own.sum()))


@check(group="metrics", points=16, kind="exact", needs=["answers_by_contract"])
def keeps_empty_cells(work: Workspace) -> None:
    """Every zone has every quarter hour, also those in which nobody asked: there stands 0."""
    own, found = truth(work, BEGIN, END), told(work, BEGIN, END)
    keys = pd.MultiIndex.from_frame(found[KEYS])
    missing = own[~pd.MultiIndex.from_frame(own[KEYS]).isin(keys)]
    if len(missing):
        idle = float((missing["requests"] == 0).mean())
        fail("cells_missing", cells=len(missing), total=len(own), idle=idle)
    empty = found.merge(own.loc[own["requests"] == 0, KEYS], on=KEYS)
    if empty["requests"].isna().any():
        fail("empty_is_unknown", cells=int(empty["requests"].isna().sum()))


@check(group="metrics", points=16, kind="exact", needs=["answers_by_contract"])
def reads_the_local_clock(work: Workspace) -> None:
    """`local_hour`, `holiday` and `free_day` are those of the zone's own city."""
    cells = both(work)
    shift = cells["tz_own"].map(HOURS)
    local = cells["step_at"] + pd.to_timedelta(shift, unit="h")
    if (cells["local_hour"] == cells["step_at"].dt.hour).mean() > 0.99:
        fail("hours_are_utc")
    other = cells["local_hour"] != local.dt.hour
    if other.any():
        fail("hours_differ", cells=int(other.sum()), total=len(cells))
    if (cells["holiday"] != cells["holiday_own"]).any():
        fail("holidays_differ", cells=int((cells["holiday"] != cells["holiday_own"]).sum()))
    free = (local.dt.day_of_week >= 5) | (cells["holiday_own"] == 1)
    if (cells["free_day"] != free).any():
        fail("free_days_differ", cells=int((cells["free_day"] != free).sum()))


@check(group="metrics", points=14, kind="exact", needs=["counts_riders_not_taps"])
def looks_back_and_never_ahead(work: Workspace) -> None:
    """What was asked in the quarter hour and the hour before, from the first cell on."""
    cells = both(work)
    for name in ("requests_prev_15m", "requests_prev_60m"):
        own = cells[f"{name}_own"].to_numpy(np.float64)
        wrong = np.abs(cells[name].to_numpy(np.float64) - own) > CLOSE
        wrong |= cells[name].isna().to_numpy()
        first = cells["step_at"] < pd.Timestamp(BEGIN, tz="UTC") + pd.Timedelta(hours=1)
        if wrong[first.to_numpy()].any() and not wrong[~first.to_numpy()].any():
            fail("first_hour_is_blind", column=name, cells=int(wrong.sum()))
        if wrong.sum() > work.number("demand.cell_tolerance") * len(cells):
            fail("lags_differ", column=name, cells=int(wrong.sum()), total=len(cells))


@check(group="tests", points=6, kind="invariance", needs=["counts_riders_not_taps"])
def keeps_to_its_window(work: Workspace) -> None:
    """Two hours of a morning are the same cells as in the week: begin included, end left out."""
    own, found = truth(work, *NARROW), told(work, *NARROW)
    if len(found) != len(own):
        fail("other_window", found=len(found), asked=len(own))
    together = found.merge(told(work, BEGIN, END), on=KEYS, suffixes=("", "_week"))
    for name in ("requests", "requests_prev_15m", "requests_prev_60m"):
        moved = int((together[name] != together[f"{name}_week"]).sum())
        if moved:
            fail("window_moves_numbers", column=name, cells=moved)


@check(group="metrics", points=5, kind="exact", needs=["answers_by_contract"])
def hands_on_what_is_known(work: Workspace) -> None:
    """Cars, app openings, rain, event, fare, time zone and kind are the warehouse's."""
    cells = both(work)
    for name in STATE:
        if (cells[name].astype(str) != cells[f"{name}_own"].astype(str)).any():
            given = pd.to_numeric(cells[name], errors="coerce").to_numpy(np.float64)
            own = pd.to_numeric(cells[f"{name}_own"], errors="coerce").to_numpy(np.float64)
            if np.isnan(own).any() or not np.allclose(given, own):
                fail("state_differs", column=name)


@check(
    group="production",
    points=4,
    severity="minor",
    kind="resource",
    needs=["counts_riders_not_taps"],
)
def stays_in_its_budget(work: Workspace) -> None:
    """The query reads no table three times."""
    result = work.sql(SQL, {"begin": BEGIN, "end": END}, data="hidden")
    rows = sum(len(work.hidden(name, data="hidden")) for name in ("quotes", "zone_state"))
    most = work.number("demand.reads") * rows
    if result.rows_read > most:
        fail("reads_too_much", read=result.rows_read, most=int(most))
