"""Types are true: a type checker follows the project's own contracts.

The checker is pyrefly: it checks a project against the whole of pandas, NumPy and scikit-learn
within the time of a click (0.4 s in a room for 600 lines; mypy takes 9 s of processor time, and
what it keeps between runs cannot be handed to a stranger's room), knows their types without stubs,
and needs neither network nor Node.

What is judged are the project's own promises. Annotations of libraries are often narrower than
what the library accepts, so an argument that only a library refuses is let through, and so is a
result that a library says in too wide a union.
"""

import re
from collections.abc import Iterator, Set
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from graders.checking import Check
from graders.failures import Fail
from graders.production.making import Needs, is_looked_at, ready
from graders.production.reading import Spot, in_form, packages, project_facts, run_tool, shown
from graders.results import Severity
from graders.workspace import Workspace

SILENCED = 5
_COMMAND: Final = (
    *("pyrefly", "check", "--config", "_pyrefly.toml", "--output-format", "json"),
    *("--summary", "none", "--progress-bar", "no", "--threads", "2", "--color", "never"),
    *("--python-version", "3.11", "--search-path", "work", "--skip-interpreter-query"),
    *("--disable-project-excludes-heuristics", "true"),
)
_LOOSE: Final = frozenset(  # what says more about a library, or about taste, than about the work
    {
        *("missing-import", "missing-source", "missing-stubs", "untyped-import", "import-error"),
        *("bad-override", "bad-override-mutable-attribute", "bad-override-param-name"),
        *("bad-param-name-override", "inconsistent-overload", "deprecated", "redundant-cast"),
        *("no-matching-overload", "bad-specialization"),
        *("implicit-any", "unannotated-parameter", "unannotated-return", "unused-ignore"),
        *("parse-error", "invalid-syntax"),
    }
)
_OF_VALUES: Final = frozenset({"unsupported-operation", "not-iterable", "bad-index"})
_NONE = re.compile(r"(?:Type |Cannot index into |Cannot set item in )?`None`")
_BUILTIN: Final = frozenset(
    {"None", "NoneType", "int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set"}
)
_FUNCTION = re.compile(r"in function `(?P<name>[^`]+)`")
_ASSIGNED = re.compile(
    r"`(?P<found>[^`]+)` is not assignable to "
    r"(?:[a-z ]*`[^`]*` with type )?[a-z ]*`(?P<wanted>[^`]+)`"
)
_OBJECT = re.compile(r"Object of class `(?P<name>[^`]+)` has no attribute")
_OPERANDS = re.compile(r"between `(?P<left>[^`]+)` and `(?P<right>[^`]+)`")
_HEAD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class _Error(BaseModel):
    model_config = ConfigDict(frozen=True)
    line: int
    stop_line: int
    path: str
    name: str = Field(max_length=100)
    description: str
    severity: str


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)
    errors: list[_Error]


def types(
    *,
    points: float,
    silenced: int = SILENCED,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """A type checker finds no contradiction among the package's own types; each costs a tenth.

    What a line silences with a named code, as in ``# type: ignore[arg-type]``, is let through up
    to `silenced` lines; a bare ``# type: ignore`` silences nothing. Reason: contradictions.

        true_types = production.types(points=2)
    """

    def judge(work: Workspace) -> None:
        found = _contradictions(work, silenced)
        if not found:
            return
        codes = list(dict.fromkeys(spot.code for spot in found))
        raise Fail(
            "contradictions",
            {"found": len(found), "kinds": ", ".join(codes[:3])},
            share=max(0.0, 1 - len(found) / 10),
            locations=shown(found),
        )

    return ready("types", judge, points=points, severity=severity, needs=needs)


def _contradictions(work: Workspace, silenced: int) -> list[Spot]:
    checked = [
        path
        for path in work.matching("*.py")
        if is_looked_at(work, path, package=True) and not path.startswith("-")
    ]
    if not checked:
        return []
    known = [f"--site-package-path={path}" for path in packages(work)]
    files = [f"work/{path}" for path in checked]
    finished, cut = run_tool(work, *_COMMAND, *known, *files)
    if cut:  # so many that they are no news: the first of the files is as good as any
        return [Spot(path=checked[0], line=1, code="too-many")] * 10
    report = in_form("pyrefly", lambda: _Report.model_validate_json(finished.stdout))
    return list(_own(work, report, silenced))


def _own(work: Workspace, report: _Report, silenced: int) -> Iterator[Spot]:
    """The errors of the project's own making, as far as they are not silenced with a reason."""
    facts, left = project_facts(work), silenced
    names = {door.name for file in facts.values() for door in file.doors} | {work.quest.package}
    for error in report.errors:
        path = error.path.removeprefix("/project/").removeprefix("work/")
        if error.severity != "error" or path not in work.files or not _is_own(error, names):
            continue
        quiet = facts[path].silenced if path in facts else []
        if left and any(error.line - 1 <= line <= error.stop_line for line in quiet):
            left -= 1
            continue
        yield Spot(path=path, line=error.line, code=error.name)


def _is_own(error: _Error, names: Set[str]) -> bool:
    """Whether an error is about what the project promises, or about a None that nobody expects.

    `names` are the project's: its package, functions and classes.
    """
    text = error.description.partition("\n")[0]
    if error.name in _LOOSE:
        return False
    if error.name in _OF_VALUES:
        return _NONE.match(text) is not None or _is_between_builtins(text)
    function = _FUNCTION.search(text)
    if function and "." in function["name"] and function["name"].partition(".")[0] not in names:
        return False
    if not _is_of_own_objects(error.description, names):
        return False
    assigned = _ASSIGNED.search(text)
    return not (assigned and _is_too_wide(assigned["found"], assigned["wanted"]))


def _is_of_own_objects(description: str, names: Set[str]) -> bool:
    """Whether an attribute is missing of what the project made, or of a None.

    Of a union, which a library has made, a None is the only member that counts.
    """
    lacking = set(_OBJECT.findall(description))
    if description.startswith("Object of type"):
        return lacking == {"NoneType"}
    return lacking <= names | _BUILTIN


def _is_between_builtins(text: str) -> bool:
    operands = _OPERANDS.search(text)
    return operands is not None and all(map(_is_builtin, operands.group("left", "right")))


def _is_too_wide(found: str, wanted: str) -> bool:
    """A union that holds what is wanted, and no None: a library could not say it better."""
    members = [member.strip() for member in found.split(" | ")]
    return len(members) > 1 and wanted in members and "None" not in members


def _is_builtin(type_: str) -> bool:
    names = [_HEAD.match(member.strip()) for member in type_.split(" | ")]
    literal = type_.startswith("Literal[")
    return literal or all(name is not None and name[0] in _BUILTIN for name in names)
