"""Fingerprints of a text by winnowing: what two works share is found wherever it stands.

Names, numbers and strings are all alike, comments and layout do not count, so renaming hides
nothing. Every run of `GUARANTEED` equal tokens is found, and none shorter than `GRAM`. The lexer
is one linear expression: nothing of the text is parsed or run.
"""

import hashlib
import keyword
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

GRAM: Final = 20  # tokens
WINDOW: Final = 12
GUARANTEED: Final = GRAM + WINDOW - 1
MOST_CHARACTERS: Final = 200_000
SQL: Final = frozenset(
    {
        *("select", "from", "where", "group", "by", "order", "having", "join", "left", "inner"),
        *("on", "and", "or", "not", "with", "as", "union", "all", "distinct", "limit", "case"),
        *("when", "then", "else", "end", "in", "is", "null", "between"),
    }
)
_TOKEN: Final = re.compile(
    r"(?P<space>\s+)|(?P<comment>#[^\n]*|--[^\n]*)"
    r"|(?P<string>\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<number>\d[\w.]*)|(?P<word>[^\W\d]\w*)|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """A chosen run of tokens, and the lines it stands on."""

    digest: int
    first_line: int
    last_line: int


def fingerprints(text: str, *, sql: bool = False) -> list[Fingerprint]:
    """The fingerprints of a text, in their order."""
    tokens = [*_tokens(text[:MOST_CHARACTERS], sql=sql)]
    if len(tokens) < GRAM:
        return []
    digests = [
        _digest(tuple(word for word, _ in tokens[start : start + GRAM]))
        for start in range(len(tokens) - GRAM + 1)
    ]
    return [
        Fingerprint(
            digest=digests[start],
            first_line=tokens[start][1],
            last_line=tokens[start + GRAM - 1][1],
        )
        for start in _winnow(digests)
    ]


def _tokens(text: str, *, sql: bool) -> Iterator[tuple[str, int]]:
    """Normalised tokens with their lines."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind == "word":
            yield _word(word, sql=sql), line
        elif kind == "string":
            yield "S", line
        elif kind == "number":
            yield "N", line
        elif kind == "other":
            yield word, line
        line += word.count("\n")


def _word(word: str, *, sql: bool) -> str:
    if sql:
        return word.lower() if word.lower() in SQL else "V"
    return word if keyword.iskeyword(word) else "V"


def _digest(gram: Sequence[str]) -> int:
    joined = "\0".join(gram).encode("utf-8", errors="replace")
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big", signed=False)


def _winnow(digests: Sequence[int]) -> list[int]:
    """The place of the smallest digest of every window; of equal ones the last."""
    chosen: list[int] = []
    rising: deque[int] = deque()
    for place, digest in enumerate(digests):
        while rising and digests[rising[-1]] >= digest:
            rising.pop()
        rising.append(place)
        if rising[0] <= place - WINDOW:
            rising.popleft()
        full = place >= min(WINDOW, len(digests)) - 1
        if full and (not chosen or chosen[-1] != rising[0]):
            chosen.append(rising[0])
    return chosen
