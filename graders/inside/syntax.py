"""Does every file parse: carried into a room, where a stranger's text may crash the parser."""

import ast
import warnings
from pathlib import Path


def first_problem(files: int) -> dict[str, object] | None:
    """The first of ``0.txt``, ``1.txt`` … that is not Python: its number and line."""
    warnings.simplefilter("ignore")
    for number in range(files):
        problem = _problem(Path(f"{number}.txt").read_bytes())
        if problem:
            return {"file": number, **problem}
    return None


def _problem(body: bytes) -> dict[str, object] | None:
    try:
        body.decode("utf-8")
        ast.parse(body)
    except UnicodeDecodeError:
        return {"code": "not_text"}
    except SyntaxError as error:
        return {"code": "syntax_error", "line": error.lineno or 1}
    except (ValueError, RecursionError, MemoryError):  # null bytes, nesting
        return {"code": "syntax_error", "line": 1}
    return None
