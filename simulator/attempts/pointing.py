"""Point at what the engine did not understand, and say why an answer is empty."""

import difflib
import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from graders.quest import Quest
from simulator.warehouse import exploring

CLOSE: Final = 0.6
_PLACE: Final = re.compile(r"\(line (?P<line>\d+), col (?P<column>\d+)\)")
_UNKNOWN: Final = re.compile(
    r"(?:identifier|columns?|table(?: expression)?|function with name|Table)[: ]*"
    r"[`'\"](?P<name>[\w.]+)[`'\"]",
    re.IGNORECASE,
)
_FILTER: Final = re.compile(
    r"(?P<column>[A-Za-z_]\w*)\s*(?P<op>>=|>|<=|<|=)\s*(?:toDate\w*\(\s*)?'(?P<value>\d{4}-\d\d[^']*)'"
)


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """A place in the learner's own query, and what they may have meant."""

    line: int
    column: int
    text: str  # the line
    caret: str
    name: str = ""
    nearest: str = ""


def point(complaint: str, query: str, quest: Quest, *, lines_before: int = 0) -> Pointer | None:
    """Where a complaint points to; None when it names no place and no word of the query.

    `lines_before` is how many lines of ours stand above the query when it runs.
    """
    unknown = _UNKNOWN.search(complaint)
    name = unknown["name"].rpartition(".")[2] if unknown else ""
    found = re.search(rf"\b{re.escape(name)}\b", query) if name else None
    if found:
        line = query.count("\n", 0, found.start()) + 1
        column = found.start() - (query.rfind("\n", 0, found.start()) + 1) + 1
        return _pointer(query, line, column, name=name, nearest=_nearest(name, quest))
    place = _PLACE.search(complaint)
    if place:
        return _pointer(query, int(place["line"]) - lines_before, int(place["column"]))
    return None


def why_empty(query: str, quest: Quest) -> str:
    """A filter that no row of the tables can pass; empty when none is seen."""
    if not _FILTER.search(query):
        return ""
    for table in exploring.tables(quest):
        ends = {column.name: (column.low, column.high) for column in table.columns}
        for match in _FILTER.finditer(query):
            low, high = ends.get(match["column"], ("", ""))
            value, op = match["value"], match["op"]
            if high and op in {">", ">=", "="} and value > high:
                return _(
                    "The filter `%(filter)s` is after the last value in `%(table)s` (%(end)s)."
                ) % {"filter": match[0], "table": table.name, "end": high}
            if low and op in {"<", "<=", "="} and value < low:
                return _(
                    "The filter `%(filter)s` is before the first value in `%(table)s` (%(end)s)."
                ) % {"filter": match[0], "table": table.name, "end": low}
    return ""


def _pointer(
    query: str, line: int, column: int, *, name: str = "", nearest: str = ""
) -> Pointer | None:
    lines = query.splitlines()
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1]
    before = text[: max(column - 1, 0)]
    # A tab stays a tab, so that the caret stands below its letter.
    spaces = "".join("\t" if letter == "\t" else " " for letter in before)
    caret = spaces + "^" * max(len(name), 1)
    return Pointer(line=line, column=column, text=text, caret=caret, name=name, nearest=nearest)


def _nearest(name: str, quest: Quest) -> str:
    """The table or column whose name is most like this one."""
    known = {column for table in quest.tables.values() for column in table.columns}
    known |= {*quest.tables}
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=CLOSE)), "")
