"""What is the same passes, whatever its order and types; what is not is told by its cause."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from graders import sql
from graders.datasets import Datasets
from graders.failures import Fail
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.sql import same_rows
from graders.tables import to_table
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Limits, Raised, Returned, Value
from tests.fakes import FakeSandbox

CITIES = pd.DataFrame(
    {
        "city": ["Omsk", "Perm", "Tula", "Ufa", "Sochi", "Kazan"],
        "revenue": [900.5, 700.25, 700.25, 700.25, 100.0, 50.125],
        "orders": [90, 70, 71, 72, 10, 5],
        "first": pd.to_datetime(
            ["2025-01-01", "2025-01-02", "2025-01-02", "2025-01-03", "2025-02-01", "2025-03-01"],
            utc=True,
        ),
    }
)


def failed(frame: pd.DataFrame, expected: pd.DataFrame = CITIES, **rules: Any) -> Fail:
    with pytest.raises(Fail) as failure:
        same_rows(frame, expected, **rules)
    return failure.value


@pytest.mark.parametrize(
    ("column", "change", "reason", "told"),
    [
        ("revenue", lambda v: v * 100, "values_scaled", {"factor": 100.0}),
        ("orders", lambda v: v * 2, "values_scaled", {"factor": 2.0}),
        ("orders", lambda v: -v, "values_scaled", {"factor": -1.0}),
        ("orders", lambda v: v + 1, "values_shifted", {"gap": 1.0}),
        ("revenue", np.floor, "values_rounded", {}),
        ("first", lambda v: v + pd.Timedelta(hours=3), "times_shifted", {"hours": 3.0}),
        ("city", lambda v: v.str.upper(), "texts_spelled", {}),
        ("orders", lambda v: v[::-1].to_numpy(), "values_differ", {}),
    ],
)
def test_a_cause_that_all_wrong_rows_share_is_told(
    column: str, change: Any, reason: str, told: dict[str, float]
) -> None:
    expected = CITIES.assign(id=range(6))
    frame = expected.assign(**{column: change(expected[column])})
    failure = failed(frame, expected, keys=("id",))
    assert failure.reason == reason
    assert failure.params["column"] == column
    assert {name: pytest.approx(failure.params[name]) for name in told} == told


def test_no_row_of_the_expected_result_is_told() -> None:
    expected = CITIES.assign(id=range(6))
    for column, value in (("city", "x"), ("revenue", 1.0), ("orders", 3)):
        told = failed(expected.assign(**{column: value}), expected, keys=("id",)).params.values()
        secret = {*map(str, expected["city"]), *map(str, expected["revenue"])}
        assert not secret & set(map(str, told))


def test_whole_numbers_are_exact_however_large() -> None:
    expected = pd.DataFrame({"id": [1, 2], "total": [2**60 + 1, 5_000_000]})
    assert (
        failed(expected.assign(total=[2**60, 5_000_000]), expected, keys=("id",)).params["rows"]
        == 1
    )
    assert (
        failed(expected.assign(total=[2**60 + 1, 5_000_001]), expected, keys=("id",)).params[
            "rows"
        ]
        == 1
    )
    small = pd.DataFrame({"id": [1, 2], "total": [3, 5_000_000]})
    same_rows(small.assign(total=[3.0, 5e6]), small, keys=("id",))
    nullable = small.assign(total=pd.array([3, None], dtype="Int64"))
    same_rows(nullable.copy(), nullable, keys=("id",))
    assert failed(small, nullable, keys=("id",)).reason == "values_filled"


def test_a_number_spelled_as_text_is_another_kind_and_a_day_spelled_as_text_is_not() -> None:
    expected = CITIES.assign(id=range(6))
    failure = failed(
        expected.assign(orders=expected["orders"].astype(str)), expected, keys=("id",)
    )
    told = {"column": "orders", "found": "text", "expected": "number"}
    assert (failure.reason, failure.params) == ("column_of_another_kind", told)
    same_rows(
        expected.assign(first=expected["first"].dt.strftime("%Y-%m-%d")), expected, keys=("id",)
    )


def test_a_bag_has_no_order_and_no_key() -> None:
    frame = CITIES.sample(frac=1, random_state=2).assign(revenue=lambda f: f["revenue"] + 1e-9)
    same_rows(frame, CITIES)
    same_rows(CITIES.iloc[:0], CITIES.iloc[:0])


@pytest.mark.parametrize(
    ("frame", "reason", "rows"),
    [
        (pd.concat([CITIES, CITIES]), "rows_repeated", 6),
        (pd.concat([CITIES, CITIES.head(1)]), "rows_repeated", 1),
        (CITIES.head(4), "rows_missing", 2),
        (pd.concat([CITIES, CITIES.head(1).assign(city="Uglich")]), "rows_extra", 1),
        (CITIES.assign(orders=[90, 70, 71, 72, 10, 6]), "rows_other", 1),
        (CITIES.assign(revenue=[900.5, 700.25, 700.25, 701.0, 100.0, 50.125]), "rows_other", 1),
        (CITIES.head(0), "rows_missing", 6),
    ],
)
def test_a_bag_that_differs_says_how(frame: pd.DataFrame, reason: str, rows: int) -> None:
    failure = failed(frame)
    assert (failure.reason, failure.params["rows"]) == (reason, rows)


def test_a_repeat_that_was_asked_for_has_to_be_there() -> None:
    twice = pd.concat([CITIES, CITIES.head(2)])
    same_rows(twice.sample(frac=1, random_state=1), twice)
    assert failed(CITIES, twice).params == {"rows": 2, "expected": 8}


@pytest.mark.parametrize("seed", range(8))
def test_bags_of_noisy_numbers_are_paired_whatever_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own = pd.DataFrame(np.round(rng.normal(size=(200, 3)), 1), columns=list("abc"))
    noisy = own * (1 + rng.uniform(-1e-8, 1e-8, size=own.shape))
    same_rows(noisy.sample(frac=1, random_state=seed), own)
    values = noisy.to_numpy(copy=True)
    values[7, 2] += 0.5
    assert failed(pd.DataFrame(values, columns=list("abc")), own).reason in (
        "rows_other",
        "rows_repeated",
    )


def test_a_row_among_several_of_its_group_finds_its_partner() -> None:
    own = pd.DataFrame({"city": ["Omsk", "Perm"], "mean": [5.0, 1.0]})
    more = pd.DataFrame({"city": ["Omsk", "Omsk", "Perm"], "mean": [1.0, 5.0 + 1e-9, 1.0]})
    assert failed(more, own).params == {"rows": 1, "expected": 2}
    assert failed(own, more).params == {"rows": 1, "expected": 3}


def test_large_bags_are_compared_in_bulk() -> None:
    rows = 60_000
    own = pd.DataFrame({"key": np.arange(rows), "value": np.random.default_rng(1).random(rows)})
    same_rows(own.sample(frac=1, random_state=1), own)
    wrong = own.assign(value=np.where(own["key"] < 7, 9.0, own["value"]))
    assert failed(wrong, own).params["rows"] == 7
    assert failed(pd.concat([own, own]), own).reason == "rows_repeated"


def test_an_order_is_asked_for_and_ties_are_free() -> None:
    order: dict[str, Any] = {"ordered_by": ("revenue",), "keys": ("city",)}
    same_rows(CITIES.iloc[[0, 3, 1, 2, 4, 5]], CITIES, **order)
    failure = failed(CITIES.iloc[[1, 0, 2, 3, 4, 5]], **order)
    assert failure.reason == "order_differs"
    assert failure.params == {"column": "revenue", "rows": 2}
    assert failed(CITIES.iloc[::-1], ordered_by=("revenue",)).reason == "order_differs"


@pytest.mark.parametrize("tied", [1, 2, 3])
def test_any_of_the_rows_that_tie_for_the_last_place_will_do(tied: int) -> None:
    rules: dict[str, Any] = {"keys": ("city",), "ordered_by": ("revenue",), "top": 2}
    same_rows(CITIES.iloc[[0, tied]], CITIES.head(4), **rules)
    assert failed(CITIES.iloc[[tied, 0]], CITIES.head(4), **rules).reason == "order_differs"
    assert failed(CITIES.iloc[[0, 4]], CITIES.head(4), **rules).reason in (
        "rows_missing",
        "rows_extra",
    )
    assert failed(CITIES.iloc[[1, 2]], CITIES.head(4), **rules).reason in (
        "rows_missing",
        "rows_extra",
    )
    assert failed(CITIES.iloc[[0]], CITIES.head(4), **rules).reason == "rows_missing"
    assert failed(CITIES.head(3), CITIES.head(4), **rules).reason == "rows_extra"


def test_columns_may_be_more_unless_these_alone_are_asked_for() -> None:
    same_rows(CITIES.assign(more=1), CITIES, keys=("city",))
    assert failed(CITIES.assign(more=1), exact_columns=True).reason == "columns_out_of_place"
    turned = CITIES[CITIES.columns[::-1]]
    assert failed(turned, exact_columns=True).reason == "columns_out_of_place"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"city": [None] * 3, "revenue": None, "orders": None, "first": None}),
        CITIES.assign(revenue=np.inf),
        CITIES.assign(orders=pd.array([2**64 - 1] * 6, dtype="uint64")),
        CITIES.assign(city=[1, 2, 3, 4, 5, 6]),
        CITIES.assign(first=pd.Timestamp("2262-01-01", tz="UTC")),
        CITIES.astype(object).map(str),
        CITIES.assign(orders=[True, False] * 3, revenue=True),
    ],
)
@pytest.mark.parametrize("keys", [(), ("city",), ("orders",), ("first", "city")])
def test_whatever_comes_back_is_the_learners_failure(
    frame: pd.DataFrame, keys: tuple[str, ...]
) -> None:
    failed(frame, keys=keys)


# ------------------------------------------------------------------ cost, and the reference
def result(rows: int, kilobytes: int) -> SqlResult:
    return SqlResult(frame=CITIES, rows_read=rows, bytes_read=kilobytes * 1000, seconds=0.1)


def test_a_budget_is_what_the_reference_reads_times_so_much() -> None:
    sql.within_budget(result(150, 15), result(100, 10))
    with pytest.raises(Fail) as failure:
        sql.within_budget(result(151, 10), result(100, 10))
    assert failure.value.reason == "reads_times_rows"
    assert failure.value.params == {"times": 1.51, "limit": 1.5}
    with pytest.raises(Fail, match="reads_times_bytes"):
        sql.within_budget(result(100, 16), result(100, 10))
    with pytest.raises(Fail, match="reads_too_many_bytes"):
        sql.reads_at_most(result(1, 2000), megabytes=1.9)
    with pytest.raises(ValueError, match="refuse"):
        sql.frugal("sql/q.sql", times=0.5, points=1)


def engine(answers: dict[bytes, tuple[pd.DataFrame, int]]) -> FakeSandbox:
    """A room whose engine knows these queries: what each answers, and the rows it reads."""
    sandbox = FakeSandbox()
    last: list[int] = []

    def run_sql(path: Value, params: Value) -> Value | Returned:
        query = (sandbox.rooms[-1].folder / "project" / str(path)).read_bytes()
        if query not in answers:
            return Returned(raised=Raised(type="QueryError", message="no such table"))
        frame, rows = answers[query]
        last.append(rows)
        return to_table(frame)

    sandbox.answers = {
        "simkit._judge:run_sql": run_sql,
        "simkit._judge:cost": lambda: {
            "rows_read": last[-1],
            "bytes_read": 8 * last[-1],
            "seconds": 0.1,
        },
    }
    return sandbox


def asked(quest: Quest, datasets: Datasets, sandbox: FakeSandbox, query: bytes) -> Workspace:
    reference = quest.folder / "reference" / "sql"
    reference.mkdir(parents=True)
    (reference / "q.sql").write_bytes(b"SELECT reference")
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    rooms.enter(Phase.HIDDEN)
    return Workspace(quest=quest, stage=quest.stages[0], files={"sql/q.sql": query}, rooms=rooms)


ANSWERS = {
    b"SELECT reference": (CITIES, 100),
    b"SELECT other way": (CITIES.sample(frac=1, random_state=1), 140),
    b"SELECT twice": (pd.concat([CITIES, CITIES]), 400),
}


def test_a_query_is_held_to_what_the_reference_answers_and_reads(
    quest: Quest, datasets: Datasets
) -> None:
    sandbox = engine(ANSWERS)
    work = asked(quest, datasets, sandbox, b"SELECT other way")
    same = sql.answers("sql/q.sql", points=20, name="same")
    lean = sql.frugal("sql/q.sql", points=5, needs=[same])
    assert (same(work), lean(work)) == (None, None)
    assert (same.name, lean.name, lean.needs) == ("same", "frugal", ("same",))
    assert len(sandbox.rooms) == 2  # the query and the reference's ran once each, apart
    work.rooms.close()


def test_a_query_that_repeats_rows_and_reads_too_much_is_told_both(
    quest: Quest, datasets: Datasets
) -> None:
    work = asked(quest, datasets, engine(ANSWERS), b"SELECT twice")
    with pytest.raises(Fail, match="rows_repeated"):
        sql.answers("sql/q.sql", points=20)(work)
    with pytest.raises(Fail) as failure:
        sql.frugal("sql/q.sql", points=5)(work)
    assert failure.value.params == {"times": 4.0, "limit": 1.5}


def test_a_reference_that_does_not_run_is_never_the_learners_failure(
    quest: Quest, datasets: Datasets, tmp_path: Path
) -> None:
    known = {b"SELECT other way": ANSWERS[b"SELECT other way"]}
    work = asked(quest, datasets, engine(known), b"SELECT other way")
    with pytest.raises(LookupError, match="does not run"):
        sql.answers("sql/q.sql", points=20)(work)
    (quest.folder / "reference" / "sql" / "q.sql").unlink()
    with pytest.raises(LookupError, match="has no"):
        sql.frugal("sql/q.sql", points=20)(work)
