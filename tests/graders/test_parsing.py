"""Files that a learner hands over: read in one way, or refused by a rule's name. Never a crash."""

import io
import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graders.datasets import Datasets
from graders.failures import Fail
from graders.messages import library_texts
from graders.parsing import DIED, LIMITS, OVER, RULES, ColumnType
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox import unpacking
from sandbox.agent import caps
from sandbox.interface import Limits, Raised, Returned, SandboxError, Stopped, Value
from tests.fakes import FakeSandbox

SCORES: dict[str, ColumnType] = {"id": int, "score": float}
ALL: dict[str, ColumnType] = {"n": int, "x": float, "s": str, "b": bool}
HONEST = b"id,score\n1,0.5\n2,1e-3\n3,-7\n"
ROWS = 12_345
TRILLIONS = 4 * 10**12

Answers = dict[str, Callable[..., Value | Returned]]


@pytest.fixture
def work(quest: Quest, datasets: Datasets) -> Iterator[Workspace]:
    with opened(quest, datasets) as found:
        yield found


@contextmanager
def opened(
    quest: Quest, datasets: Datasets, answers: Answers | None = None, phase: Phase = Phase.TRAIN
) -> Iterator[Workspace]:
    rooms = Rooms(
        sandbox=FakeSandbox(answers=answers or {}),
        runtime="python-ml",
        limits=Limits(wall_seconds=20),
        datasets=datasets,
    )
    rooms.enter(phase)
    yield Workspace(quest=quest, stage=quest.stages[0], files={}, rooms=rooms)
    rooms.close()


def leave(work: Workspace, content: bytes) -> str:
    """Have training leave a file."""
    work.rooms.artifacts["file"] = content
    return "file"


def refusal(read: Callable[[], object]) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Fail) as failure:
        read()
    reason, params = failure.value.reason, dict(failure.value.params)
    assert params.pop("path") in {"file", "note.ipynb"}
    assert set(params) | {"path"} == set(library_texts().reasons[reason].params)
    return reason, params


# ---------------------------------------------------------------------------------------- CSV


def test_honest_csv_is_read_with_its_types(work: Workspace) -> None:
    path = leave(work, b's,n,b,x\n"a, ""b""\nc",-3,true,1.\nd,9223372036854775807,False,.5E2\n')
    frame = work.csv(path, columns=ALL)
    assert list(frame.columns) == ["n", "x", "s", "b"]
    assert frame["n"].tolist() == [-3, 2**63 - 1]
    assert frame["x"].tolist() == [1.0, 50.0]
    assert frame["s"].tolist() == ['a, "b"\nc', "d"]
    assert frame["b"].tolist() == [True, False]


def test_a_header_alone_is_a_table_without_rows(work: Workspace) -> None:
    frame = work.csv(leave(work, b"id,score"), columns=SCORES, key="id")
    assert len(frame) == 0
    assert [str(kind) for kind in frame.dtypes] == ["int64", "float64"]


@pytest.mark.parametrize("lines", [b"\n", b"\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("last", [True, False], ids=["closed", "open"])
def test_ends_of_lines_make_no_difference(work: Workspace, lines: bytes, *, last: bool) -> None:
    content = HONEST.replace(b"\n", lines)
    path = leave(work, content if last else content.removesuffix(lines))
    assert work.csv(path, columns=SCORES, key="id")["score"].tolist() == [0.5, 1e-3, -7.0]


def test_mixed_ends_of_lines_are_read_as_lines(work: Workspace) -> None:
    path = leave(work, b"id,score\r\n1,0.5\n2,1\r\n3,2")
    assert len(work.csv(path, columns=SCORES)) == 3


WHOLE = "artifact_rejected"
COLUMN = "artifact_column_rejected"
ROW = "artifact_row_rejected"
CELL = "artifact_cell_rejected"
OVER_LIMIT = "artifact_over_limit"
HOSTILE_CSV: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "nothing": (b"", WHOLE, {"rule": "no-header"}),
    "an empty first line": (b"\nid,score\n", WHOLE, {"rule": "no-header"}),
    "a mark": (b"\xef\xbb\xbf" + HONEST, WHOLE, {"rule": "byte-order-mark"}),
    "utf-16": (HONEST.decode().encode("utf-16"), WHOLE, {"rule": "not-utf-8"}),
    "utf-16 without a mark": (HONEST.decode().encode("utf-16-le"), WHOLE, {"rule": "zero-byte"}),
    "half a letter": (HONEST + b"4,\xd0", WHOLE, {"rule": "not-utf-8"}),
    "a surrogate": (HONEST + b"4,\xed\xa0\x80\n", WHOLE, {"rule": "not-utf-8"}),
    "a zero byte": (HONEST + b"4,\0001\n", WHOLE, {"rule": "zero-byte"}),
    "old ends of lines": (HONEST.replace(b"\n", b"\r"), WHOLE, {"rule": "lone-carriage-return"}),
    "one old end": (HONEST + b"4,1\r5,1\n", WHOLE, {"rule": "lone-carriage-return"}),
    "a short row": (HONEST + b"4\n", ROW, {"rule": "ragged-row", "row": 4}),
    "a long row": (HONEST + b"4,1,2\n", ROW, {"rule": "ragged-row", "row": 4}),
    "an empty row": (HONEST + b"\n", ROW, {"rule": "ragged-row", "row": 4}),
    "a quote to the end": (HONEST + b'"4,1\n5,1\n', ROW, {"rule": "unclosed-quote", "row": 4}),
    "a quote in the header": (b'id,"score\n1,2\n', ROW, {"rule": "unclosed-quote", "row": 1}),
    "a quote that ends early": (HONEST + b'"4"5,1\n', ROW, {"rule": "stray-quote", "row": 4}),
    "a column less": (b"id\n1\n", COLUMN, {"rule": "column-missing", "column": "score"}),
    "a column more": (b"id,score,x\n1,2,3\n", WHOLE, {"rule": "column-unknown"}),
    "an index": (b",id,score\n0,1,2\n", WHOLE, {"rule": "column-unknown"}),
    "a column twice": (b"id,score,id\n1,2,1\n", WHOLE, {"rule": "column-named-twice"}),
    "another case": (b"ID,score\n1,2\n", COLUMN, {"rule": "column-missing", "column": "id"}),
    "semicolons": (b"id;score\n1;2\n", COLUMN, {"rule": "column-missing", "column": "id"}),
    "an id twice": (HONEST + b"2,0\n", CELL, {"rule": "key-twice", "row": 4, "column": "id"}),
    "no id": (HONEST + b",0\n", CELL, {"rule": "empty-cell", "row": 4, "column": "id"}),
    "no score": (HONEST + b"4,\n", CELL, {"rule": "empty-cell", "row": 4, "column": "score"}),
}  # fmt: skip
for _cell in ("nan", "NaN", "-inf", "Infinity", "1e999", "-1e4000"):
    HOSTILE_CSV[f"the score {_cell}"] = (
        HONEST + f"4,{_cell}\n".encode(), CELL, {"rule": "not-finite", "row": 4, "column": "score"}
    )  # fmt: skip
for _cell in ("1e5", "1.0", " 4", "4 ", "+4", "1_0", "0x4", "٤", "--4", "9" * 20, "true"):
    HOSTILE_CSV[f"the id {_cell}"] = (
        HONEST + f"{_cell},1\n".encode(),
        CELL, {"rule": "not-an-integer", "row": 4, "column": "id"},
    )  # fmt: skip
for _cell in ("1,", "0,5", "1e", "e5", ".", "1 ", "0x1p3", "1_0.5", "٠.٥", "1d5", "one"):
    HOSTILE_CSV[f"the score {_cell}"] = (
        HONEST + f'4,"{_cell}"\n'.encode(),
        CELL, {"rule": "not-a-number", "row": 4, "column": "score"},
    )  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE_CSV)
def test_csv_that_breaks_a_rule_is_refused_the_same_way_every_time(
    work: Workspace, case: str
) -> None:
    content, reason, params = HOSTILE_CSV[case]
    path = leave(work, content)
    for _ in range(2):
        assert refusal(lambda: work.csv(path, columns=SCORES, key="id")) == (reason, params)


@pytest.mark.parametrize(
    ("content", "rule", "limit"),
    [
        (b"id,score" + b",x" * 1_000, "too-many-columns", 1_000),
        (HONEST * 1 + b"4,1\n" * 97 + b"5,1\n", "too-many-rows", 100),
        (b"id,score\n1," + b"9" * 70_000, "cell-too-long", 65_536),
        (b"id,score\n" + "1,ж".encode() + "ж".encode() * 65_535, "cell-too-long", 65_536),
    ],
    ids=["columns", "rows", "cell", "cell in bytes"],
)
def test_csv_over_a_limit_names_it(work: Workspace, content: bytes, rule: str, limit: int) -> None:
    kinds: dict[str, ColumnType] = {"id": int, "score": str}
    found = refusal(lambda: work.csv(leave(work, content), columns=kinds, most_rows=100))
    assert found == (OVER_LIMIT, {"rule": rule, "limit": limit})


def test_a_limit_itself_is_fine(work: Workspace) -> None:
    path = leave(work, b"id,score\n" + b"1,2\n" * 100)
    assert len(work.csv(path, columns=SCORES, most_rows=100)) == 100


def test_a_file_that_is_too_large_or_missing_is_not_parsed(work: Workspace) -> None:
    path = leave(work, HONEST)
    for name, most in ((path, 10), ("other", 1_000)):
        with pytest.raises(Fail) as failure:
            work.csv(name, columns=SCORES, max_bytes=most)
        assert failure.value.reason == "artifact_unreadable"
    assert not isinstance(work.rooms.sandbox, FakeSandbox) or not work.rooms.sandbox.rooms


def test_a_hidden_phase_tells_no_row(quest: Quest, datasets: Datasets) -> None:
    with opened(quest, datasets, phase=Phase.HIDDEN) as work:
        ragged = leave(work, HONEST + b"4\n")
        found = refusal(lambda: work.csv(ragged, columns=SCORES))
        assert found == (WHOLE, {"rule": "ragged-row"})
        empty = leave(work, HONEST + b"4,\n")
        found = refusal(lambda: work.csv(empty, columns=SCORES))
        assert found == (COLUMN, {"rule": "empty-cell", "column": "score"})


@pytest.mark.parametrize(("columns", "key"), [({}, None), ({"a": bytes}, None), ({"a": int}, "b")])
def test_an_authors_slip_is_not_the_learners(
    work: Workspace, columns: dict[str, ColumnType], key: str | None
) -> None:
    with pytest.raises((TypeError, KeyError)):
        work.csv(leave(work, HONEST), columns=columns, key=key)


# ------------------------------------------------------------------------------ Arrow, Parquet


def plain(**columns: object) -> pa.Table:
    return pa.table({"id": [1, 2], "score": [0.5, 1.0], **columns})


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def as_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def as_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


WRITERS = {"parquet": as_parquet, "file": as_file, "stream": as_stream}


def promised(content: bytes, *, times: int = -1) -> bytes:
    """Parquet that declares trillions of rows where it has `ROWS`: the footer's numbers grow."""
    (size,) = struct.unpack("<I", content[-8:-4])
    footer = content[-8 - size : -8].replace(varint(ROWS), varint(TRILLIONS), times)
    return content[: -8 - size] + footer + struct.pack("<I", len(footer)) + b"PAR1"


def varint(number: int) -> bytes:
    """A number as Thrift's compact protocol writes it."""
    left, out = number << 1, bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


@pytest.mark.parametrize("form", WRITERS)
def test_arrow_is_read_in_every_form_that_it_has(work: Workspace, form: str) -> None:
    table = pa.table(
        {
            "s": pa.array(["a", "ж"]).dictionary_encode(),
            "x": pa.array([1, 2], pa.uint8()),
            "n": pa.array([-1, 2**62]),
            "b": [True, False],
        }
    )
    frame = work.arrow(leave(work, WRITERS[form](table)), columns=ALL, key="n")
    assert frame.to_dict("list") == {
        "n": [-1, 2**62], "x": [1.0, 2.0], "s": ["a", "ж"], "b": [True, False],
    }  # fmt: skip


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("table", "reason", "params"),
    [
        (pa.table({"id": [1]}), COLUMN, {"rule": "column-missing", "column": "score"}),
        (plain(x=[1, 2]), WHOLE, {"rule": "column-unknown"}),
        (plain(id=["1", "2"]), COLUMN, {"rule": "column-of-another-type", "column": "id"}),
        (plain(id=[1.0, 2.0]), COLUMN, {"rule": "column-of-another-type", "column": "id"}),
        (plain(score=[[1.0], [2.0]]), COLUMN,
         {"rule": "column-of-another-type", "column": "score"}),
        (plain(id=pa.array([1, 2**64 - 1], pa.uint64())), COLUMN,
         {"rule": "out-of-range", "column": "id"}),
        (plain(id=[1, None]), CELL, {"rule": "empty-cell", "row": 2, "column": "id"}),
        (plain(id=[7, 7]), CELL, {"rule": "key-twice", "row": 2, "column": "id"}),
        (plain(score=[1.0, np.nan]), CELL, {"rule": "not-finite", "row": 2, "column": "score"}),
        (plain(score=[-np.inf, 1.0]), CELL, {"rule": "not-finite", "row": 1, "column": "score"}),
    ],
)  # fmt: skip
def test_arrow_that_breaks_a_rule_is_refused(
    work: Workspace, form: str, table: pa.Table, reason: str, params: dict[str, Any]
) -> None:
    path = leave(work, WRITERS[form](table))
    assert refusal(lambda: work.arrow(path, columns=SCORES, key="id")) == (reason, params)


def test_the_first_empty_cell_is_named_across_batches(work: Workspace) -> None:
    ids = pa.chunked_array([list(range(5)), [5, None, 7]])
    path = leave(work, as_stream(pa.table({"id": ids})))
    found = refusal(lambda: work.arrow(path, columns={"id": int}))
    assert found == (CELL, {"rule": "empty-cell", "row": 7, "column": "id"})


@pytest.mark.parametrize("form", WRITERS)
def test_arrow_of_too_many_rows_is_refused(work: Workspace, form: str) -> None:
    path = leave(work, WRITERS[form](pa.table({"id": range(101)})))
    found = refusal(lambda: work.arrow(path, columns={"id": int}, most_rows=100))
    assert found == (OVER_LIMIT, {"rule": "too-many-rows", "limit": 100})


def test_parquet_that_declares_trillions_of_rows_is_refused_unread(work: Workspace) -> None:
    honest = as_parquet(pa.table({"id": pa.array([0] * ROWS)}))
    assert len(work.arrow(leave(work, honest), columns={"id": int})) == ROWS
    hostile = promised(honest)
    assert len(hostile) < 42_000
    assert pq.ParquetFile(io.BytesIO(hostile)).metadata.num_rows == TRILLIONS
    found = refusal(lambda: work.arrow(leave(work, hostile), columns={"id": int}))
    assert found == (OVER_LIMIT, {"rule": "too-many-rows", "limit": 1_000_000})


def test_parquet_whose_footer_contradicts_itself_is_refused(work: Workspace) -> None:
    hostile = promised(as_parquet(pa.table({"id": pa.array([0] * ROWS)})), times=1)
    reason, params = refusal(lambda: work.arrow(leave(work, hostile), columns={"id": int}))
    assert (reason, params["rule"]) in {(OVER_LIMIT, "too-many-rows"), (WHOLE, "unreadable")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1" + bytes(100) + b"PAR1",
        b"ARROW1",
        b"ARROW1\0\0" + b"\xff" * 50,
        HONEST,
    ],
)
def test_what_is_no_arrow_at_all_is_unreadable(work: Workspace, content: bytes) -> None:
    found = refusal(lambda: work.arrow(leave(work, content), columns=SCORES))
    assert found == (WHOLE, {"rule": "unreadable"})


# ------------------------------------------------------------------------------ JSON, notebooks


def test_honest_json_is_read(work: Workspace) -> None:
    path = leave(work, '{"auc": 0.75, "n": -9223372036854775808, "a": [null, "ж"]}'.encode())
    assert work.json(path) == {"auc": 0.75, "n": -(2**63), "a": [None, "ж"]}
    assert work.json(leave(work, b"null")) is None


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "not-json"),
        (b"{'a': 1}", "not-json"),
        (b'{"a": 1,}', "not-json"),
        (b"1 2", "not-json"),
        (b'{"a": 1, "a": 2}', "key-twice"),
        (b'{"a": 1, "\\u0061": 2}', "key-twice"),
        (b"NaN", "not-finite"),
        (b"[-Infinity]", "not-finite"),
        (b"1e999", "not-finite"),
        (b"1" + b"0" * 400, "out-of-range"),
        (b"9223372036854775808", "out-of-range"),
        (b'"\\ud800"', "not-utf-8"),
        (b"\xff", "not-utf-8"),
        (b"\xef\xbb\xbf1", "byte-order-mark"),
        ("1".encode("utf-16-le"), "zero-byte"),
    ],
)
def test_json_that_breaks_a_rule_is_refused(work: Workspace, content: bytes, rule: str) -> None:
    assert refusal(lambda: work.json(leave(work, content))) == (WHOLE, {"rule": rule})


@pytest.mark.parametrize(
    ("content", "rule", "limit"),
    [
        (b"[" * 100_000 + b"]" * 100_000, "nested-too-deep", 50),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested-too-deep", 50),
        (b"[" * 60 + b"]" * 60, "nested-too-deep", 50),
        (b"[" + b"0," * 500_000 + b"0]", "too-many-values", 500_000),
    ],
)
def test_json_over_a_limit_names_it(
    work: Workspace, content: bytes, rule: str, limit: int
) -> None:
    found = refusal(lambda: work.json(leave(work, content), max_bytes=2_000_000))
    assert found == (OVER_LIMIT, {"rule": rule, "limit": limit})


def notebook(work: Workspace, content: object) -> str:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    work.files = {"note.ipynb": body}
    return "note.ipynb"


def test_a_notebook_is_its_cells_without_outputs(work: Workspace) -> None:
    cells = [
        {"cell_type": "markdown", "source": "# Why", "attachments": {"a.png": "aGk="}},
        {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": ["iVBOR" * 50_000]},
    ]
    path = notebook(work, {"nbformat": 4, "cells": cells, "metadata": {"x": 1}})
    assert work.notebook(path) == [
        {"kind": "markdown", "source": "# Why"},
        {"kind": "code", "source": "x = 1\nx"},
    ]


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"nbformat": 3, "cells": []},
        {"nbformat": 4, "cells": {}},
        {"nbformat": 4, "cells": ["code"]},
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]},
        {"nbformat": 4, "cells": [{"cell_type": "script", "source": ""}]},
    ],
)
def test_what_is_no_notebook_is_refused(work: Workspace, content: object) -> None:
    found = refusal(lambda: work.notebook(notebook(work, content)))
    assert found == (WHOLE, {"rule": "not-a-notebook"})


def test_a_notebook_that_is_no_json_or_has_too_many_cells_is_refused(work: Workspace) -> None:
    broken = notebook(work, b'{"nbformat": 4, "cells": [')
    assert refusal(lambda: work.notebook(broken)) == (WHOLE, {"rule": "not-json"})
    cells = [{"cell_type": "code", "source": ""}] * 100_000
    many = notebook(work, {"nbformat": 4, "cells": cells})
    assert refusal(lambda: work.notebook(many)) == (
        OVER_LIMIT,
        {"rule": "too-many-cells", "limit": 1_000},
    )
    with pytest.raises(Fail) as failure:
        work.notebook("other.ipynb")
    assert failure.value.reason == "file_missing"


# ------------------------------------------------------ whoever took over the parser wins nothing


def table_of(**columns: object) -> Callable[..., Value]:
    return lambda *_: pa.table(columns)


@pytest.mark.parametrize(
    "said",
    [
        lambda *_: None,
        lambda *_: [],
        lambda *_: b"bytes",
        lambda *_: {},
        lambda *_: {"rule": "<script>"},
        lambda *_: {"rule": ["not-json"]},
        lambda *_: {"value": 1},
        table_of(id=[1], score=["0.5"]),
        table_of(id=[1.0], score=[0.5]),
        table_of(score=[0.5], id=[1]),
        table_of(id=[1], score=[0.5], more=[1]),
        table_of(id=[None, 1], score=[0.5, 1.0]),
        table_of(id=list(range(101)), score=[0.5] * 101),
        lambda *_: Returned(crashed="SIGSEGV"),
        lambda *_: Returned(rejected="text is UTF-8"),
    ],
)
def test_a_parser_that_says_what_it_never_says_has_died_of_the_bytes(
    quest: Quest, datasets: Datasets, said: Callable[..., Value | Returned]
) -> None:
    with opened(quest, datasets, {"_reading:table": said}) as work:
        path = leave(work, HONEST)
        for read in (work.csv, work.arrow):
            found = refusal(lambda read=read: read(path, columns=SCORES, most_rows=100))  # type: ignore[misc]
            assert found == (WHOLE, {"rule": DIED})


@pytest.mark.parametrize(
    ("said", "reason", "params"),
    [
        ({"rule": "ragged-row", "row": 10**9}, WHOLE, {"rule": "ragged-row"}),
        ({"rule": "ragged-row", "row": -1}, WHOLE, {"rule": "ragged-row"}),
        ({"rule": "ragged-row", "row": True}, WHOLE, {"rule": "ragged-row"}),
        ({"rule": "empty-cell", "column": "secret"}, WHOLE, {"rule": "empty-cell"}),
        ({"rule": "too-many-rows", "limit": 7}, OVER_LIMIT,
         {"rule": "too-many-rows", "limit": 100}),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_is_not_told(
    quest: Quest, datasets: Datasets, said: Value, reason: str, params: dict[str, Any]
) -> None:
    with opened(quest, datasets, {"_reading:table": lambda *_: said}) as work:
        path = leave(work, HONEST)
        found = refusal(lambda: work.csv(path, columns=SCORES, most_rows=100))
        assert found == (reason, params)


@pytest.mark.parametrize("stopped", Stopped)
def test_a_parser_that_meets_a_limit_names_it(
    quest: Quest, datasets: Datasets, stopped: Stopped
) -> None:
    def ended(*_: object) -> Returned:
        return Returned(stopped=stopped)

    with opened(quest, datasets, {"_reading:table": ended}) as work:
        path = leave(work, HONEST)
        limit = int(getattr(LIMITS, stopped.value))
        found = refusal(lambda: work.csv(path, columns=SCORES))
        assert found == (OVER_LIMIT, {"rule": stopped.value, "limit": limit})


def test_no_memory_is_a_limit_and_another_exception_is_ours(
    quest: Quest, datasets: Datasets
) -> None:
    kinds = iter(["MemoryError", "ImportError"])

    def raising(*_: object) -> Returned:
        return Returned(raised=Raised(type=next(kinds), message=""))

    with opened(quest, datasets, {"_reading:table": raising}) as work:
        path = leave(work, HONEST)
        found = refusal(lambda: work.csv(path, columns=SCORES))
        assert found == (OVER_LIMIT, {"rule": "memory_mb", "limit": LIMITS.memory_mb})
        with pytest.raises(SandboxError, match="ImportError"):
            work.csv(path, columns=SCORES)


def test_the_room_of_a_parser_holds_nothing_of_the_learners(
    quest: Quest, datasets: Datasets
) -> None:
    seen: list[list[str]] = []

    def look(*_: object) -> Value:
        seen.append(sorted(path.name for path in Path().rglob("*")))
        return {"rule": "no-header"}

    with opened(quest, datasets, {"_reading:table": look}) as work:
        work.files = {"app.py": b"", "pandas.py": b"raise SystemExit"}
        refusal(lambda: work.csv(leave(work, HONEST), columns=SCORES))
        assert isinstance(work.rooms.sandbox, FakeSandbox)
        (room,) = work.rooms.sandbox.rooms
        assert room.closed
        assert room.limits == LIMITS
        assert work.rooms.sandbox.opened == [None]
        assert list(work.rooms.made) == [room.made]


def test_rules_of_the_tools_are_known_and_their_limits_fit_the_boundary() -> None:
    said = "".join(path.read_text() for path in Path("graders/inside").glob("reading_*.py"))
    for rule in RULES | set(OVER):
        assert f'"{rule}"' in said or rule in {"key-twice", "not-finite"}, rule
    assert (OVER["too-many-columns"] or 0) <= caps.MOST_COLUMNS
    assert (OVER["cell-too-long"] or 0) <= caps.LONGEST_TEXT
    assert (OVER["nested-too-deep"] or 0) < caps.DEEPEST_JSON + 1
    assert (OVER["too-many-values"] or 0) <= caps.MOST_HOLDERS
    deep = b"J" + b"[" * 50 + b"]" * 50
    assert unpacking.value(deep) is not None
