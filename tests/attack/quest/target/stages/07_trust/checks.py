"""Prices of rides: how the code is written, what it refuses, and what it leaves."""

import pandas as pd

from graders import Ended, Phase, Workspace, check, fail, production

documented = production.documented(points=4)
annotated = production.annotated(points=4)
logs = production.logs(points=4)

TARGET = "app.pricing:predict"
REFUSES = "ValueError"


@check(group="production", points=18, severity="blocker", phase=Phase.TRAIN)
def prices_are_learned(work: Workspace) -> None:
    """The command ends well, and what it leaves can be collected"""
    work.train("python", "-m", "app.pricing")


@check(
    group="production",
    points=20,
    severity="blocker",
    needs=[prices_are_learned],
    phase=Phase.TRAIN,
)
def refuses_bad_rows(work: Workspace) -> None:
    """Rows that cannot be priced are refused with the agreed error, not priced with a default"""
    rides = work.table("rides").head(5)
    for bad in (rides.drop(columns="km"), rides.assign(km=-1.0), rides.assign(km=float("nan"))):
        if _refused(work, bad) != REFUSES:
            fail("prices_bad_rows")


def _refused(work: Workspace, rows: pd.DataFrame) -> str:
    """The error that the rows are refused with; nothing when they are priced."""
    try:
        work.call(TARGET, rows)
    except Ended as ended:
        return str(ended.params.get("error", ended.reason))
    return ""
