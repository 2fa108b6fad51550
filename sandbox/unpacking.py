"""Reads what a room sent: JSON, bytes or a table of plain buffers, each with hard caps.

Everything here is a stranger's claim. The first thing that breaks a rule raises Rejected with the
rule; nothing is guessed, repaired or dropped. No library that a stranger's bytes could break reads
them: a table's header is JSON, its columns are numpy views of checked sizes.
"""

import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.agent.caps import (
    DEEPEST_JSON,
    LARGEST_INTEGER,
    LONGEST_MESSAGE,
    LONGEST_NAME,
    LONGEST_TEXT,
    MEGABYTE,
    MOST_COLUMNS,
    MOST_FRAMES,
    MOST_HOLDERS,
    MOST_JSON,
    MOST_ROWS,
    MOST_VALUES,
)
from sandbox.interface import Frame, Json, Raised, Value

LENGTH = struct.Struct("<I")
NUMBERS = re.compile(r"^(bool|u?int(8|16|32|64)|float(16|32|64))$")
UNITS = ("s", "ms", "us", "ns", "D", "h", "m")
CONTINUATION, CONTINUATION_MASK = 0x80, 0xC0


class Rejected(Exception):
    """What came out of a room broke a rule of the boundary; the message is the rule."""


def value(data: bytes) -> Value:
    """Read a value. Raises Rejected."""
    kind, rest = data[:1], data[1:]
    if kind == b"J":
        return _json(rest)
    if kind == b"B":
        return bytes(rest)
    if kind == b"T":
        try:
            return _table(memoryview(rest))
        except pa.ArrowException:
            raise Rejected("a table's columns are what their header says") from None
    raise Rejected("a value is JSON, bytes or a table")


def finite(data: bytes) -> Json:
    """Read JSON as other languages have it, too: without NaN and infinities. Raises Rejected."""
    return _json(data, parse_constant=_no_number, parse_float=_finite)


def raised(data: bytes) -> Raised:
    """Read what an exception is said to be. Raises Rejected."""
    told = _json(data)
    if not isinstance(told, dict):
        raise Rejected("an exception has a type, a message and frames")
    kind, message, frames = told.get("type"), told.get("message"), told.get("frames")
    if not isinstance(kind, str) or not isinstance(message, str) or not isinstance(frames, list):
        raise Rejected("an exception has a type, a message and frames")
    return Raised(
        type=kind[:LONGEST_NAME],
        message=message[:LONGEST_MESSAGE],
        frames=tuple(_frame(frame) for frame in frames[:MOST_FRAMES]),
    )


def _frame(told: Json) -> Frame:
    match told:
        case [str(path), int(line), str(function)] if 0 <= line < 2**31:
            return Frame(path=path[:LONGEST_TEXT], line=line, function=function[:LONGEST_NAME])
    raise Rejected("a frame has a path, a line and a function")


def _json(
    data: bytes,
    *,
    parse_constant: Callable[[str], float] | None = None,
    parse_float: Callable[[str], float] | None = None,
) -> Json:
    if len(data) > MOST_JSON:
        raise Rejected(f"JSON is at most {MOST_JSON // MEGABYTE} MB")
    # Counted before it is read, so also in texts: what it takes as objects must fit beforehand.
    if data.count(b",") >= MOST_VALUES or data.count(b"[") + data.count(b"{") > MOST_HOLDERS:
        raise Rejected(f"JSON has at most {MOST_VALUES} values, {MOST_HOLDERS} of them holders")
    try:
        found: Json = json.loads(
            data.decode("utf-8"),
            parse_int=_integer,
            object_pairs_hook=_once_each,
            parse_constant=parse_constant,
            parse_float=parse_float,
        )
    except RecursionError:
        raise Rejected(f"JSON is nested at most {DEEPEST_JSON} deep") from None
    except UnicodeDecodeError:
        raise Rejected("JSON is UTF-8") from None
    except ValueError as error:
        raise Rejected(f"not JSON: {str(error)[:200]}") from None
    _check_depth(found)
    if b"\\u" in data:
        _check_texts(found)
    return found


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Hold a key to one value: which of two counts, readers do not agree on."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is finite")
    return number


def _integer(text: str) -> int:
    number = int(text) if len(text) <= len(str(LARGEST_INTEGER)) + 1 else LARGEST_INTEGER
    if abs(number) >= LARGEST_INTEGER:
        raise ValueError("an integer has at most 64 bits")
    return number


def _check_depth(found: Json) -> None:
    level: list[Json] = [found]
    for _ in range(DEEPEST_JSON + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise Rejected(f"JSON is nested at most {DEEPEST_JSON} deep")


def _check_texts(found: Json) -> None:
    """Refuse half a pair of surrogates: no file, database or page can hold such a text."""
    try:
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Rejected("text is UTF-8") from None


def _inside(outer: Json) -> list[Json]:
    if isinstance(outer, dict):
        return list(outer.values())
    return outer if isinstance(outer, list) else []


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    type: str
    sizes: list[int]
    unit: str | None
    zone: str | None


def _table(data: memoryview) -> pa.Table:
    if len(data) < LENGTH.size:
        raise Rejected("a table has a header")
    (length,) = LENGTH.unpack_from(data)
    if length > MOST_JSON or LENGTH.size + length > len(data):
        raise Rejected("a table's header is as long as it says")
    rows, columns = _header(_json(bytes(data[LENGTH.size : LENGTH.size + length])))
    buffers = data[LENGTH.size + length :]
    if sum(sum(column.sizes) for column in columns) != len(buffers):
        raise Rejected("a table's buffers are as long as its header says")
    arrays = {}
    for column in columns:
        parts = []
        for size in column.sizes:
            parts.append(buffers[:size])
            buffers = buffers[size:]
        arrays[column.name] = _array(column, parts, rows)
    return pa.table(arrays)


def _header(told: Json) -> tuple[int, list[_Column]]:
    match told:
        case {"rows": int(rows), "columns": [*columns]} if not isinstance(rows, bool):
            if not 0 <= rows <= MOST_ROWS:
                raise Rejected(f"a table has at most {MOST_ROWS} rows")
            if len(columns) > MOST_COLUMNS:
                raise Rejected(f"a table has at most {MOST_COLUMNS} columns")
            read = [_column(column) for column in columns]
            if len({column.name for column in read}) != len(read):
                raise Rejected("a table's columns have different names")
            return rows, read
    raise Rejected("a table's header has rows and columns")


def _column(told: Json) -> _Column:
    match told:
        case {"name": str(name), "type": str(kind), "buffers": [*sizes], **others}:
            if len(name) > LONGEST_NAME:
                raise Rejected(f"a column's name has at most {LONGEST_NAME} characters")
            numbers = [size for size in sizes if type(size) is int and size >= 0]
            wanted = 3 if kind == "text" else 2
            unit, zone = others.get("unit"), others.get("zone")
            known = kind in {"text", "datetime", "duration"} or NUMBERS.match(kind)
            if not known or len(numbers) != len(sizes) or len(sizes) != wanted:
                raise Rejected("a column holds numbers, text or times")
            if kind in {"datetime", "duration"} and (
                unit not in UNITS or zone not in {None, "UTC"}
            ):
                raise Rejected("a time has a known unit, and no zone but UTC")
            return _Column(
                name=name,
                type=kind,
                sizes=numbers,
                unit=unit if isinstance(unit, str) else None,
                zone=zone if isinstance(zone, str) else None,
            )
    raise Rejected("a column has a name, a type and buffers")


def _array(column: _Column, parts: list[memoryview], rows: int) -> pa.Array:
    present = _booleans(parts[0], rows) if len(parts[0]) else np.ones(rows, "?")
    if column.type == "text":
        return _text(parts[1], parts[2], present)
    dtype = np.dtype("i8" if column.unit else column.type).newbyteorder("<")
    if len(parts[1]) != rows * dtype.itemsize:
        raise Rejected("a column has as many values as the table has rows")
    if column.type == "bool":
        numbers: np.ndarray[Any, Any] = _booleans(parts[1], rows)
    else:
        numbers = np.frombuffer(parts[1], dtype)
    if not column.unit:
        return pa.array(numbers, mask=~present)
    letter = "M8" if column.type == "datetime" else "m8"
    times = numbers.view(f"{letter}[{column.unit}]")
    if column.unit in {"D", "h", "m"}:
        times = times.astype(f"{letter}[s]")
    array = pa.array(times, mask=~present)
    return array.cast(pa.timestamp(array.type.unit, "UTC")) if column.zone else array


def _booleans(part: memoryview, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    flags = np.frombuffer(part, "u1")
    if len(flags) != rows or (len(flags) and flags.max() > 1):
        raise Rejected("a flag is 0 or 1, one a row")
    return flags.view("?")


def _text(ends: memoryview, words: memoryview, present: np.ndarray[Any, Any]) -> pa.Array:
    if len(ends) != 8 * (len(present) + 1):
        raise Rejected("a column has as many values as the table has rows")
    places = np.frombuffer(ends, "<i8")
    lengths = np.diff(places)
    if places[0] != 0 or places[-1] != len(words) or (lengths < 0).any():
        raise Rejected("text lies one after the other")
    if len(lengths) and lengths.max() > LONGEST_TEXT:
        raise Rejected(f"a text has at most {LONGEST_TEXT} bytes")
    content = bytes(words)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("text is UTF-8") from None
    starts = places[:-1][lengths > 0]
    letters = np.frombuffer(content, "u1")[starts] & CONTINUATION_MASK
    if (letters == CONTINUATION).any():
        raise Rejected("text is UTF-8")
    validity = pa.array(present).buffers()[1] if len(present) else None
    buffers = [validity, pa.py_buffer(places.astype("<i8")), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_utf8(), len(present), buffers).cast(pa.utf8())
