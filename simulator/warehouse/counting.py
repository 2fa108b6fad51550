"""Count what a dataset holds, once: rows, empty shares, distinct values, extremes, a sample."""

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

COUNTED = "_counted.json"
SAMPLE_ROWS = 50

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
    }


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
