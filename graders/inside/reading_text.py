"""A stranger's CSV, JSON or notebook as plain values: carried into a room that holds nothing else.

Nothing is guessed, repaired or dropped: a text is read in one way or refused by a rule's name.
"""

import csv
import io
import json
import math
import re

import pyarrow as pa

MOST_COLUMNS = 1_000
LONGEST_CELL = 65_536
DEEPEST = 50
MOST_VALUES = 500_000
LARGEST_INTEGER = 2**63
NOTEBOOK_VERSION = 4
MARK = b"\xef\xbb\xbf"
INTEGER = re.compile(r"-?[0-9]{1,19}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
FLAGS = {"true": True, "True": True, "false": False, "False": False}
TYPES = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
UNCLOSED, TOO_LONG = (
    "unexpected end of data",
    "field larger than field limit",
)  # the module's words


class Refused(Exception):
    """A text breaks a rule; the first argument is its name, the second the place."""


def table(content: bytes, columns: dict[str, str], most_rows: int) -> object:
    """CSV with a header of exactly these columns, in any order; or the rule that it breaks."""
    try:
        return _table(_text(content), columns, most_rows)
    except Refused as refused:
        return _told(refused)


def document(content: bytes) -> object:
    """A JSON document as ``{"value": …}``; or the rule that it breaks."""
    try:
        return {"value": _document(_text(content))}
    except Refused as refused:
        return _told(refused)


def notebook(content: bytes, most_cells: int) -> object:
    """The kind and source of a notebook's cells, its outputs dropped; or the rule it breaks."""
    try:
        return {"value": _cells(_document(_text(content)), most_cells)}
    except Refused as refused:
        return _told(refused)


def _told(refused: Refused) -> dict[str, object]:
    rule, place = refused.args
    return {"rule": rule, **place}


def _text(content: bytes) -> str:
    if content.startswith(MARK):
        raise Refused("byte-order-mark", {})
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-utf-8", {}) from None
    if "\0" in text:
        raise Refused("zero-byte", {})
    return text


def _table(text: str, columns: dict[str, str], most_rows: int) -> pa.Table:
    if re.search(r"\r(?!\n)", text):
        raise Refused("lone-carriage-return", {})
    end = text.find("\n")
    if text.count(",", 0, end if end >= 0 else len(text)) >= MOST_COLUMNS:
        raise Refused("too-many-columns", {})
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        header = next(rows, [])
        _check_header(header, columns)
        kinds = [columns[name] for name in header]
        found: list[list[object]] = [[] for _ in header]
        for number, row in enumerate(rows, start=1):
            if number > most_rows:
                raise Refused("too-many-rows", {})
            _take(row, number, header=header, kinds=kinds, found=found)
    except csv.Error as error:
        raise Refused(_csv_rule(str(error)), {"row": number + 1}) from None
    arrays = {name: pa.array(found[at], TYPES[kinds[at]]) for at, name in enumerate(header)}
    return pa.table({name: arrays[name] for name in columns})


def _take(
    row: list[str], number: int, *, header: list[str], kinds: list[str], found: list[list[object]]
) -> None:
    if len(row) != len(header):
        raise Refused("ragged-row", {"row": number})
    for place, cell in enumerate(row):
        try:
            found[place].append(READERS[kinds[place]](cell))
        except Refused as refused:
            at = {"row": number, "column": header[place]}
            raise Refused(refused.args[0], at) from None


def _check_header(header: list[str], columns: dict[str, str]) -> None:
    if not header:
        raise Refused("no-header", {})
    if len(set(header)) != len(header):
        raise Refused("column-named-twice", {})
    for name in columns:
        if name not in header:
            raise Refused("column-missing", {"column": name})
    if len(header) != len(columns):
        raise Refused("column-unknown", {})


def _csv_rule(said: str) -> str:
    if said.startswith(UNCLOSED):
        return "unclosed-quote"
    return "cell-too-long" if said.startswith(TOO_LONG) else "stray-quote"


def _integer(cell: str) -> int:
    if not INTEGER.fullmatch(cell):
        raise Refused("not-an-integer" if cell else "empty-cell", {})
    number = int(cell)
    if not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise Refused("out-of-range", {})
    return number


def _number(cell: str) -> float:
    if not NUMBER.fullmatch(cell):
        if NO_NUMBER.fullmatch(cell):
            raise Refused("not-finite", {})
        raise Refused("not-a-number" if cell else "empty-cell", {})
    number = float(cell)
    if not math.isfinite(number):
        raise Refused("not-finite", {})
    return number


def _words(cell: str) -> str:
    if len(cell.encode()) > LONGEST_CELL:
        raise Refused("cell-too-long", {})
    return cell


def _flag(cell: str) -> bool:
    if cell not in FLAGS:
        raise Refused("not-true-or-false" if cell else "empty-cell", {})
    return FLAGS[cell]


READERS = {"int": _integer, "float": _number, "str": _words, "bool": _flag}


def _document(text: str) -> object:
    if text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:
        raise Refused("too-many-values", {})
    try:
        found = json.loads(
            text,
            parse_int=_json_integer,
            parse_float=_json_number,
            parse_constant=_json_number,
            object_pairs_hook=_once_each,
        )
    except RecursionError:
        raise Refused("nested-too-deep", {}) from None
    except ValueError:
        raise Refused("not-json", {}) from None
    _check_depth(found)
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refused("not-utf-8", {}) from None
    return found


def _json_integer(text: str) -> int:
    if len(text) > len(str(-LARGEST_INTEGER)):
        raise Refused("out-of-range", {})
    number = int(text)
    if not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise Refused("out-of-range", {})
    return number


def _json_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Refused("not-finite", {})
    return number


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("key-twice", {})
    return found


def _check_depth(found: object) -> None:
    level = [found]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise Refused("nested-too-deep", {})


def _cells(found: object, most_cells: int) -> list[dict[str, str]]:
    """What a person wrote, without outputs, attachments and metadata."""
    if not isinstance(found, dict) or found.get("nbformat") != NOTEBOOK_VERSION:
        raise Refused("not-a-notebook", {})
    cells = found.get("cells")
    if not isinstance(cells, list):
        raise Refused("not-a-notebook", {})
    if len(cells) > most_cells:
        raise Refused("too-many-cells", {})
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> dict[str, str]:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in {"code", "markdown", "raw"} or not isinstance(source, str):
        raise Refused("not-a-notebook", {})
    return {"kind": str(kind), "source": source}
