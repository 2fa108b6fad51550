"""Read a project's tests without running them: carried into a room, answers with plain facts."""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

MOST = 500  # tests of one file: more is no news

Function = ast.FunctionDef | ast.AsyncFunctionDef


def suite(folder: str) -> dict[str, list[dict[str, object]]]:
    """The test functions of each Python file below a folder, by its path in it."""
    warnings.simplefilter("ignore")
    root = Path(folder)
    found: dict[str, list[dict[str, object]]] = {}
    for path in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found[path.relative_to(root).as_posix()] = list(_tests(tree))[:MOST]
    return found


def _tests(tree: ast.Module) -> Iterator[dict[str, object]]:
    """Tests as pytest finds them: functions test_*, and those of classes Test*."""
    helpers = {node.name for node in tree.body if isinstance(node, Function) if _asserts(node, ())}
    for node in tree.body:
        if isinstance(node, Function) and node.name.startswith("test"):
            yield _test(node, helpers)
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            for method in node.body:
                if isinstance(method, Function) and method.name.startswith("test"):
                    yield _test(method, helpers)


def _test(node: Function, helpers: set[str]) -> dict[str, object]:
    return {
        "name": node.name,
        "line": node.lineno,
        "asserts": _asserts(node, helpers),
        "marks": sorted(_marks(node)),
    }


def _asserts(node: Function, helpers: set[str] | tuple[str, ...]) -> bool:
    """Whether anything in it can fail for a wrong value: a constant cannot."""
    for one in ast.walk(node):
        if isinstance(one, ast.Assert) and not isinstance(one.test, ast.Constant):
            return True
        if isinstance(one, ast.Call):
            name = _name(one.func)
            if name in {"raises", "fail", "warns"} or name.startswith("assert") or name in helpers:
                return True
    return False


def _marks(node: Function) -> Iterator[str]:
    for decorator in node.decorator_list:
        bare = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(bare, ast.Attribute) and _name(bare.value) == "mark":
            yield bare.attr


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
