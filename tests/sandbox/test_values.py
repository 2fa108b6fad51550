"""A table on its way out of a room: an index is a column by another way of writing it."""

import json

import pandas as pd
import pytest

from sandbox.agent.values import LENGTH, TABLE, NotPlain, TwoOfAName, pack

FRAME = pd.DataFrame({"id": [7, 8], "price": [0.5, 1.5]})


def columns(value: object) -> list[tuple[str, str]]:
    kind, head, *_ = pack(value)
    assert kind == TABLE
    (length,) = LENGTH.unpack(head[: LENGTH.size])
    told = json.loads(head[LENGTH.size : LENGTH.size + length])
    return [(column["name"], column["type"]) for column in told["columns"]]


@pytest.mark.parametrize("drop", [True, False])
def test_an_index_of_the_table_leaves_as_a_column_once(drop: bool) -> None:  # noqa: FBT001
    same = FRAME.set_index("id", drop=drop)
    assert columns(same) == columns(FRAME) == [("id", "int64"), ("price", "float64")]
    assert pack(same) == pack(FRAME)


def test_every_named_level_of_an_index_leaves_and_no_other() -> None:
    index = pd.MultiIndex.from_arrays([["a", "b"], [1, 2], [3.0, 4.0]], names=["k", None, "f"])
    found = columns(FRAME.set_axis(index))
    assert found == [("k", "text"), ("f", "float64"), *columns(FRAME)]


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        (pd.CategoricalIndex(["u", "v"], name="k"), "text"),
        (pd.date_range("2026-01-01", periods=2, tz="Europe/Berlin", name="k"), "datetime"),
        (pd.RangeIndex(2, name="k"), "int64"),
    ],
)
def test_an_index_of_any_sort_leaves_as_its_values(index: "pd.Index[int]", kind: str) -> None:
    assert columns(FRAME.set_axis(index)) == [("k", kind), *columns(FRAME)]


def test_two_things_of_one_name_that_differ_do_not_leave() -> None:
    with pytest.raises(TwoOfAName, match="index and column are both named 'id' and differ"):
        pack(FRAME.set_axis(pd.Index([8, 7], name="id")))
    with pytest.raises(TwoOfAName, match="two columns"):
        pack(FRAME.set_axis(["id", "id"], axis="columns"))
    assert issubclass(TwoOfAName, NotPlain)
