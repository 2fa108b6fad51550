"""Count what a dataset holds, once: rows, empty shares, distinct, extremes, shapes, a sample."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graders.datasets import DESCRIPTION

COUNTED = "_counted.2.json"  # with another number when something else is counted
SAMPLE_ROWS = 50
BINS = 12
MOST_VALUES = 8  # of a column with few different ones; else a column of text shows none

Cell = str | int | float | None


def count(folder: Path) -> None:
    """Count a dataset and keep the result beside it; does nothing the second time."""
    if (folder / COUNTED).is_file():
        return
    described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["tables"]
    found = {
        name: _counted(folder / f"{name}.parquet", [column for column, _ in facts["columns"]])
        for name, facts in described.items()
    }
    handle, fresh = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False)
    Path(fresh).chmod(0o644)
    Path(fresh).rename(folder / COUNTED)


def _counted(path: Path, columns: Sequence[str]) -> dict[str, Any]:
    """Count one table, a column at a time: the largest need not fit into memory whole."""
    file = pq.ParquetFile(path)
    rows = file.metadata.num_rows
    chosen = np.sort(np.random.default_rng(0).permutation(rows)[:SAMPLE_ROWS])
    facts, sample = {}, []
    for column in columns:
        values = file.read(columns=[column]).column(0)
        facts[column] = _facts(values)
        sample.append([_cell(value) for value in values.take(pa.array(chosen))])
    return {"rows": rows, "columns": facts, "sample": list(zip(*sample, strict=True))}


def _facts(values: pa.ChunkedArray) -> dict[str, Any]:
    ends = pc.min_max(values)
    return {
        "null_share": values.null_count / len(values) if len(values) else 0.0,
        "distinct": pc.count_distinct(values).as_py(),
        "low": _words(ends["min"]),
        "high": _words(ends["max"]),
        "shape": _shape(values),
    }


def _shape(values: pa.ChunkedArray) -> list[list[Any]]:
    """How often which values come: bins of a range, or the values themselves if they are few."""
    present = values.drop_null()
    if pa.types.is_dictionary(present.type):
        present = present.cast(present.type.value_type)
    if not len(present):
        return []
    counts = (
        pc.value_counts(present) if pc.count_distinct(present).as_py() <= MOST_VALUES else None
    )
    if counts is not None:
        pairs = [[_words(each["values"]), each["counts"].as_py()] for each in counts]
        return sorted(pairs, key=lambda pair: -pair[1])
    return _bins(present)


def _bins(values: pa.ChunkedArray) -> list[list[Any]]:
    """Equal bins from the least to the greatest value; none for text."""
    kind = values.type
    if not _ordered(kind):
        return []
    numbers = np.asarray(_as_numbers(values), dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return []
    counts, edges = np.histogram(numbers, bins=BINS)
    starts = [_edge(edge, kind) for edge in edges[:-1]]
    return [[start, int(count)] for start, count in zip(starts, counts, strict=True)]


def _ordered(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_temporal(kind)
    )


def _as_numbers(values: pa.ChunkedArray) -> Any:  # noqa: ANN401, whatever numpy gives
    if pa.types.is_date32(values.type):
        return values.cast(pa.int32()).to_numpy()
    if pa.types.is_temporal(values.type):
        return values.cast(pa.timestamp("ms", tz=values.type.tz)).cast(pa.int64()).to_numpy()
    return values.cast(pa.float64()).to_numpy()


def _edge(edge: float, kind: pa.DataType) -> str:
    """Where a bin begins, as a person reads it."""
    if pa.types.is_date32(kind):
        return str(np.datetime64(int(edge), "D"))
    if pa.types.is_temporal(kind):
        return str(np.datetime64(int(edge), "ms"))[:16].replace("T", " ")
    return f"{edge:.4g}"


def _words(value: pa.Scalar) -> str:
    cell = _cell(value)
    return "" if cell is None else str(cell)


def _cell(value: pa.Scalar) -> Cell:
    """Return a value as JSON can hold it and a person can read it."""
    plain = value.as_py()
    if plain is None or isinstance(plain, int | str):
        return plain
    if isinstance(plain, float):
        return round(plain, 4)
    if pa.types.is_timestamp(value.type):
        return str(plain.isoformat(sep=" ", timespec="milliseconds")).removesuffix("+00:00")
    return str(plain)
