"""What is wrong with a quest, said to its author: the place, a code, words, a nearer word."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_FEW = 16  # so many words can be listed


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """One thing to mend. Codes are stable: Q quest.yaml, M messages, C checks, L layout."""

    path: Path
    line: int
    column: int
    code: str
    message: str

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
