"""Frames of numbers as record batches: lazily, in bounded parts, in the schema's types."""

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.streams import as_tables, batches, blocks, cut

SCHEMA = pa.schema(
    [
        ("id", pa.uint32()),
        ("at", pa.timestamp("ms", "UTC")),
        ("day", pa.date32()),
        ("word", pa.dictionary(pa.int8(), pa.string())),
        ("amount", pa.decimal128(10, 2)),
        ("score", pa.float64()),
    ]
)
FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "at": [1_000, 2_500, 86_400_000],
        "day": [0, 1, 2],
        "word": [0, 1, 0],
        "kopecks": [990, 1_999, 5],
        "score": [0.5, np.nan, 1.0],
    }
)
WORDS = {"word": ("yes", "no")}


def test_numbers_become_what_the_schema_says() -> None:
    table = pa.Table.from_batches(list(batches(FRAME, SCHEMA, WORDS)))
    assert table.schema == SCHEMA
    rows = table.to_pylist()
    assert [row["word"] for row in rows] == ["yes", "no", "yes"]
    assert [str(row["amount"]) for row in rows] == ["9.90", "19.99", "0.05"]
    assert rows[1]["score"] is None
    assert rows[2]["day"].isoformat() == "1970-01-03"


def test_batches_are_bounded_and_an_empty_frame_is_one_empty_batch() -> None:
    assert [part.num_rows for part in batches(FRAME, SCHEMA, WORDS, rows=2)] == [2, 1]
    assert [part.num_rows for part in batches(FRAME.head(0), SCHEMA, WORDS)] == [0]


def test_a_table_can_be_asked_for_twice() -> None:
    table = as_tables({"t": FRAME}, {"t": SCHEMA}, WORDS)["t"]
    assert [part.num_rows for part in table] == [part.num_rows for part in table] == [3]


def test_a_population_is_cut_into_blocks() -> None:
    assert blocks(25, of=10) == (10, 10, 5)
    assert blocks(20, of=10) == (10, 10)
    assert blocks(3, of=10) == (3,)


def test_a_cut_keeps_what_had_come_in() -> None:
    kept = cut({"t": FRAME}, {"t": "at"}, 2_500)["t"]
    assert kept["id"].tolist() == [1, 2]
