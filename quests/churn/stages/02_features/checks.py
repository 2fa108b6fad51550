"""What anybody can check at home: the form of the answer, on public data."""

import re
from dataclasses import replace
from datetime import datetime

import pandas as pd

from graders import Check, Phase, SqlResult, Workspace, check, fail, production
from graders.sql import differences

SQL = "sql/features.sql"
LOAD = "churn.data:load_features"
MOMENT = "2024-06-16 21:00:00.000"  # 17 June 2024, 00:00 in Moscow: nothing public is later
AWARE = "2024-06-17T00:00:00+03:00"  # the same moment, as Python says it
FEATURES = (
    "lessons_7d",
    "lessons_14d",
    "lessons_28d",
    "lessons_84d",
    "lessons_trend_28d",
    "days_inactive",
    "tenure_months",
    "price_rub",
    "failed_payments_30d",
    "pricing_views_30d",
    "coupons_lifetime",
    "tickets_30d",
    "progress_pct",
    "nps",
)


def answer(work: Workspace) -> SqlResult:
    """The query's answer on the public tables, asked once."""
    return work.once("features.public", lambda: work.sql(SQL, {"as_of": MOMENT}))


@check(group="production", points=0, severity="blocker", kind="contract")
def answers_by_contract(work: Workspace) -> None:
    """The query runs: the agreed columns, numbers only, one row a customer."""
    frame = answer(work).frame
    absent = [name for name in ("user_id", *FEATURES) if name not in frame.columns]
    if absent:
        fail("columns_missing", columns=", ".join(absent), missing=len(absent))
    if frame.empty:
        fail("no_rows")
    twice = int(frame["user_id"].duplicated().sum())
    if twice:
        fail(
            "customers_twice",
            rows=twice,
            customer=int(frame["user_id"][frame["user_id"].duplicated()].iloc[0]),
        )
    for name in FEATURES:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            fail("not_numbers", column=name)


@check(group="production", points=7, kind="consistency", needs=["answers_by_hand"])
def loads_what_the_query_says(work: Workspace) -> None:
    """`load_features` hands on the query's numbers, in the agreed form."""
    asked = answer(work).frame
    some = sorted(int(user) for user in asked["user_id"].iloc[:5])
    form = work.call("driver.features:form", AWARE, some, called=LOAD)
    if form["index"] != "user_id" or not form["ascending"]:
        fail("index_differs", index=form["index"])
    if tuple(name for name in form["columns"] if name in FEATURES) != FEATURES:
        fail("columns_differ", found=sum(name in FEATURES for name in form["columns"]))
    other = [
        n
        for n, t in zip(form["columns"], form["types"], strict=True)
        if n in FEATURES and t != "float64"
    ]
    if other:
        fail("types_differ", column=other[0], columns=len(other))
    loaded = work.once(
        "features.loaded", lambda: work.call("driver.features:load", AWARE, called=LOAD)
    )
    left = loaded.set_index("user_id")
    right = asked.set_index("user_id").sort_index()[list(FEATURES)]
    if len(left) != len(right) or set(left.index) != set(right.index):
        fail("customers_differ", query=len(right), frame=len(left))
    for name, rows in differences(left.loc[right.index], right).items():
        if rows:
            fail("numbers_differ", column=name, rows=rows)


@check(
    group="production",
    points=2,
    severity="minor",
    kind="contract",
    needs=["loads_what_the_query_says"],
)
def returns_whom_it_was_asked_about(work: Workspace) -> None:
    """`user_ids` chooses customers: these and no others, unknown ones absent, none for none."""
    known = sorted(int(user) for user in answer(work).frame["user_id"].iloc[[0, 3, 7]])
    unknown = 4_000_000_000
    # Two questions, not three: each costs a whole query.
    for case, asked, expected in (("unknown", [*known, unknown], known), ("empty", [], [])):
        got = work.call("driver.features:load", AWARE, asked, called=LOAD)
        found = sorted(int(user) for user in got["user_id"])
        if found != expected:
            others = bool(asked) and not set(found) <= set(asked)
            fail(
                "others_came_back",
                case="known" if others else case,
                asked=len(asked),
                expected=len(expected),
                found=len(found),
            )


@check(
    group="tests", points=3, severity="minor", kind="negation", needs=["loads_what_the_query_says"]
)
def refuses_a_moment_without_a_zone(work: Workspace) -> None:
    """A moment without a time zone is refused with a ValueError."""
    naive = datetime.fromisoformat(AWARE).replace(tzinfo=None).isoformat()
    refusal = work.call("driver.features:refusal", naive, called=LOAD)
    if refusal is None:
        fail("accepted")
    if refusal != "ValueError":
        fail("another_exception", error=refusal)


@check(
    group="tests", points=5, severity="minor", kind="contract", needs=["loads_what_the_query_says"]
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and two of them are the learner's own."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    counted = re.findall(rb"(\d+) passed", finished.stdout)
    found = int(counted[-1]) if counted else 0
    if found < 3:
        fail("few_tests", found=found)


def _after_it_answers(library: Check) -> Check:
    """First right, then tidy: these are judged on a query whose numbers are looked at."""
    return replace(library, phase=Phase.PUBLIC, needs=("answers_by_hand",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=2)
typed = _after_it_answers(production.annotated(points=2))
told = _after_it_answers(production.documented(points=2))
pinned = _after_it_answers(production.pinned(points=2))
bound = _after_it_answers(production.binds_sql(points=3))
