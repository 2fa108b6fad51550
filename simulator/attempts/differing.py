"""Two versions of a file side by side, line by line."""

import difflib
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONTEXT: Final = 3
MOST_LINES: Final = 2000


class Mark(enum.StrEnum):
    """What became of a line."""

    SAME = "same"
    DELETED = "del"
    INSERTED = "ins"
    GAP = "gap"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a difference, with its number before and after."""

    mark: Mark
    before: int | None = None
    after: int | None = None
    text: str = ""


def differences(before: str, after: str) -> list[Line]:
    """The changed lines with a little around them; empty when nothing differs."""
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    lines: list[Line] = []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if lines:
            lines.append(Line(mark=Mark.GAP))
        for code in group:
            lines.extend(_lines(code, old, new))
    return lines


def _lines(code: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterator[Line]:
    tag, start, end, first, last = code
    if tag == "equal":
        for step, text in enumerate(old[start:end]):
            yield Line(mark=Mark.SAME, before=start + step + 1, after=first + step + 1, text=text)
        return
    for number, text in enumerate(old[start:end], start=start + 1):
        yield Line(mark=Mark.DELETED, before=number, text=text)
    for number, text in enumerate(new[first:last], start=first + 1):
        yield Line(mark=Mark.INSERTED, after=number, text=text)
