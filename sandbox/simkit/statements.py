"""Find where SQL statements end: quotes and comments may hold semicolons, too."""

import re

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<end>;)"
    r"|'(?:[^'\\]|\\.|'')*(?:'|\Z)|\"(?:[^\"\\]|\\.|\"\")*(?:\"|\Z)|`(?:[^`\\]|\\.)*(?:`|\Z)"
    r"|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)|\w+|.",
    re.DOTALL,
)


_QUESTIONS = ("SELECT", "WITH", "EXPLAIN", "DESCRIBE", "DESC", "SHOW", "EXISTS", "(")


def only_statement(sql: str) -> str:
    """Return the one question of a text, without a semicolon. Raises ValueError."""
    statement, first = _statement(sql)
    if first.upper() not in _QUESTIONS:
        raise ValueError(f"a query only reads: it begins with SELECT or WITH, not with {first}")
    return statement


def _statement(sql: str) -> tuple[str, str]:
    """Return the only statement and its first word."""
    pieces: list[str] = [""]
    firsts: list[str] = [""]
    for token in _TOKEN.finditer(sql):
        if token["end"]:
            pieces.append("")
            firsts.append("")
            continue
        pieces[-1] += token[0]
        if token["blank"] is None:
            firsts[-1] = firsts[-1] or token[0]
    found = [both for both in zip(pieces, firsts, strict=True) if both[1]]
    if len(found) != 1:
        raise ValueError(f"one statement a query; here are {len(found)}")
    statement, first = found[0]
    return statement.strip(), first
