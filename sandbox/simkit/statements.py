"""Find where SQL statements end: quotes and comments may hold semicolons, too."""

import re

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<end>;)"
    r"|'(?:[^'\\]|\\.|'')*(?:'|\Z)|\"(?:[^\"\\]|\\.|\"\")*(?:\"|\Z)|`(?:[^`\\]|\\.)*(?:`|\Z)"
    r"|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)|\w+|.",
    re.DOTALL,
)


def only_statement(sql: str) -> str:
    """Return the one statement of a text, without a semicolon. Raises ValueError."""
    pieces: list[str] = [""]
    begun = [False]
    for token in _TOKEN.finditer(sql):
        if token["end"]:
            pieces.append("")
            begun.append(False)
            continue
        pieces[-1] += token[0]
        begun[-1] = begun[-1] or token["blank"] is None
    found = [piece for piece, real in zip(pieces, begun, strict=True) if real]
    if len(found) != 1:
        raise ValueError(f"one statement a query; here are {len(found)}")
    return found[0].strip()
