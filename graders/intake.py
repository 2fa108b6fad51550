"""May this be graded at all: every Python file parses, every SQL file holds one statement.

A stranger's Python is parsed in a room, never here: the parser is C that was not written for
enemies. SQL statements are counted here, by a scanner of ours that only looks for quotes,
comments and semicolons.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graders.messages import sentence
from graders.quest import Language
from graders.results import Location, Param
from sandbox.interface import Limits, Returned, Sandbox, SandboxError

_TOOL = Path(__file__).parent / "inside" / "syntax.py"
_LIMITS = Limits(cpu_seconds=5, wall_seconds=10, memory_mb=512, processes=16, scratch_mb=32)
_SAFE = re.compile(r"[A-Za-z0-9_./-]{1,160}")
_TOKEN = re.compile(
    r"--[^\n]*|\#[!\ ][^\n]*|/\*.*?(?:\*/|\Z)"  # comments
    r"|'(?:[^'\\]|\\.|'')*(?:'|\Z)|\"(?:[^\"\\]|\\.|\"\")*(?:\"|\Z)|`(?:[^`\\]|\\.)*(?:`|\Z)"
    r"|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)|;|\s+|[^\s'\"`;$#/-]+|.",
    re.S,
)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a hand-in is refused; nothing is charged for it."""

    code: str  # syntax_error, not_text, two_statements, no_statement
    params: dict[str, Param] = field(default_factory=dict)
    location: Location | None = None

    def sentence(self, language: Language) -> str:
        """The one sentence that refuses: the rule, and what was found."""
        return sentence(self.code, language, self.params)


class NotGradable(Exception):
    """A work that cannot be graded; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def parse_in_room(files: Mapping[str, bytes], *, sandbox: Sandbox, runtime: str) -> Problem | None:
    """The first file that does not parse, by path; None when all do. Raises SandboxError."""
    for path in sorted(files):
        if path.endswith(".sql"):
            problem = _sql_problem(path, files[path])
            if problem:
                return problem
    python = {path: body for path, body in files.items() if path.endswith(".py")}
    if not python:
        return None
    return _parsed(python, sandbox=sandbox, runtime=runtime)


def _parsed(python: Mapping[str, bytes], *, sandbox: Sandbox, runtime: str) -> Problem | None:
    names = sorted(python)
    uploads = {f"{number}.txt": python[name] for number, name in enumerate(names)}
    with sandbox.open(runtime=runtime, limits=_LIMITS) as room:
        room.upload({**uploads, "_syntax.py": _tool()})
        found = room.call("_syntax:first_problem", len(names), limits=_LIMITS)
    if (found.stopped or found.crashed) and len(names) > 1:  # which one was too much?
        each = ({name: python[name]} for name in names)
        problems = (_parsed(one, sandbox=sandbox, runtime=runtime) for one in each)
        return next((problem for problem in problems if problem), None)
    return _python_problem(names, found)


def count_statements(text: str) -> int:
    """How many SQL statements a text holds; empty ones between semicolons do not count."""
    count, inside = 0, False
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece == ";":
            inside = False
        elif not (piece.isspace() or piece.startswith(("--", "/*", "# ", "#!"))):
            count += not inside
            inside = True
    return count


def _sql_problem(path: str, body: bytes) -> Problem | None:
    place = Location(path=path)
    try:
        found = count_statements(body.decode("utf-8"))
    except UnicodeDecodeError:
        return Problem(code="not_text", params={"path": _shown(path)}, location=place)
    if found == 0:
        return Problem(code="no_statement", params={"path": _shown(path)}, location=place)
    if found > 1:
        params: dict[str, Param] = {"path": _shown(path), "found": found}
        return Problem(code="two_statements", params=params, location=place)
    return None


def _python_problem(names: list[str], found: Returned) -> Problem | None:
    """What the room claims, held to its form: a number of a file and a line, or nothing."""
    if not found.ok and not (found.stopped or found.crashed):
        raise SandboxError(f"the syntax check did not answer: {found.raised or found.rejected}")
    if not found.ok:  # the parser died of the text: nobody can run this file
        place = Location(path=names[0], line=1)
        params: dict[str, Param] = {"path": _shown(names[0]), "line": 1}
        return Problem(code="syntax_error", params=params, location=place)
    if not isinstance(found.value, dict):
        return None
    number, line, code = (found.value.get(key) for key in ("file", "line", "code"))
    if not isinstance(number, int) or not 0 <= number < len(names):
        raise SandboxError("the syntax check answered out of form")
    path = names[number]
    if code == "not_text":
        return Problem(
            code="not_text", params={"path": _shown(path)}, location=Location(path=path)
        )
    at = line if isinstance(line, int) and line > 0 else 1
    return Problem(
        code="syntax_error",
        params={"path": _shown(path), "line": at},
        location=Location(path=path, line=at),
    )


def _shown(path: str) -> str:
    return path if _SAFE.fullmatch(path) else "?"


@functools.cache
def _tool() -> bytes:
    return _TOOL.read_bytes()
