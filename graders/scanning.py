"""Read checks without running them: which reasons they name, and whether each has a message."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from graders.checking import Check
from graders.faults import Fault, at_line, did_you_mean
from graders.messages import Catalogue
from graders.results import Severity

_SAYERS = ("fail", "praise", "Fail")
_DECORATED = 12  # lines above a function may be its decorators
_QUOTED = re.compile(r'"([a-z][a-z0-9_]*)"')
_OWN_WORDS = {"share", "at", "locations"}  # what these take themselves


@dataclass(frozen=True, kw_only=True)
class Named:
    """One place where a check names a reason."""

    path: Path
    line: int
    column: int
    reason: str | None  # None: not written out, so nobody can look its message up
    params: frozenset[str]
    whole: bool  # whether all parameters are written out
    praise: bool = False

    def fault(self, code: str, message: str) -> Fault:
        """A fault at this place."""
        return Fault(
            path=self.path, line=self.line, column=self.column, code=code, message=message
        )


def fault_at(folder: Path, check: Check, code: str, message: str, *, word: str = "") -> Fault:
    """A fault where a stage's file makes a check, or at `word` of its decorator or call."""
    path = folder / (check.file or "checks.py")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    line = lines[check.line - 1] if check.line <= len(lines) else ""
    around = range(check.line, max(0, check.line - _DECORATED), -1)
    near = next((n for n in around if word and word in lines[n - 1]), None)
    if near:
        return at_line(path, near, code, message, word=word)
    return at_line(
        path, check.line, code, message, word=check.name if check.name in line else line.strip()
    )


def lines_of(path: Path) -> dict[str, int]:
    """The lines where a file defines its names: functions, and what is assigned."""
    found: dict[str, int] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(names, node.lineno)
    return found


def message_faults(folder: Path, checks: Sequence[Check], catalogue: Catalogue) -> list[Fault]:
    """Reasons without a message, parameters that do not fit, blockers that do not say why."""
    named: dict[str, list[Named]] = {}
    for file in ("checks.py", "hidden_checks.py"):
        if (folder / file).is_file():
            named |= reasons_by_check(folder / file)
    faults: list[Fault] = []
    for check in checks:
        path = folder / "messages.yaml"
        if catalogue.texts(check.name) is None:
            hint = did_you_mean(check.name, catalogue.own)
            message = f"{check.name} has no texts (title, brief){hint}"
            faults.append(Fault(path=path, line=1, column=1, code="C307", message=message))
        for place in named.get(check.name, []):
            faults += _place_faults(check, place, catalogue)
    faults += _idle_faults(checks, catalogue)
    return faults


def reasons_by_check(path: Path) -> dict[str, list[Named]]:
    """The reasons that each function of a file can name, itself or through the file's others."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    own = {name: list(_named_in(path, node)) for name, node in functions.items()}
    calls = {name: _called(node) & set(functions) for name, node in functions.items()}
    return {name: [n for f in _reached(name, calls) for n in own[f]] for name in functions}


@functools.cache
def reasons_of_libraries() -> frozenset[str]:
    """Every reason that a function of ours may give to a check that calls it."""
    # Every word in quotes: a library may choose its reasons as it likes, and reading is cheap.
    texts = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("*.py"))
    return frozenset(word for text in texts for word in _QUOTED.findall(text))


def _reached(name: str, calls: Mapping[str, set[str]]) -> list[str]:
    seen = [name]
    for current in seen:
        seen += sorted(calls[current] - set(seen))
    return seen


def _called(function: ast.FunctionDef) -> set[str]:
    # The body alone: a check that a decorator `needs` is not called by this one.
    inside = (node for statement in function.body for node in ast.walk(statement))
    return {node.id for node in inside if isinstance(node, ast.Name)}


def _named_in(path: Path, function: ast.FunctionDef) -> Iterator[Named]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or _called_name(node.func) not in _SAYERS:
            continue
        words = _words(node)
        yield Named(
            path=path,
            line=node.lineno,
            column=node.col_offset + 1,
            reason=_literal(node.args[0]) if node.args else None,
            params=frozenset(word for word in words if word and word not in _OWN_WORDS),
            whole=None not in words,
            praise=_called_name(node.func) == "praise",
        )


def _called_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "graders" else ""
    return node.id if isinstance(node, ast.Name) else ""


def _words(call: ast.Call) -> list[str | None]:
    """The names of the parameters; None for some that are not written out."""
    words = [keyword.arg for keyword in call.keywords]
    for given in call.args[1:]:  # ``Fail("reason", {"name": value})``
        keys = given.keys if isinstance(given, ast.Dict) else [None]
        words += [_literal(key) if key else None for key in keys]
    return words


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _place_faults(check: Check, place: Named, catalogue: Catalogue) -> Iterator[Fault]:
    if place.reason is None:
        yield place.fault("C302", "write the reason out, so that its message can be looked up")
        return
    reason = catalogue.reason(check.name, place.reason)
    if reason is None:
        texts = catalogue.texts(check.name)
        hint = did_you_mean(place.reason, texts.reasons if texts else ())
        yield place.fault(
            "C301", f'{check.name}: "{place.reason}" has no message in messages.yaml{hint}'
        )
        return
    for param in sorted(place.params - set(reason.params)):
        hint = did_you_mean(param, reason.params)
        yield place.fault("C306", f'"{place.reason}" declares no param "{param}"{hint}')
    if place.whole:
        for param in sorted(set(reason.params) - place.params):
            fault = place.fault("C308", f'"{place.reason}" needs the param "{param}"')
            if param in _OWN_WORDS:
                mend = f"`{param}` is a word of `fail` itself: give the param another name."
                fault = replace(fault, mend=mend)
            yield fault


def _idle_faults(checks: Sequence[Check], catalogue: Catalogue) -> Iterator[Fault]:
    """What messages.yaml says for nobody, and the blockers that do not say why."""
    names = {check.name: check for check in checks}
    for name, texts in catalogue.own.items():
        check = names.get(name)
        if check is None:
            hint = did_you_mean(name, names)
            yield catalogue.marked.fault((name,), "M117", f'there is no check "{name}"{hint}')
        elif check.severity is Severity.BLOCKER:
            for reason, message in texts.reasons.items():
                if message.why is None:
                    yield catalogue.marked.fault(
                        (name, "reasons", reason),
                        "M118",
                        f"{name}.{reason}: a blocker says why it matters in production",
                    )
