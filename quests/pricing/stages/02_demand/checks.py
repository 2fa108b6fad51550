"""What anybody can check at home: the form of the answer, on public data."""

import re
from dataclasses import replace

import pandas as pd

from graders import Check, Phase, SqlResult, Workspace, check, fail, production

SQL = "sql/demand.sql"
LOAD = "pricing.data:load_cells"
BEGIN, END = "2024-06-01 00:00:00", "2024-06-03 00:00:00"
AWARE = ("2024-06-01T00:00:00+00:00", "2024-06-03T00:00:00+00:00")
NAIVE = ("2024-06-01T00:00:00", "2024-06-03T00:00:00")
BACKWARDS = (AWARE[1], AWARE[0])
COLUMNS = (
    "zone_id",
    "step_at",
    "requests",
    "drivers_free",
    "app_opens_5m",
    "requests_prev_15m",
    "requests_prev_60m",
    "rain",
    "event",
    "holiday",
    "local_hour",
    "free_day",
    "base_fare_rub",
    "tz",
    "kind",
)
WORDS = ("step_at", "tz", "kind")


def answer(work: Workspace) -> SqlResult:
    """The query's answer for two public days, asked once."""
    return work.once("cells.public", lambda: work.sql(SQL, {"begin": BEGIN, "end": END}))


@check(group="production", points=0, severity="blocker", kind="contract")
def answers_by_contract(work: Workspace) -> None:
    """The query runs: the agreed columns, numbers where numbers belong, each cell once."""
    frame = answer(work).frame
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        fail("columns_missing", columns=", ".join(absent), missing=len(absent))
    if frame.empty:
        fail("no_rows")
    for name in COLUMNS:
        if name not in WORDS and not pd.api.types.is_numeric_dtype(frame[name]):
            fail("not_numbers", column=name)
    twice = int(frame[["zone_id", "step_at"]].duplicated().sum())
    if twice:
        fail("cells_twice", rows=twice, total=len(frame))


@check(group="production", points=5, kind="consistency", needs=["answers_by_contract"])
def loads_what_the_query_says(work: Workspace) -> None:
    """`load_cells` hands on the query's rows, in the agreed form."""
    asked = answer(work).frame
    form = work.call("driver.cells:form", *AWARE, called=LOAD)
    if not form["aware"]:
        fail("moments_are_naive")
    if tuple(form["columns"]) != COLUMNS:
        fail("columns_differ", found=len(form["columns"]), asked=len(COLUMNS))
    loaded = work.call("driver.cells:load", *AWARE, called=LOAD)
    if len(loaded) != len(asked):
        fail("rows_differ", query=len(asked), frame=len(loaded))
    if not form["ordered"]:
        fail("not_in_order")


@check(
    group="tests", points=3, severity="minor", kind="negation", needs=["loads_what_the_query_says"]
)
def refuses_unclear_moments(work: Workspace) -> None:
    """A moment without a time zone, and an end before its begin, are a ValueError."""
    for case, moments in (("no_zone", NAIVE), ("backwards", BACKWARDS)):
        if work.call("driver.cells:refusal", *moments, called=LOAD) != "ValueError":
            fail("accepted", case=case)


@check(
    group="tests", points=3, severity="minor", kind="contract", needs=["loads_what_the_query_says"]
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about cells."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    counted = re.findall(rb"(\d+) passed", finished.stdout)
    if not counted or not any(
        "load_cells" in work.text(path) for path in work.matching("tests/test_*.py")
    ):
        fail("no_test_of_cells")


def _after_it_answers(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("answers_by_contract",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=2)
typed = _after_it_answers(production.annotated(points=1))
told = _after_it_answers(production.documented(points=1))
bound = _after_it_answers(production.binds_sql(points=2))
