"""Values on their way into and out of a learner's process.

In: JSON, bytes, or a table as an Arrow stream that our side wrote. Out: JSON, bytes, or a table as
columns of plain buffers (`pack`); Arrow from a room is never read outside. What comes out is a
claim: `sandbox.unpacking` checks all of it.
"""

import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

JSON, BYTES, ARROW, TABLE = b"J", b"B", b"A", b"T"
LENGTH = struct.Struct("<I")
WIDEST = 8  # bytes of a number

Array: TypeAlias = npt.NDArray[np.generic]
Column: TypeAlias = "pd.Series[float] | Array"


class NotPlain(Exception):
    """A value is neither JSON, nor bytes, nor a table; the message is for the learner."""


class TwoOfAName(NotPlain):
    """A table has two columns of one name, or an index that is named like a column and differs."""


def unpack(kind: str, data: bytes) -> object:
    """Read a value that our side sent."""
    if kind == JSON.decode():
        return json.loads(data)
    if kind == BYTES.decode():
        return data
    with pa.ipc.open_stream(io.BytesIO(data)) as reader:
        return reader.read_pandas()


def pack(value: object) -> list[bytes]:
    """Write a value for the way out. Raises NotPlain."""
    if isinstance(value, bytes | bytearray | memoryview):
        return [BYTES, bytes(value)]
    columns = _columns(value)
    if columns is not None:
        return [TABLE, *_table(columns)]
    try:
        return [JSON, json.dumps(value, default=_plain, ensure_ascii=False).encode()]
    except (TypeError, ValueError, RecursionError) as error:
        raise NotPlain(f"{type(value).__name__} cannot leave the room: {error}") from None


def _plain(value: object) -> object:
    """Write the scalars and arrays of numpy as JSON does ordinary numbers and lists."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is neither JSON, nor bytes, nor a table")


def _columns(value: object) -> Mapping[str, Column] | None:
    """Take a table, a series or an array apart; None when it is none."""
    if isinstance(value, pa.Table | pa.RecordBatch):
        value = value.to_pandas()
    if isinstance(value, pd.DataFrame):
        own = [(str(name), value.iloc[:, at]) for at, name in enumerate(value.columns)]
        return _unique([*_levels(value.index, dict(own)), *own])
    if isinstance(value, pd.Series):
        return {"value" if value.name is None else str(value.name): value}
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return {"value": value}
    if isinstance(value, np.ndarray) and value.ndim == len(("rows", "columns")):
        return {str(place): value[:, place] for place in range(value.shape[1])}
    return None


def _levels(
    index: "pd.Index[float]", columns: Mapping[str, Column]
) -> Iterator[tuple[str, Column]]:
    """Each named level of an index, which is a column by another way of writing it.

    ``set_index("id", drop=False)`` says the same twice; a level that says something else than
    the column of its name leaves open which of the two is meant.
    """
    for level, name in enumerate(index.names):
        if name is None:
            continue
        values = index.get_level_values(level)
        twin = columns.get(str(name))
        if twin is None:
            yield str(name), pd.Series(values)
        elif not values.equals(pd.Index(twin)):
            raise TwoOfAName(
                f"index and column are both named {str(name)!r} and differ; keep one of the two"
            )


def _unique(columns: Sequence[tuple[str, Column]]) -> Mapping[str, Column]:
    found = dict(columns)
    if len(found) != len(columns):
        raise TwoOfAName("two columns of the table have the same name")
    return found


def _table(columns: Mapping[str, Column]) -> Iterator[bytes]:
    heads, buffers, rows = [], [], 0
    for name, column in columns.items():
        head, parts = _column(name, column)
        rows = len(column)
        heads.append({"name": name, "buffers": [len(part) for part in parts], **head})
        buffers += parts
    text = json.dumps({"rows": rows, "columns": heads}).encode()
    yield LENGTH.pack(len(text)) + text
    yield from buffers


def _column(name: str, column: Column) -> tuple[dict[str, object], list[bytes]]:
    """Write one column: what it is, and its buffers (which are present, then the data)."""
    column, zone = _without_zone(_without_categories(column))
    present = _present(column)
    array = _filled(column, present)
    validity = b"" if present.all() else present.tobytes()
    if array.dtype.kind in "mM":
        unit = str(array.dtype).partition("[")[2].rstrip("]")
        kind = "datetime" if array.dtype.kind == "M" else "duration"
        return {"type": kind, "unit": unit, "zone": zone}, [
            validity,
            array.astype("<i8").tobytes(),
        ]
    if array.dtype.kind in "biuf" and array.dtype.itemsize <= WIDEST:
        little = array.astype(array.dtype.newbyteorder("<"))
        return {"type": array.dtype.name}, [validity, little.tobytes()]
    return {"type": "text"}, [validity, *_text(name, array, present)]


def _without_categories(column: Column) -> Column:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(column).astype(column.dtype.categories.dtype)
    return column


def _without_zone(column: Column) -> tuple[Column, str | None]:
    """Turn times of any zone into UTC without one, which they are then said to be in."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return np.asarray(pd.DatetimeIndex(column).tz_convert("UTC").tz_localize(None)), "UTC"
    return column, None


def _present(column: Column) -> npt.NDArray[np.bool_]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return np.ones(len(column), "?")  # NaN is a number here; the reader decides
    return np.ascontiguousarray(~np.asarray(pd.isna(column)), "?")


def _filled(column: Column, present: npt.NDArray[np.bool_]) -> Array:
    """Turn a column into a plain array; where nothing is present, some value stands."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufmM":
        return np.asarray(column)
    number = getattr(dtype, "numpy_dtype", None)  # of pandas' nullable numbers
    if isinstance(number, np.dtype) and number.kind in "biuf":
        return pd.Series(column).to_numpy(dtype=number, na_value=number.type(0))
    array = np.asarray(column, dtype=object)
    kinds = {type(value) for value in array[present]}
    for wanted, target in ((bool, "?"), (int, "i8"), (float, "f8")):
        if kinds == {wanted}:
            return np.where(present, array, wanted()).astype(target)
    return array


def _text(name: str, array: Array, present: npt.NDArray[np.bool_]) -> list[bytes]:
    words = []
    for value, there in zip(array, present, strict=True):
        if there and not isinstance(value, str):
            kind = type(value).__name__
            raise NotPlain(
                f"column {name!r} holds a {kind}; a table holds numbers, text and times"
            )
        words.append(str(value).encode("utf-8", "surrogatepass") if there else b"")
    ends = np.zeros(len(words) + 1, "<i8")
    np.cumsum([len(word) for word in words], out=ends[1:])
    return [ends.tobytes(), b"".join(words)]
