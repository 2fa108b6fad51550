"""Work that knows too much is found by what it does; honest work passes, however it is written."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from graders import leakage
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.quest import Quest
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox
from tests.quests.churn_data import hidden

RNG = np.random.default_rng(11)
ROWS = pd.DataFrame(
    {
        "id": np.arange(1000, 1060),
        "age": RNG.integers(18, 80, 60).astype(float),
        "spent": np.round(RNG.exponential(1000, 60), 2),
    }
)


def reason(judged: Callable[[], object]) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Fail) as failure:
        judged()
    return failure.value.reason, failure.value.params


# ------------------------------------------------------------------ one row, one answer
def honest(frame: pd.DataFrame) -> list[float]:
    return [float(v) for v in frame["age"] / 100 + np.log1p(frame["spent"])]


TRICKS: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "scaled_by_the_batch": (
        lambda f: [float(v) for v in f["spent"] - f["spent"].mean()],
        "answer_depends_on_batch",
    ),
    "ranks": (lambda f: [float(v) for v in f["spent"].rank()], "answer_depends_on_batch"),
    "row_number": (lambda f: [float(n) for n in range(len(f))], "answer_depends_on_batch"),
    "row_number_in_large_batches": (
        lambda f: [float(n) if len(f) > 30 else 0.0 for n in range(len(f))],
        "answer_depends_on_batch",
    ),
    "fills_from_above": (
        lambda f: [float(v) for v in f["age"].shift(fill_value=0)],
        "answer_depends_on_batch",
    ),
    "by_position": (
        lambda f: [float(v) for v in f.iloc[:, 1]],
        "",  # the middle of three columns is the same from either side
    ),
    "last_column": (lambda f: [float(v) for v in f.iloc[:, -1]], "answer_depends_on_columns"),
    "digits_of_the_id": (
        lambda f: [float(v % 7) for v in f["id"]],
        "answer_depends_on_id",
    ),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_named_by_what_the_answer_depends_on(name: str) -> None:
    ask, said = TRICKS[name]
    if not said:
        leakage.stands_alone(ask, ROWS, ids="id")
        return
    told, params = reason(lambda: leakage.stands_alone(ask, ROWS, ids="id"))
    assert told == said
    assert 0 < params["rows"] <= params["total"]


def test_an_honest_answer_stands_alone_and_rounding_is_forgiven() -> None:
    leakage.stands_alone(honest, ROWS, ids="id")
    shaky = lambda f: [v * (1 + 1e-12 * len(f)) for v in honest(f)]  # noqa: E731
    leakage.stands_alone(shaky, ROWS, ids="id")
    texts = ROWS.assign(id=ROWS["id"].astype(str))
    leakage.stands_alone(honest, texts, ids="id")


def test_a_place_that_matters_only_among_equals_is_found() -> None:
    by_place = lambda f: [v + 0.1 * (n == 0) for n, v in enumerate(honest(f))]  # noqa: E731
    told, _ = reason(
        lambda: leakage.stands_alone(by_place, ROWS, cases=("reordered",), tolerance=1e-6)
    )
    assert told == "answer_depends_on_place"


def test_what_is_out_of_form_is_the_learners_and_what_cannot_be_asked_the_authors() -> None:
    for answer in (None, [math.nan] * 60, [1.0] * 59, ["a"] * 60, pd.DataFrame({"a": [1]})):
        with pytest.raises(Fail):
            leakage.stands_alone(lambda frame, said=answer: said, ROWS)  # type: ignore[misc]
    with pytest.raises(ValueError, match="asked"):
        leakage.stands_alone(honest, ROWS.head(3))
    with pytest.raises(ValueError, match="asked"):
        leakage.stands_alone(honest, ROWS, ids="nobody")


def test_a_dependence_can_be_told_in_the_authors_own_words() -> None:
    found = leakage.dependence(TRICKS["ranks"][0], ROWS, cases=("reordered", "alone"))
    assert found is not None
    assert (found.case, found.total) == ("alone", 20)
    assert leakage.dependence(honest, ROWS) is None


# ------------------------------------------------------------------ ready checks, in rooms
MODEL = """\
import numpy as np
SEEN = {}
def predict(table):
    frame = table.to_pandas()
    BODY
"""


def work_with(quest: Quest, datasets: Datasets, body: str, sandbox: FakeSandbox) -> Workspace:
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    rooms.enter(Phase.PUBLIC)
    files = {"app/model.py": MODEL.replace("BODY", body).encode()}
    return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)


PER_ROW = leakage.row_by_row("app.model:predict", lambda work: ROWS, ids="id", points=4)
LOUD = leakage.refuses_bad_input(
    "app.model:predict",
    lambda work: ROWS,
    breaks={"age_absent": leakage.without("age"), "age_in_words": leakage.with_words("age")},
    errors=("KeyError", "TypeError"),
    most=0.5,
    points=3,
)
GOOD = "return [float(v) / 100 for v in frame['age']]"
REMEMBERS = """\
    for row, value in zip(frame["id"], frame["age"] - frame["age"].mean()):
        SEEN.setdefault(int(row), float(value))
    return [SEEN[int(row)] for row in frame["id"]]
"""


def test_honest_work_passes_both_ready_checks(quest: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    work = work_with(quest, datasets, GOOD, sandbox)
    assert PER_ROW(work) is None
    assert len(sandbox.rooms) == 2  # the phase's, and a fresh one for all that is asked again
    with pytest.raises(Fail, match="refused_otherwise"):
        LOUD(work)  # float("no number") is a ValueError, and agreed was another
    loud = work_with(quest, datasets, "return [v / 100 for v in frame['age']]", FakeSandbox())
    assert LOUD(loud) is None


def test_what_is_remembered_in_one_room_is_no_answer_in_another(
    quest: Quest, datasets: Datasets
) -> None:
    work = work_with(quest, datasets, REMEMBERS.strip(), FakeSandbox())
    with pytest.raises(Fail, match="answer_depends_on_batch"):
        PER_ROW(work)


SWALLOWS = """\
try:
        return [v / 100 for v in frame["age"]]
    except Exception:
        return [0.5] * len(frame)"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return [0.5] * len(frame)", "bad_input_answered"),
        (SWALLOWS, "bad_input_answered"),
        ("assert 'age' in frame\n    return [v / 100 for v in frame['age']]", "refused_otherwise"),
        ("return [v / 100 if v > 70 else 0.5 for v in frame['age']]", "one_answer_for_most"),
        ("return [v / 0 if v > 200 else None for v in frame['age']]", "values_not_finite"),
        ("return frame['age'].tolist()[1:]", "rows_differ"),
    ],
)
def test_a_default_in_place_of_an_error_is_found(
    quest: Quest, datasets: Datasets, body: str, said: str
) -> None:
    with pytest.raises(Fail) as failure:
        LOUD(work_with(quest, datasets, body, FakeSandbox()))
    assert failure.value.reason == said


def test_an_ending_that_is_no_refusal_is_told_as_what_it_is() -> None:
    def ask(frame: pd.DataFrame) -> object:
        if "age" in frame:
            return honest(frame)
        raise Ended(Outcome.TIMEOUT, "wall_seconds", {"target": "t", "limit": 1.0})

    with pytest.raises(Ended, match="wall_seconds"):
        leakage.refuses(ask, ROWS, {"age_absent": leakage.without("age")})


def test_an_author_who_names_no_break_hears_of_it_at_once() -> None:
    with pytest.raises(ValueError, match="at least one"):
        leakage.refuses_bad_input("a:b", lambda work: ROWS, breaks={}, points=1)
    with pytest.raises(ValueError, match="keys"):
        leakage.no_time_travel(lambda work, data: ROWS, keys=[], cut="early", points=1)


# ------------------------------------------------------------------ time travel
HISTORY = pd.DataFrame({"id": [1, 1, 2, 2, 3], "day": [1, 9, 2, 3, 8], "sum": [5.0, 7, 1, 2, 4]})
EARLY = HISTORY[HISTORY["day"] <= 5]


def until(frame: pd.DataFrame, *, last: int) -> Any:
    known = frame[frame["day"] <= last]
    return known.groupby("id", as_index=False)["sum"].sum()


def travels(
    features: Callable[[pd.DataFrame], object],
) -> Callable[[Workspace, str | None], object]:
    return lambda work, data: features(EARLY if data == "early" else HISTORY)


def test_features_of_the_past_that_stay_pass_and_those_that_change_do_not(
    quest: Quest, datasets: Datasets
) -> None:
    work = work_with(quest, datasets, GOOD, FakeSandbox())

    def judged(features: Callable[[pd.DataFrame], object]) -> object:
        check = leakage.no_time_travel(travels(features), keys=["id"], cut="early", points=9)
        return check(work)

    assert judged(lambda frame: until(frame, last=5)) is None
    assert judged(lambda frame: until(frame, last=5).iloc[::-1]) is None
    told = reason(
        lambda: judged(lambda frame: until(frame, last=7).assign(mean=frame["sum"].mean()))
    )
    assert told == ("looks_ahead", {"column": "mean", "rows": 2, "columns": 1, "total": 2})
    assert reason(lambda: judged(lambda frame: until(frame, last=9)))[0] == "looks_ahead_rows"
    assert reason(lambda: judged(lambda frame: frame))[0] == "keys_twice"
    assert reason(lambda: judged(lambda frame: 3))[0] == "not_a_table"
    assert reason(lambda: judged(lambda frame: frame[["day"]]))[0] == "columns_missing"


# ------------------------------------------------------------------ the outcome in the features
OUTCOME = RNG.integers(0, 2, 400)
HONEST = pd.DataFrame(
    {
        "id": np.arange(400),
        "noise": RNG.normal(size=400),
        "useful": OUTCOME + RNG.normal(scale=1.2, size=400),
        "city": RNG.choice(["Omsk", "Perm", "Tula"], 400),
        "name": [f"customer {n}" for n in range(400)],
        "constant": 1.0,
    }
)


def test_honest_features_are_no_leak_and_the_best_is_named_first() -> None:
    found = leakage.strengths(HONEST, OUTCOME)
    assert next(iter(found)) == "useful"
    assert 0.65 < found["useful"] < 0.85
    assert found["id"] < 0.62
    assert found["name"] == found["constant"] == 0.5
    leakage.no_target_leak(HONEST, OUTCOME, most=0.9)


LEAKS = {
    "copy": OUTCOME.astype(float),
    "turned": 1.0 - OUTCOME,
    "renamed_and_scaled": 3.7 * OUTCOME - 2 + RNG.normal(scale=0.01, size=400),
    "missing_tells": np.where(OUTCOME == 1, np.nan, RNG.normal(size=400)),
    "u_shape": np.where(OUTCOME == 1, RNG.choice([-3.0, 3.0], 400), 0)
    + RNG.normal(scale=0.1, size=400),
    "a_word": np.where(OUTCOME == 1, "closed", "open"),
    "codes": np.where(OUTCOME == 1, RNG.choice([2, 5, 7], 400), RNG.choice([1, 4, 6], 400)),
    "infinite": np.where(OUTCOME == 1, np.inf, 0.0),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_feature_that_tells_the_outcome_is_named_whatever_its_form(name: str) -> None:
    told, params = reason(
        lambda: leakage.no_target_leak(HONEST.assign(late=LEAKS[name]), OUTCOME, most=0.9)
    )
    assert told == "target_in_features"
    assert (params["column"], params["columns"], params["total"]) == ("late", 1, 7)
    leakage.no_target_leak(HONEST.assign(late=LEAKS[name]), OUTCOME, most=0.9, ignore=["late"])


def test_a_feature_that_tells_an_amount_is_named() -> None:
    amount = RNG.exponential(size=300)
    frame = pd.DataFrame({"log": np.log(amount), "noise": RNG.normal(size=300)})
    found = leakage.strengths(frame, amount)
    assert found["log"] == pytest.approx(1)
    assert found["noise"] < 0.3


def test_too_few_outcomes_are_the_authors_slip() -> None:
    with pytest.raises(ValueError, match="some rows"):
        leakage.strengths(HONEST.head(20), [1] + [0] * 19)


def test_features_that_change_with_the_outcome_are_named() -> None:
    rows = pd.DataFrame({"id": range(50), "spent": RNG.normal(size=50), "churned": OUTCOME[:50]})

    def judged(ask: Callable[[pd.DataFrame], object]) -> None:
        leakage.same_without_target(ask, rows, target="churned", keys=["id"])

    judged(lambda f: f[["id"]].assign(double=2 * f["spent"]))
    encoded = lambda f: f[["id"]].assign(rate=f["churned"].expanding().mean())  # noqa: E731
    assert reason(lambda: judged(encoded))[0] == "target_used"
    assert reason(lambda: judged(lambda f: f[["id", "churned"]]))[1]["column"] == "churned"
    assert reason(lambda: judged(lambda f: [1, 2]))[0] == "not_a_table"
    assert reason(lambda: judged(lambda f: pd.concat([f, f])))[0] == "keys_twice"
    with pytest.raises(ValueError, match="the same"):
        leakage.same_without_target(
            lambda f: f, rows.assign(churned=1), target="churned", keys=["id"]
        )


# ------------------------------------------------------------------ splits
def test_a_split_shares_nobody() -> None:
    leakage.no_overlap([1, 2, 3], [4, 5])
    leakage.no_overlap(["a"], ["b"])
    told = reason(lambda: leakage.no_overlap([1, 2, 3], [3, 3, 4, 5]))
    assert told == ("split_overlaps", {"rows": 2, "total": 4, "share": 0.5})


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "split_empty"),
        ("123", "not_a_table"),
        (None, "not_a_table"),
        ([1.5, 2], "ids_not_plain"),
        ([True], "ids_not_plain"),
        ([[1], [2]], "ids_not_plain"),
        ([1, "a"], "ids_not_plain"),
        ([None, 1], "ids_not_plain"),
    ],
)
def test_ids_of_a_split_are_whole_numbers_or_texts(ids: object, said: str) -> None:
    assert reason(lambda: leakage.no_overlap(ids, [1]))[0] == said
    assert reason(lambda: leakage.no_overlap([1], ids))[0] == said


def test_a_split_goes_forward_in_time() -> None:
    old, new = ["2025-01-01", "2025-01-31T23:00:00+03:00"], ["2025-02-10", "2025-03-01"]
    leakage.split_in_time(old, new, gap_days=7)
    told = reason(lambda: leakage.split_in_time(old, new, gap_days=14))
    assert told == ("split_turns_back", {"rows": 1, "total": 2})
    assert reason(lambda: leakage.split_in_time(new, old))[1]["rows"] == 2
    for odd in (["soon"], [3], ["2025-02-30"], [None]):
        assert reason(lambda given=odd: leakage.split_in_time(given, new))[0] == "times_not_plain"  # type: ignore[misc]


def test_copies_under_another_id_are_found() -> None:
    columns = ["noise", "useful", "city"]
    learnt, judged = HONEST.head(300), HONEST.tail(100)
    leakage.no_copies(learnt, judged, columns=columns)
    copies = pd.concat([judged, learnt.head(25).assign(id=9)])
    told = reason(lambda: leakage.no_copies(learnt, copies, columns=columns, allowed=0.1))
    assert told == ("rows_copied", {"rows": 25, "total": 125, "share": 0.2})
    leakage.no_copies(learnt, copies, columns=columns, allowed=0.3)
    assert reason(lambda: leakage.no_copies(learnt, judged, columns=["x"]))[0] == "columns_missing"


# ------------------------------------------------------------------ for authors: ids that tell
def test_outcomes_that_hang_on_an_id_or_a_place_are_told() -> None:
    ids = RNG.permutation(np.arange(10_000, 12_000))
    coin = RNG.integers(0, 2, 2000)
    assert leakage.ids_tell(ids, coin) == {}
    assert "id_mod_7" in leakage.ids_tell(ids, (ids % 7 == 3).astype(int))
    assert "place" in leakage.ids_tell(ids, np.repeat([0, 1], 1000))
    assert "id" in leakage.ids_tell(ids, ids + RNG.normal(scale=300, size=2000))


def test_no_outcome_of_the_churn_quest_can_be_read_off_a_customers_number() -> None:
    truth = pd.concat(batch.to_pandas() for batch in hidden().truth["renewals"])
    assert leakage.ids_tell(truth["user_id"], truth["churned_none"]) == {}
