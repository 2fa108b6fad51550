"""Ask the public tables in SQL (ClickHouse's dialect), in a room of the site.

Give the query as an argument, or a file with `--file`; `-` reads standard input. Values go in as
parameters: `{as_of:DateTime64(3)}` in the query, `--param as_of=2024-06-16` here.
"""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from simulator.cli.learning import accounts, project
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, Voice, speaking
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import said
from simulator.cli.printing import Code
from simulator.wire import Query, Rows


def command(  # noqa: PLR0913 - one parameter an option
    query: Annotated[str, typer.Argument(help="The query; `-` for standard input.")] = "",
    *,
    file: Annotated[Path | None, typer.Option(help="A file with the query.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A value as name=value; repeatable.")
    ] = None,
    stage: Annotated[str, typer.Option(help="Another stage than the one you are at.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        asked = Query(query=_text(query, file), params=_params(param or []))
        path = f"/api/quests/{here.facts.quest}/stages/{stage or here.facts.stage}/sql"
        with Site(accounts.current(here.facts.site)) as site:
            rows = site.send("POST", path, Rows, body=asked)
        voice.give(rows)
        if as_json:
            return
        if as_csv:
            csv.writer(sys.stdout).writerows([rows.columns, *rows.rows])
        else:
            _show(voice, rows)
        more = f", {said('more_rows', voice.language)}" if rows.more else ""
        told = said(
            "rows",
            voice.language,
            rows=len(rows.rows),
            read=rows.rows_read,
            seconds=f"{rows.seconds:.2f}",
        )
        voice.err.print(told + more, style="dim", markup=False)


def _text(query: str, file: Path | None) -> str:
    """The query, from wherever it is. Raises Trouble."""
    if bool(query) == (file is not None):
        raise Trouble(
            "One query is expected: as an argument, or in a file.",
            code=Code.USAGE,
            remedy='For example: sim sql "SELECT count() FROM users"',
        )
    if file is None:
        return sys.stdin.read() if query == "-" else query
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(
            f"{file} cannot be read: {error}", code=Code.USAGE, remedy="Name a text file."
        ) from None


def _params(given: list[str]) -> dict[str, str]:
    """The parameters by name. Raises Trouble."""
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name.isidentifier() and equals):
            raise Trouble(
                f"A parameter is written name=value, not {name}{equals}…",
                code=Code.USAGE,
                remedy="For example: --param as_of=2024-06-16",
            )
    return {name: value for name, _, value in pairs}


def _show(voice: Voice, rows: Rows) -> None:
    if voice.plain or not voice.out.is_terminal:
        voice.say("\t".join(rows.columns))
        for row in rows.rows:
            voice.say("\t".join("" if cell is None else cell for cell in row))
        return
    table = Table(*rows.columns)
    for row in rows.rows:
        table.add_row(*("∅" if cell is None else cell for cell in row))
    voice.out.print(table, markup=False)
