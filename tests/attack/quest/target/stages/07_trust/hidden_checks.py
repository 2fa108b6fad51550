"""Whether prices can be relied on: which way they go, what they know, how soon they come."""

import time

import pandas as pd

from graders import Workspace, check, fail

TARGET = "app.pricing:predict"
DATA = "tomorrow"
AS_OF = "2024-06-01 00:00:00+00:00"
SLOWEST_SECONDS = 1.0


@check(
    group="metrics",
    points=20,
    severity="blocker",
    kind="directional",
    needs=["prices_are_learned"],
)
def tells_rides_apart(work: Workspace) -> None:
    """A long way costs more than a short one"""
    rows = _asked(work).sort_values("km", ignore_index=True)
    found = work.call(TARGET, rows, data=DATA)
    if not isinstance(found, pd.DataFrame) or not {"id", "price"} <= set(found.columns):
        fail("no_prices")
    price = pd.to_numeric(found.set_index("id")["price"], errors="coerce").reindex(rows["id"])
    quarter = len(rows) // 4
    if not price.iloc[-quarter:].mean() > price.iloc[:quarter].mean():
        fail("all_the_same")


@check(group="production", points=15, severity="blocker", needs=["prices_are_learned"])
def knows_no_tomorrow(work: Workspace) -> None:
    """What is computed for a moment is the same when the data reach further"""
    found = [work.call("app.pricing:zone_means", AS_OF, data=data) for data in (DATA, "hindsight")]
    if not isinstance(found[0], dict) or not found[0]:
        fail("no_means")
    if found[0] != found[1]:
        fail("knows_what_came_later")


@check(
    group="production",
    points=15,
    severity="blocker",
    kind="resource",
    needs=["prices_are_learned"],
)
def answers_soon(work: Workspace) -> None:
    """By our clock, to the last byte, import included, for rows it has not met"""
    rows = _asked(work)
    with work.room(data=DATA) as room:
        for part in (rows.iloc[:3], rows.iloc[3:40], rows.iloc[40:80]):
            began = time.monotonic()
            work.call(TARGET, part.reset_index(drop=True), room=room)
            seconds = time.monotonic() - began
            if seconds > SLOWEST_SECONDS:
                fail("slow", limit=SLOWEST_SECONDS)


def _asked(work: Workspace) -> pd.DataFrame:
    rows = work.hidden("rides", data=DATA)
    return rows[rows["asked_at"] >= pd.Timestamp(AS_OF)].reset_index(drop=True)
