"""A table as CSV, XLSX or JSON; no cell of it is ever a formula."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import xlsxwriter
from django.http import HttpResponse, JsonResponse

Cell = str | int | float | bool | datetime | None
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Final = ("csv", "xlsx", "json")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under columns whose names stay the same from version to version."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def answer(table: Table, kind: str) -> HttpResponse:
    """The table as a file of a kind. Raises KeyError for one that there is not."""
    return {"csv": csv_of, "xlsx": xlsx_of, "json": json_of}[kind](table)


def csv_of(table: Table) -> HttpResponse:
    """Every cell is quoted; text that a spreadsheet would run begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(table.columns)
    writer.writerows([_safe(_plain(cell)) for cell in row] for row in table.rows)
    return _file(table, "csv", text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


def xlsx_of(table: Table) -> HttpResponse:
    """A workbook of one sheet; text stays text, numbers are numbers."""
    blob = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(blob, options) as book:
        sheet = book.add_worksheet(table.name[:31])
        for number, row in enumerate([table.columns, *table.rows]):
            for place, cell in enumerate(row):
                plain = _plain(cell)
                if isinstance(plain, str):
                    sheet.write_string(number, place, plain)
                elif plain is not None:
                    sheet.write(number, place, plain)
    return _file(table, "xlsx", blob.getvalue(), XLSX)


def json_of(table: Table) -> HttpResponse:
    """A list of objects."""
    body = [dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows]
    answer = JsonResponse({"table": table.name, "rows": body}, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{table.name}.json"'
    return answer


def objects(table: Table) -> list[dict[str, str | int | float | bool | None]]:
    """The rows as objects, for the API."""
    return [dict(zip(table.columns, map(_plain, row), strict=True)) for row in table.rows]


def _plain(cell: Cell) -> str | int | float | bool | None:
    return cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell


def _safe(cell: str | float | None) -> str | float | None:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
        return f"'{cell}"
    return cell


def _file(table: Table, ending: str, body: bytes, kind: str) -> HttpResponse:
    return HttpResponse(
        body,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{table.name}.{ending}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
