"""What is wrong with a quest, said to its author: the place, a code, words, a nearer word."""

import difflib
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FEW = 16  # so many words can be listed
_NEARER = re.compile(r'; did you mean "(?P<word>[^"]+)"\?$')


class Level(enum.StrEnum):
    """What a fault means for the quest."""

    ERROR = "error"  # it does not publish
    WARNING = "warning"  # worth a look; a draft may leave it


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One thing to mend. Codes are stable, and `graders/codes.yaml` explains each.

    Q quest.yaml, M messages, C checks, T texts, N numbers, W works, L the folder.
    """

    path: Path
    line: int
    column: int
    code: str
    message: str
    width: int = 1  # so many characters are meant, from the column on
    mend: str = ""  # what to do, where the code's own advice can be said more exactly
    level: Level = Level.ERROR

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.code} {self.message}"


class QuestError(Exception):
    """A quest is not well formed; `faults` says where and how."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message: the nearest known word, or all of a few, or nothing."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(words)}" if 0 < len(words) <= _FEW else ""


def nearer(fault: Fault) -> str:
    """The word that `did_you_mean` found for a fault; empty where there was none."""
    found = _NEARER.search(fault.message)
    return found["word"] if found else ""


def at_line(path: Path, line: int, code: str, message: str, *, word: str = "") -> Fault:
    """A fault in a text file; the caret stands under `word` where the line has it."""
    column, width = 1, 1
    if word and path.is_file():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        place = lines[line - 1].find(word) if 0 < line <= len(lines) else -1
        column, width = (place + 1, len(word)) if place >= 0 else (1, 1)
    return Fault(path=path, line=line, column=column, code=code, message=message, width=width)
