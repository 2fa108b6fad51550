"""Read how a service is written without running it: carried into a room, answers with places.

Signs of what its behaviour shows seldom: an error that is caught and turned into an answer, a
model that is loaded anew in each request, an `async` handler that stands still.
"""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

MOST = 50  # places of one kind in one file: more is no news
ROUTES = {"get", "post", "put", "patch", "delete", "route", "api_route"}
LOADS = {"load", "load_model", "read_pickle", "Booster", "from_file"}
BROAD = {"Exception", "BaseException"}
BLOCKS = {("time", "sleep"), ("requests", "get"), ("requests", "post"), ("subprocess", "run")}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def signs(folder: str) -> dict[str, dict[str, list[int]]]:
    """The lines of each sign in each Python file below a folder, by its path in it."""
    warnings.simplefilter("ignore")
    root = Path(folder)
    found = {}
    for path in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found[path.relative_to(root).as_posix()] = _signs(tree)
    return found


def _signs(tree: ast.Module) -> dict[str, list[int]]:
    routes = [n for n in ast.walk(tree) if isinstance(n, Function) and _is_route(n)]
    return {
        "swallowed": sorted({line for route in routes for line in _swallowed(route)})[:MOST],
        "loaded": sorted({line for route in routes for line in _loaded(route)})[:MOST],
        "blocked": sorted({line for route in routes for line in _blocked(route)})[:MOST],
    }


def _is_route(function: Function) -> bool:
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in ROUTES
        for each in function.decorator_list
    )


def _swallowed(function: Function) -> Iterator[int]:
    """Broad handlers that neither raise nor say anything: nobody learns of the error."""
    for node in ast.walk(function):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            inside = [each for part in node.body for each in ast.walk(part)]
            tells = any(isinstance(each, ast.Raise | ast.Call) for each in inside)
            if not tells:
                yield node.lineno


def _is_broad(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(each is None or (isinstance(each, ast.Name) and each.id in BROAD) for each in kinds)


def _loaded(function: Function) -> Iterator[int]:
    """Calls that read a model, in the handler of each request."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node.func)[1] in LOADS:
            yield node.lineno


def _blocked(function: Function) -> Iterator[int]:
    """Calls that stand still in an `async` handler: everyone else waits, too."""
    if isinstance(function, ast.AsyncFunctionDef):
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _name(node.func) in BLOCKS:
                yield node.lineno


def _name(function: ast.expr) -> tuple[str, str]:
    if isinstance(function, ast.Attribute):
        owner = function.value.id if isinstance(function.value, ast.Name) else ""
        return owner, function.attr
    return "", function.id if isinstance(function, ast.Name) else ""
