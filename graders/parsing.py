"""The parser jail: files that a learner hands over, read in a room of our own and judged outside.

A parser is code that a stranger's bytes can attack, or fill up. So bytes go into a fresh room that
holds our reading tool and nothing else, and what comes back is plain data across the same boundary
as any claim of a room. It is checked here once more: whoever took over the parser has won nothing.
A parser that dies of the bytes, or meets a limit, is the learner's Fail, like any broken rule.

The grammars of Markdown and YAML go into the room with the tool, as the judge has them installed:
a runtime needs neither. Of MLflow's MLmodel a few keys are read, without a grammar.
"""

import functools
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa

from graders.failures import Fail
from graders.results import Location, Param
from graders.rooms import Rooms
from graders.tables import UnfitTable, to_frame
from sandbox.interface import Json, Limits, Returned, SandboxError, Stopped, Value

ColumnType = type[int] | type[float] | type[str] | type[bool]

# Enough for 64 MB of anything honest; a parser that wants more is fed with something else.
LIMITS: Final = Limits(
    cpu_seconds=20,
    wall_seconds=40,
    memory_mb=768,
    processes=16,
    scratch_mb=8,
    scratch_files=256,
    output_kb=16,
)
_TYPES: Final = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}
_INSIDE: Final = Path(__file__).parent / "inside"
# Rules that a limit stands behind, and that limit; None is the author's own.
OVER: Final[Mapping[str, int | None]] = {
    "too-many-rows": None,
    "too-many-cells": None,
    "too-many-columns": 1_000,
    "too-many-values": 500_000,
    "cell-too-long": 65_536,
    "nested-too-deep": 50,
    "blocks-too-many": 4_000,
    "yaml-too-deep": 12,
    "yaml-too-large": 5_000,
}
RULES: Final = frozenset(
    {
        "byte-order-mark",
        "column-missing",
        "column-named-twice",
        "column-of-another-type",
        "column-unknown",
        "empty-cell",
        "key-twice",
        "lone-carriage-return",
        "no-header",
        "not-a-model",
        "not-a-notebook",
        "not-a-number",
        "not-a-store",
        "not-an-integer",
        "not-finite",
        "not-json",
        "not-true-or-false",
        "not-utf-8",
        "out-of-range",
        "ragged-row",
        "stray-quote",
        "unclosed-quote",
        "unreadable",
        "zero-byte",
    }
)
YAML_RULES: Final = frozenset(
    {
        "anchor-or-alias",
        "integer-too-large",
        "key-not-a-word",
        "key-twice",
        "merge-key",
        "not-finite",
        "not-utf-8",
        "not-yaml",
        "tag",
        "two-documents",
    }
)
DIED: Final = "kills-its-reader"  # or has made it say what it never says


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a table must be: these columns and no others, so many rows, one row a key."""

    columns: Mapping[str, ColumnType]
    key: str | None
    most_rows: int

    def __post_init__(self) -> None:
        if not self.columns or not set(self.columns.values()) <= set(_TYPES):
            raise TypeError("columns is like {'id': int, 'score': float}")
        if self.key is not None and self.key not in self.columns:
            raise KeyError(self.key)

    def spelled(self) -> dict[str, Json]:
        """The columns as they cross into the room."""
        return {name: kind.__name__ for name, kind in self.columns.items()}


@dataclass(frozen=True, kw_only=True)
class Parser:
    """Reads one file. Every method raises Fail for what breaks a rule, and SandboxError."""

    rooms: Rooms
    path: str
    content: bytes
    tells_rows: bool  # a hidden phase does not: which row broke a rule may depend on hidden data

    def csv(self, wanted: Wanted) -> pd.DataFrame:
        """A CSV file with a header."""
        asked = (wanted.spelled(), wanted.most_rows)
        return self._table(self._read("reading_text", "table", *asked), wanted)

    def arrow(self, wanted: Wanted) -> pd.DataFrame:
        """An Arrow file or stream, or a Parquet file, as its first bytes say."""
        asked = (wanted.spelled(), wanted.most_rows)
        return self._table(self._read("reading_arrow", "table", *asked), wanted)

    def json(self) -> Json:
        """A JSON document: finite numbers, integers of 64 bits, every key once."""
        return self._document(self._read("reading_text", "document"), most=None)

    def notebook(self, *, most_cells: int) -> list[dict[str, str]]:
        """A notebook's cells as ``{"kind", "source"}``, without outputs."""
        cells = self._document(self._read("reading_text", "notebook", most_cells), most=most_cells)
        return [_cell(cell) for cell in cells] if isinstance(cells, list) else self._died()

    def store(self, *, most_rows: int) -> dict[str, list[list[Json]]]:
        """The rows of an MLflow tracking store, a SQLite file, by table; see `reading_store`."""
        found = self._document(self._read("reading_store", "store", most_rows), most=most_rows)
        tables = found if isinstance(found, dict) else self._died()
        return {name: self._rows(rows, most_rows) for name, rows in tables.items()}

    def model_card(self) -> dict[str, Json]:
        """What the MLmodel file of a logged model says; see `reading_mlmodel`."""
        found = self._document(self._read("reading_mlmodel", "card"), most=None)
        return found if isinstance(found, dict) else self._died()

    def _rows(self, rows: Json, most: int) -> list[list[Json]]:
        if not isinstance(rows, list) or len(rows) > most:
            self._died()
        plain = [row for row in rows if isinstance(row, list)]
        return plain if len(plain) == len(rows) else self._died()

    def markdown(self) -> list[Json]:
        """A document's blocks, as ``inside/reading_markdown.py`` names them."""
        packages = ("markdown_it", "mdurl")
        blocks = self._document(
            self._read("reading_markdown", "document", packages=packages), most=None
        )
        return blocks if isinstance(blocks, list) else self._died()

    def yaml(self) -> tuple[Json, dict[str, int]]:
        """A YAML document without anchors and tags, and the line of each dotted key."""
        found = self._read("reading_yaml", "document", packages=("ruamel.yaml",))
        told = found if isinstance(found, dict) else {}
        rule, line, lines = (told.get(name) for name in ("rule", "line", "lines"))
        most = self.content.count(b"\n") + 1
        if isinstance(rule, str) and rule in YAML_RULES:
            place = line if type(line) is int and 0 < line <= most else 1
            raise Fail(
                "yaml_rejected",
                {"path": self.path, "rule": rule, "line": place},
                locations=(Location(path=self.path, line=place),),
            )
        if not isinstance(lines, dict) or told.keys() != {"value", "lines"}:
            self._refuse(found, columns=(), most=None)
        places = {k: v for k, v in lines.items() if type(v) is int and 0 < v <= most}
        return told["value"], places

    def _read(
        self, tool: str, function: str, *asked: Json, packages: tuple[str, ...] = ()
    ) -> Value:
        with self.rooms.apart(LIMITS) as room:
            grammar = {path: body for name in packages for path, body in _package(name)}
            room.upload({"_reading.py": _tool(tool), **grammar})
            returned = room.call(f"_reading:{function}", self.content, *asked, limits=LIMITS)
        return self._value(returned)

    def _value(self, returned: Returned) -> Value:
        stopped = returned.stopped
        if returned.raised and returned.raised.type == "MemoryError":
            stopped = Stopped.MEMORY
        if stopped:
            self._over(stopped.value, int(getattr(LIMITS, stopped.value)))
        if returned.crashed or returned.rejected:
            self._died()
        if returned.raised:  # the tool catches what bytes can bring about: this is of our making
            raise SandboxError(f"a parser did not answer: {returned.raised.type}")
        return returned.value

    def _table(self, found: Value, wanted: Wanted) -> pd.DataFrame:
        if not isinstance(found, pa.Table):
            self._refuse(found, columns=tuple(wanted.columns), most=wanted.most_rows)
        fields = [(name, _TYPES[kind]) for name, kind in wanted.columns.items()]
        whole = not any(column.null_count for column in found.columns)
        if not whole or [(f.name, f.type) for f in found.schema] != fields:
            self._died()
        if found.num_rows > wanted.most_rows:
            self._died()
        try:
            frame = to_frame(found)
        except UnfitTable:
            self._died()
        self._check_rows(frame, wanted)
        return frame

    def _check_rows(self, frame: pd.DataFrame, wanted: Wanted) -> None:
        for name, kind in wanted.columns.items():
            if kind is float:
                self._check(~np.isfinite(frame[name].to_numpy()), rule="not-finite", column=name)
        if wanted.key is not None:
            twice = frame[wanted.key].duplicated().to_numpy()
            self._check(twice, rule="key-twice", column=wanted.key)

    def _check(self, bad: np.ndarray[Any, Any], *, rule: str, column: str) -> None:
        if bad.any():
            self._rejected(rule, row=int(bad.argmax()) + 1, column=column)

    def _document(self, found: Value, *, most: int | None) -> Json:
        if not isinstance(found, dict) or found.keys() != {"value"}:
            self._refuse(found, columns=(), most=most)
        return found["value"]

    def _refuse(self, found: Value, *, columns: tuple[str, ...], most: int | None) -> NoReturn:
        """Take the tool's word for a rule, if it is one that the tool can say."""
        told = found if isinstance(found, dict) else {}
        rule, row, column = (told.get(name) for name in ("rule", "row", "column"))
        if isinstance(rule, str) and rule in OVER:
            self._over(rule, OVER[rule] or most or 0)
        if not isinstance(rule, str) or rule not in RULES:
            self._died()
        self._rejected(
            rule,
            row=row if type(row) is int and 0 < row <= (most or 0) + 1 else None,
            column=column if isinstance(column, str) and column in columns else None,
        )

    def _rejected(self, rule: str, *, row: int | None, column: str | None) -> NoReturn:
        place: dict[str, Param] = {"path": self.path, "rule": rule}
        reason = "artifact_rejected"
        if column is not None:
            place["column"], reason = column, "artifact_column_rejected"
        if row is not None and self.tells_rows:
            place["row"] = row
            reason = "artifact_row_rejected" if column is None else "artifact_cell_rejected"
        raise Fail(reason, place)

    def _over(self, rule: str, limit: int) -> NoReturn:
        raise Fail("artifact_over_limit", {"path": self.path, "rule": rule, "limit": limit})

    def _died(self) -> NoReturn:
        self._rejected(DIED, row=None, column=None)


def _cell(cell: Json) -> dict[str, str]:
    told = cell if isinstance(cell, dict) else {}
    return {name: str(told.get(name, "")) for name in ("kind", "source")}


@functools.cache
def _tool(name: str) -> bytes:
    return (_INSIDE / f"{name}.py").read_bytes()


@functools.cache
def _package(name: str) -> tuple[tuple[str, bytes], ...]:
    """The modules of an installed package in pure Python; `__init__` of a part of one is empty.

    ``ruamel.yaml`` imports all of itself from there, three times what reading needs.
    """
    spec = importlib.util.find_spec(name)
    root = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
    folder = name.replace(".", "/")
    files = {f"{folder}/{p.relative_to(root).as_posix()}": p for p in sorted(root.rglob("*.py"))}
    found = {path: file.read_bytes() for path, file in files.items()}
    parent, _, _ = folder.rpartition("/")
    if parent:
        found |= {f"{parent}/__init__.py": b"", f"{folder}/__init__.py": b"version_info = (0,)\n"}
    return tuple(found.items())
