"""What the checks ask a project for by name: it must be in the reference, or nobody can pass."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graders.faults import Fault, did_you_mean
from graders.inspecting.calibration import read_json
from graders.inspecting.reading import parsed
from graders.numbers import FILES, UnknownNumber, keys, look_up
from graders.quest import Quest, Stage
from graders.works import read_files, reference

_FILES: Final = ("checks.py", "hidden_checks.py")
_TABLES: Final = ("table", "hidden")
_PATHS: Final = ("text", "sql")
_CODE: Final = ("call", "train")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A place where a check hands a name to the workspace."""

    path: Path
    node: ast.expr
    word: str  # the workspace's: call, text, sql, table …
    name: str

    def fault(self, code: str, message: str) -> Fault:
        return Fault(
            path=self.path,
            line=self.node.lineno,
            column=self.node.col_offset + 1,
            code=code,
            message=message,
            width=max(1, (self.node.end_col_offset or 0) - self.node.col_offset),
        )


def target_faults(quest: Quest, stage: Stage) -> Iterator[Fault]:
    """Names that the checks ask for and that are nowhere."""
    asked = [one for file in _FILES for one in _asked(quest.stage_folder(stage) / file)]
    if not asked:
        return
    files = reference(quest, stage).files
    files |= {f"driver/{path}": body for path, body in read_files(quest.folder / "driver").items()}
    numbers: dict[str, Any] = {}
    for name in reversed(FILES):
        numbers |= read_json(quest.folder / name)
    for one in asked:
        yield from _fault(one, quest, files, numbers)


def _asked(path: Path) -> Iterator[_Asked]:
    tree = parsed(path)
    if tree is None:
        return
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="work"), attr=word), args=[first, *_]
            ):
                name = constants.get(first.id) if isinstance(first, ast.Name) else None
                name = first.value if isinstance(first, ast.Constant) else name
                if isinstance(name, str):
                    yield _Asked(path=path, node=first, word=word, name=name)


def _fault(
    one: _Asked, quest: Quest, files: Mapping[str, bytes], numbers: dict[str, Any]
) -> Iterator[Fault]:
    match one.word:
        case "number":
            try:
                look_up(numbers, one.name)
            except UnknownNumber:
                hint = did_you_mean(one.name, keys(numbers))
                yield one.fault("N503", f"there is no number {one.name}{hint}")
        case "gate":
            metrics = {gate.metric for gate in quest.gates}
            if one.name not in metrics:
                hint = did_you_mean(one.name, metrics)
                yield one.fault("N504", f'quest.yaml has no gate for "{one.name}"{hint}')
        case word if word in _TABLES and one.name not in quest.tables:
            hint = did_you_mean(one.name, quest.tables)
            yield one.fault("C321", f'quest.yaml declares no table "{one.name}"{hint}')
        case word if word in _PATHS and one.name not in files:
            hint = did_you_mean(one.name, files)
            yield one.fault("C320", f"the reference has no {one.name} at this stage{hint}")
        case "call":
            yield from _target_fault(one, files)


def _target_fault(one: _Asked, files: Mapping[str, bytes]) -> Iterator[Fault]:
    """``package.module:name``, as far as it can be seen without importing it."""
    module, _, name = one.name.partition(":")
    stem = module.replace(".", "/")
    path = next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in files), None)
    if path is None:
        known = {p.removesuffix(".py").replace("/", ".") for p in files if p.endswith(".py")}
        hint = did_you_mean(module, known)
        yield one.fault("C319", f"the reference has no module {module} at this stage{hint}")
        return
    names = _names(files[path])
    first = name.split(".")[0]
    if names is not None and first not in names:
        hint = did_you_mean(first, names)
        yield one.fault("C319", f"{path} of the reference has no {first}{hint}")


def _names(body: bytes) -> set[str] | None:
    """The names of a module; None where a star import hides some."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name="*"):
                return None
            case ast.alias(name=name, asname=other):
                found.add(other or name.split(".")[0])
    return found
