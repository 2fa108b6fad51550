"""A small dataset folder that holds every type that quests use."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TYPES = {
    "id": "UInt32",
    "plan": "Enum8('basic' = 1, 'pro' = 2)",
    "word": "LowCardinality(String)",
    "moment": "DateTime64(3, 'UTC')",
    "second": "DateTime('UTC')",
    "day": "Date",
    "born": "Nullable(UInt16)",
    "share": "Nullable(Float32)",
    "roubles": "Decimal(10, 2)",
}
ROWS = 300
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def write(folder: Path) -> Path:
    """Write the dataset and return its folder."""
    folder.mkdir(parents=True)
    numbers = range(ROWS)
    table = pa.table(
        {
            "id": pa.array(numbers, pa.uint32()),
            "plan": [("basic", "pro")[n % 2] for n in numbers],
            "word": [("a", "b", "it's")[n % 3] for n in numbers],
            "moment": pa.array(
                [START + dt.timedelta(hours=n, milliseconds=n) for n in numbers],
                pa.timestamp("ms", "UTC"),
            ),
            "second": pa.array(
                [START + dt.timedelta(minutes=n) for n in numbers], pa.timestamp("s", "UTC")
            ),
            "day": [START.date() + dt.timedelta(days=n) for n in numbers],
            "born": pa.array([None if n % 4 == 0 else 1900 + n for n in numbers], pa.uint16()),
            "share": pa.array([None if n % 5 == 0 else n / ROWS for n in numbers], pa.float32()),
            "roubles": pa.array([Decimal(n) / 4 for n in numbers], pa.decimal128(10, 2)),
        }
    )
    pq.write_table(table, folder / "things.parquet")
    described = {
        "columns": [[name, kind] for name, kind in TYPES.items()],
        "order_by": ["id"],
        "partition_by": "toYYYYMM(moment)",
        "rows": ROWS,
    }
    facts = {
        "database": "small",
        "now": "2024-05-01T12:00:00+00:00",
        "tables": {"things": described},
    }
    (folder / "_dataset.json").write_text(json.dumps(facts))
    return folder
