"""The parser jail with real rooms: bombs go off in there, and the judge does not grow."""

import io
import resource
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graders.datasets import Datasets
from graders.failures import Fail
from graders.parsing import LIMITS, Parser, Wanted
from graders.results import Phase
from graders.rooms import Rooms
from graders.workshop import workbench
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

MEGABYTES_OF_THE_JUDGE = 64
WANTED = Wanted(columns={"id": int, "score": float}, key="id", most_rows=1_000_000)
WORDS = Wanted(columns={"word": str}, key=None, most_rows=1_000_000)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerSandbox]:
    home = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with workbench.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket)


@pytest.fixture
def rooms(sandbox: RunnerSandbox, datasets: Datasets) -> Iterator[Rooms]:
    found = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    found.enter(Phase.TRAIN)
    yield found
    found.close()


def parser(rooms: Rooms, content: bytes) -> Parser:
    return Parser(rooms=rooms, path="file", content=content, tells_rows=True)


def refusal(failure: pytest.ExceptionInfo[Fail]) -> tuple[str, dict[str, Any]]:
    return failure.value.reason, {**failure.value.params, "path": None}


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def test_honest_files_are_read_across_the_wall(rooms: Rooms) -> None:
    text = parser(rooms, b"score,id\n0.5,1\n1e-3,2\n").csv(WANTED)
    assert text.to_dict("list") == {"id": [1, 2], "score": [0.5, 1e-3]}
    table = pa.table({"id": [1, 2], "score": pa.array([0.5, 1e-3])})
    assert parser(rooms, as_parquet(table)).arrow(WANTED).equals(text)
    assert parser(rooms, '{"a": ["ж", 1.5, null]}'.encode()).json() == {"a": ["ж", 1.5, None]}
    words = parser(rooms, 'word\n"ж, "\n""\n'.encode()).csv(WORDS)
    assert words["word"].tolist() == ["ж, ", ""]
    note = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x"], "outputs": [1]}]}'
    assert parser(rooms, note).notebook(most_cells=9) == [{"kind": "code", "source": "x"}]


def test_broken_files_are_refused_across_the_wall(rooms: Rooms) -> None:
    with pytest.raises(Fail) as failure:
        parser(rooms, b"id,score\n1,0.5\n1,2\n").csv(WANTED)
    place = {"path": None, "rule": "key-twice", "row": 2, "column": "id"}
    assert refusal(failure) == ("artifact_cell_rejected", place)
    with pytest.raises(Fail) as failure:
        parser(rooms, b"[" * 100_000 + b"]" * 100_000).json()
    limit = {"path": None, "rule": "nested-too-deep", "limit": 50}
    assert refusal(failure) == ("artifact_over_limit", limit)
    with pytest.raises(Fail) as failure:
        parser(rooms, b"PAR1" + bytes(1_000) + b"PAR1").arrow(WANTED)
    assert refusal(failure) == ("artifact_rejected", {"path": None, "rule": "unreadable"})


def test_documents_and_yaml_are_read_by_grammars_that_the_runtime_lacks(rooms: Rooms) -> None:
    blocks = parser(rooms, "# Зачем\n\n**Цель:** <!-- no -->+20 ₽\n".encode()).markdown()
    told = [(b["kind"], b["line"], b["text"]) for b in blocks if isinstance(b, dict)]
    assert told == [("heading", 1, "Зачем"), ("paragraph", 3, "Цель: +20 ₽")]
    value, lines = parser(rooms, b"a:\n  - {b: 1}\n  - {b: 2_000}\n").yaml()
    assert value == {"a": [{"b": 1}, {"b": 2_000}]}
    assert (lines["a.2.b"], lines["a"]) == (3, 1)


def test_markdown_and_yaml_that_never_end_are_refused(rooms: Rooms) -> None:
    with pytest.raises(Fail) as failure:
        parser(rooms, b"# a\n" * 20_000).markdown()
    blocks = {"path": None, "rule": "blocks-too-many", "limit": 4_000}
    assert refusal(failure) == ("artifact_over_limit", blocks)
    with pytest.raises(Fail) as failure:
        parser(rooms, b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n").yaml()
    alias = {"path": None, "rule": "anchor-or-alias", "line": 1}
    assert refusal(failure) == ("yaml_rejected", alias)


def test_a_bomb_of_gigabytes_is_the_limit_of_the_jail_and_costs_the_judge_nothing(
    rooms: Rooms,
) -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), ["x" * 60_000])
    bomb = as_parquet(pa.table({"word": long}))
    assert len(bomb) < 200_000  # of twelve gigabytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Fail) as failure:
        parser(rooms, bomb).arrow(WORDS)
    memory = {"path": None, "rule": "memory_mb", "limit": LIMITS.memory_mb}
    assert refusal(failure) == ("artifact_over_limit", memory)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MEGABYTES_OF_THE_JUDGE * 1024
    assert len(parser(rooms, b"id,score\n1,2\n").csv(WANTED)) == 1


def test_rows_by_the_hundred_thousand_are_read(rooms: Rooms) -> None:
    lines = "".join(f"{number},{number / 7}\n" for number in range(200_000))
    frame = parser(rooms, f"id,score\n{lines}".encode()).csv(WANTED)
    assert frame["id"].tolist() == list(range(200_000))
    assert frame["score"].iloc[-1] == 199_999 / 7


def test_a_room_of_a_parser_sees_no_data(rooms: Rooms) -> None:
    look = (
        "import os\nfor folder in ('/data', '.', '/artifacts'):\n"
        "    print(os.listdir(folder) if os.path.isdir(folder) else [])"
    )
    with rooms.apart(LIMITS) as room:
        assert room.run("python", "-c", look).stdout == b"[]\n" * 3
