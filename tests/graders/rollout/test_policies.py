"""Whatever a policy answers has an outcome: a decision a row, a count of the rest, or a Fail."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graders.failures import Fail
from graders.rollout.policies import codes_of
from graders.tables import to_frame
from tests.graders.rollout.market import Market, even, rollout


def test_a_decision_a_row_comes_back_in_the_order_of_the_world() -> None:
    found = rollout(lambda batch: even(batch).iloc[::-1]).offline
    assert found.invalid == 0
    assert found.actions[:4].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: 7, "policy_no_table"),
        (lambda _: None, "policy_no_table"),
        (lambda batch: even(batch).rename(columns={"user": "id"}), "policy_columns_missing"),
        (lambda batch: even(batch)[["user"]], "policy_columns_missing"),
    ],
)
def test_what_is_no_table_of_decisions_is_the_learners(answer: object, reason: str) -> None:
    with pytest.raises(Fail) as failure:
        _ = rollout(answer).offline  # type: ignore[arg-type]  # any answer
    assert failure.value.reason == reason


def _with(batch: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    answer = even(batch)
    values = answer[column].astype(object).tolist()
    values[2:5] = [value] * 3
    return answer.assign(**{column: pd.Series(values, dtype=object)})


@pytest.mark.parametrize("value", ["LETTER", 1, None, 3.5, True])
def test_an_action_that_does_not_exist_is_as_usual_and_counted(value: object) -> None:
    found = rollout(lambda batch: _with(batch, "action", value)).offline
    assert found.invalid == 3
    assert found.actions[2:5].tolist() == [0, 1, 0]  # the old rule


@pytest.mark.parametrize("value", [np.nan, np.inf, "nobody", 1e300, 7.5, -3])
def test_a_key_that_nobody_has_leaves_its_row_to_the_old_rule(value: object) -> None:
    assert rollout(lambda batch: _with(batch, "user", value)).offline.invalid == 3


def test_two_decisions_about_one_customer_are_none() -> None:
    found = rollout(lambda batch: pd.concat([even(batch), even(batch).head(5)])).offline
    assert found.invalid == 5


def test_an_empty_table_leaves_everything_as_usual() -> None:
    found = rollout(lambda batch: even(batch).head(0)).offline
    assert found.invalid == len(found.actions)


def test_a_number_off_the_grid_is_none_and_a_rounding_error_is_one() -> None:
    said = pd.Series([1.15, 1.15 + 1e-13, 1.1500001, np.nan, "1.2", None])
    assert codes_of(said, (1.1, 1.15, 1.2)).tolist() == [1, 1, -1, -1, 2, -1]


COLUMNS: dict[str, Any] = {
    "moments": pd.date_range("2024-01-01", periods=400, tz="UTC"),
    "naive moments": pd.date_range("2024-01-01", periods=400),
    "days": [date(2024, 1, 1)] * 400,
    "flags": [False] * 400,
    "nothing": [None] * 400,
    "words": ["letter"] * 400,
    "huge": [2**63 - 1] * 400,
    "unsigned": np.full(400, 2**64 - 1, dtype=np.uint64),
}


@pytest.mark.parametrize("actions", [("none", "letter"), (1.0, 1.5)])
@pytest.mark.parametrize("column", ["user", "action"])
@pytest.mark.parametrize("kind", list(COLUMNS))
def test_a_column_of_any_kind_has_an_outcome(
    kind: str, column: str, actions: tuple[str | float, ...]
) -> None:
    crossed = to_frame(pa.table({"x": COLUMNS[kind]}))["x"]
    market = Market(actions=actions)
    found = rollout(lambda batch: even(batch).assign(**{column: crossed}), market=market).offline
    understood = column == "action" and kind == "words" and "letter" in actions
    assert found.invalid == (0 if understood else 400)
