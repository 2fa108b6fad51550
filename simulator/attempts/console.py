"""The SQL console: a learner's own question to the public tables, in a room of its own."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from graders.failures import Ended, Fail
from graders.grading import limits_of
from graders.quest import Quest, Stage
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import SqlResult, Workspace
from sandbox.interface import Sandbox
from simulator.attempts import intake
from simulator.attempts.trying import NoTables
from simulator.warehouse.filling import filled

FILE: Final = "console.sql"
MOST_ROWS: Final = 1000
LONGEST_CELL: Final = 200
SECONDS: Final = 20.0
_ASKS: Final = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH)\b", re.I | re.DOTALL)
_END: Final = re.compile(r";(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*$", re.DOTALL)
_PARAM: Final = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*?)\s*")


class Unanswered(Exception):
    """The engine did not answer; the text is its own, about the learner's own query."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Rows as text, and what they cost."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    more: bool  # there are more rows than are shown
    rows_read: int
    seconds: float


def ask(
    quest: Quest, stage: Stage, query: str, params: Mapping[str, str], *, sandbox: Sandbox
) -> Answer:
    """The first rows of the answer. Raises Refusal, NoTables, Unanswered, SandboxError."""
    intake.validate({FILE: query.encode()})
    datasets = filled(quest)
    if datasets is None:
        raise NoTables
    limits = replace(limits_of(quest, stage), wall_seconds=SECONDS, cpu_seconds=SECONDS)
    rooms = Rooms(
        sandbox=sandbox, runtime=stage.runtime or quest.runtime, limits=limits, datasets=datasets
    )
    rooms.enter(Phase.PUBLIC)
    files = {FILE: _capped(query).encode()}
    work = Workspace(quest=quest, stage=stage, files=files, rooms=rooms)
    try:
        return _shown(work.sql(FILE, dict(params)))
    except Ended as ended:
        raise Unanswered(ended.output or str(ended)) from None
    except Fail as failure:
        raise Unanswered(failure.reason) from None
    finally:
        rooms.close()


def read_params(text: str) -> dict[str, str]:
    """Parameters as a learner writes them, one a line: ``as_of = 2024-06-16 21:00:00``."""
    found = (_PARAM.fullmatch(line) for line in text.splitlines())
    return {match["name"]: match["value"] for match in found if match}


def bared(query: str) -> str:
    """The query without the semicolon and the comments at its end."""
    return _END.sub("", query.rstrip())


def lines_before(query: str) -> int:
    """How many lines of ours stand above a query when it runs."""
    return 1 if _ASKS.match(bared(query)) else 0


def as_csv(answer: Answer) -> str:
    """An answer as a file; what a spreadsheet would run is made text."""
    blob = io.StringIO()
    writer = csv.writer(blob)
    writer.writerow(answer.columns)
    writer.writerows([_inert(cell) for cell in row] for row in answer.rows)
    return blob.getvalue()


def _inert(cell: str | None) -> str:
    if cell is None:
        return ""
    numeric = re.fullmatch(r"[+-]?\d[\d.,eE+-]*", cell)
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} and not numeric else cell


def _capped(query: str) -> str:
    """The query, and of its answer as many rows as are shown, and one that tells of more."""
    bare = bared(query)
    if not _ASKS.match(bare):
        return bare  # SHOW, DESCRIBE, EXPLAIN answer in few rows
    # The query is the learner's whole right: it runs in their own room, on public tables.
    return f"SELECT * FROM (\n{bare}\n) LIMIT {MOST_ROWS + 1}"  # noqa: S608


def _shown(result: SqlResult) -> Answer:
    frame = result.frame
    return Answer(
        columns=tuple(map(str, frame.columns)),
        rows=tuple(
            tuple(_cell(value) for value in row)
            for row in frame.head(MOST_ROWS).itertuples(index=False, name=None)
        ),
        more=len(frame) > MOST_ROWS,
        rows_read=result.rows_read,
        seconds=result.seconds,
    )


def _cell(value: object) -> str | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):  # noqa: PLR0124, NaN
        return None
    return str(value)[:LONGEST_CELL]
