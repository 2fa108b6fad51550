"""Whether a check can say no at all: a check that cannot fail judges nothing."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from graders.faults import Fault
from graders.inspecting.reading import parsed

_FILES: Final = ("checks.py", "hidden_checks.py")
_SAYERS: Final = frozenset(("fail", "Fail", "praise"))


def judging_faults(folder: Path) -> Iterator[Fault]:
    """Checks without a docstring, and checks that pass whatever is handed in."""
    for file in _FILES:
        path = folder / file
        tree = parsed(path)
        if tree is None:
            continue
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in functions.values():
            if not any(_is_mark(decorator) for decorator in node.decorator_list):
                continue
            if not ast.get_docstring(node):
                yield _at(path, node, "C312", f"{node.name} has no docstring: what does it prove?")
            if not _can_fail(node, functions):
                message = (
                    f"{node.name} can never fail: it names no reason and asks the work nothing"
                )
                yield _at(path, node, "C316", message)


def _is_mark(decorator: ast.expr) -> bool:
    name = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(name, ast.Name) and name.id == "check"


def _can_fail(node: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether some statement that can be reached says no, or asks what may say no."""
    work = node.args.args[0].arg if node.args.args else "work"
    seen = {node.name}
    waiting = [node]
    for function in waiting:  # and the file's functions that it calls
        for statement in _reached(function.body):
            for inner in ast.walk(statement):
                if _says_no(inner, work):
                    return True
                if isinstance(inner, ast.Name) and inner.id in set(functions) - seen:
                    seen.add(inner.id)
                    waiting.append(functions[inner.id])
    return False


def _reached(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements before one that always leaves."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Return | ast.Raise):
            return


def _says_no(node: ast.AST, work: str) -> bool:
    match node:
        case ast.Raise() | ast.Assert():
            return True
        case ast.Return(value=value):
            return value is not None and not _is_constant(value)
        case ast.Call(func=ast.Name(id=name), args=args):
            return name in _SAYERS or any(_is_work(given, work) for given in args)
        case ast.Call(func=ast.Attribute(value=value), args=args):
            return _is_work(value, work) or any(_is_work(given, work) for given in args)
    return False


def _is_constant(value: ast.expr) -> bool:
    """None, or a number: the same share for everybody."""
    return isinstance(value, ast.Constant)


def _is_work(node: ast.expr, work: str) -> bool:
    return isinstance(node, ast.Name) and node.id == work


def _at(path: Path, node: ast.FunctionDef, code: str, message: str) -> Fault:
    column = node.col_offset + len("def ") + 1
    return Fault(
        path=path,
        line=node.lineno,
        column=column,
        code=code,
        message=message,
        width=len(node.name),
    )
