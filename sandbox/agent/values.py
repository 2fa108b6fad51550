"""Values on their way into and out of a learner's process.

In: JSON, bytes, or a table as an Arrow stream that our side wrote. Out: JSON, bytes, or a table as
columns of plain buffers (`pack`); Arrow from a room is never read outside. What comes out is a
claim: `sandbox.unpacking` checks all of it.
"""

import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

JSON, BYTES, ARROW, TABLE = b"J", b"B", b"A", b"T"
LENGTH = struct.Struct("<I")


class NotPlain(Exception):
    """A value is neither JSON, nor bytes, nor a table; the message is for the learner."""


def unpack(kind: str, data: bytes) -> object:
    """Read a value that our side sent."""
    if kind == JSON.decode():
        return json.loads(data)
    if kind == BYTES.decode():
        return data
    import pyarrow as pa  # noqa: PLC0415 - a runtime without tables is a runtime without pyarrow

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


def _plain(value: Any) -> object:
    """Write the scalars of numpy and pandas as JSON does ordinary ones."""
    if type(value).__module__.partition(".")[0] in {"numpy", "pandas"} and hasattr(value, "item"):
        return value.item() if getattr(value, "ndim", 0) == 0 else value.tolist()
    raise TypeError(f"a {type(value).__name__} is neither JSON, nor bytes, nor a table")


def _columns(value: Any) -> Mapping[str, Any] | None:
    """Take a table, a series or an array apart; None when it is none."""
    package = type(value).__module__.partition(".")[0]
    if package == "pyarrow" and hasattr(value, "to_pandas"):
        value = value.to_pandas()
    if hasattr(value, "columns") and hasattr(value, "to_numpy"):
        names = [name for name in value.index.names if name is not None]
        frame = value.reset_index(level=names) if names else value
        texts = [str(name) for name in frame.columns]
        return _named(texts, [frame.iloc[:, place] for place in range(len(texts))])
    if hasattr(value, "to_numpy") and hasattr(value, "name"):
        return {str(value.name if value.name is not None else "value"): value}
    if package == "numpy" and getattr(value, "ndim", 0) == 1:
        return {"value": value}
    if package == "numpy" and getattr(value, "ndim", 0) == 2:  # noqa: PLR2004 - rows and columns
        return {str(place): value[:, place] for place in range(value.shape[1])}
    return None


def _named(names: Sequence[str], columns: Sequence[Any]) -> Mapping[str, Any]:
    if len(set(names)) != len(names):
        raise NotPlain("two columns of the table have the same name")
    return dict(zip(names, columns, strict=True))


def _table(columns: Mapping[str, Any]) -> Iterator[bytes]:
    heads, buffers, rows = [], [], 0
    for name, column in columns.items():
        head, parts = _column(name, column)
        rows = len(column)
        heads.append({"name": name, "buffers": [len(part) for part in parts], **head})
        buffers += parts
    text = json.dumps({"rows": rows, "columns": heads}).encode()
    yield LENGTH.pack(len(text)) + text
    yield from buffers


def _column(name: str, column: Any) -> tuple[dict[str, object], list[bytes]]:
    """Write one column: what it is, and its buffers (which are present, then the data)."""
    import numpy as np  # noqa: PLC0415 - a runtime without tables is a runtime without numpy

    if str(getattr(column, "dtype", "")) == "category":
        column = column.astype(column.cat.categories.dtype)
    zone = getattr(getattr(column, "dtype", None), "tz", None)
    if zone is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    present = _present(column)
    array = _filled(column, present)
    validity = b"" if present.all() else np.ascontiguousarray(present, "?").tobytes()
    if array.dtype.kind in "mM":
        unit, _ = np.datetime_data(array.dtype)
        kind = "datetime" if array.dtype.kind == "M" else "duration"
        head = {"type": kind, "unit": unit, "zone": "UTC" if zone is not None else None}
        return head, [validity, array.astype("<i8").tobytes()]
    if array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:  # noqa: PLR2004 - bytes
        little = array.astype(array.dtype.newbyteorder("<"))
        return {"type": array.dtype.name}, [validity, little.tobytes()]
    return {"type": "text"}, [validity, *_text(name, array, present)]


def _present(column: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - as above
    import pandas as pd  # noqa: PLC0415 - as above

    if getattr(column.dtype, "kind", "O") == "f" and isinstance(column.dtype, np.dtype):
        return np.ones(len(column), "?")  # NaN is a number here; the reader decides
    return np.asarray(~pd.isna(column), "?")


def _filled(column: Any, present: Any) -> Any:
    """Turn a column into a plain array; where nothing is present, some value stands."""
    import numpy as np  # noqa: PLC0415 - as above
    import pandas as pd  # noqa: PLC0415 - as above

    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufmM":
        return np.asarray(column)
    kind = getattr(dtype, "numpy_dtype", None)
    if (
        isinstance(kind, np.dtype)
        and kind.kind in "biuf"
        and not pd.api.types.is_string_dtype(dtype)
    ):
        return column.to_numpy(dtype=kind, na_value=kind.type(0))
    array = np.asarray(column, dtype=object)
    kinds = {type(value) for value in array[present]}
    for wanted, target in ((bool, "?"), (int, "i8"), (float, "f8")):
        if kinds == {wanted}:
            filled = array.copy()
            filled[~present] = wanted()
            return filled.astype(target)
    return array


def _text(name: str, array: Any, present: Any) -> list[bytes]:
    import numpy as np  # noqa: PLC0415 - as above

    words = []
    for value, there in zip(array, present, strict=True):
        if there and not isinstance(value, str):
            kind = type(value).__name__
            raise NotPlain(
                f"column {name!r} holds a {kind}; a table holds numbers, text and times"
            )
        words.append(value.encode("utf-8", "surrogatepass") if there else b"")
    ends = np.zeros(len(words) + 1, "<i8")
    np.cumsum([len(word) for word in words], out=ends[1:])
    return [ends.tobytes(), b"".join(words)]
