"""Read a quest's own files, whatever is in them: what cannot be read is a fault, never a crash."""

import ast
from pathlib import Path

from graders.faults import Fault


def text_of(path: Path) -> str:
    """The text of a file; empty where there is none, with marks where it is no UTF-8."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def parsed(path: Path) -> ast.Module | None:
    """A Python file as a tree; None where there is none that can be read."""
    if not path.is_file():
        return None
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None


def syntax_fault(path: Path, body: bytes, code: str = "C300") -> Fault | None:
    """Where a Python file does not parse."""
    try:
        ast.parse(body)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        column = getattr(error, "offset", None) or 1
        message = f"not Python: {getattr(error, 'msg', None) or error}"
        return Fault(path=path, line=line, column=max(1, column), code=code, message=message)
    return None
