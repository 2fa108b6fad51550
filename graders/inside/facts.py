"""Read a project's Python without running it: carried into a room, answers with plain facts."""

import ast
import io
import re
import sys
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

MOST = 200  # places of one kind in one file: more is no news

_ABSOLUTE = re.compile(r"(/(home|Users|root|mnt|data|opt|var|etc|tmp|usr)/\S|[A-Za-z]:[\\/]\S)")
_SECRET_NAME = re.compile(r"(?i)(^|_)(password|passwd|pwd|secret|token|api_?key)$")
_PLACEHOLDER = re.compile(  # filled in elsewhere, or no secret to anybody
    r"(?i)[<{$%].*|\*+|x{3,}|change[_-]?me|your[_-].*|example|placeholder|dummy|none|null"
)
# A type checker silenced on one line for a reason that is named; a bare one has none.
_SILENCED = re.compile(r"#\s*(?:type|pyrefly|ty|pyright|mypy)\s*:\s*ignore\[[a-z0-9_, -]+\]")
_SQL = re.compile(
    r"(?is)\b(select\b.*\bfrom\b|insert\s+into\b|where\b.*(=|\bin\b)|delete\s+from\b)"
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def packages(_folder: str) -> list[str]:
    """Where this interpreter finds what a project may import."""
    return [path for path in sys.path if path.endswith(("site-packages", "/learner"))]


def facts(folder: str) -> dict[str, dict[str, object]]:
    """The facts of each Python file below a folder, by its path in it."""
    warnings.simplefilter("ignore")
    root = Path(folder)
    found: dict[str, dict[str, object]] = {}
    for path in sorted(root.rglob("*.py")):
        body = path.read_bytes()
        try:
            tree = ast.parse(body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found[path.relative_to(root).as_posix()] = _file_facts(tree, body)
    return found


def _file_facts(tree: ast.Module, body: bytes) -> dict[str, object]:
    docstrings = _docstrings(tree)
    spoken = _spoken(tree)
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr | ast.stmt | ast.keyword)]
    return {
        "doors": list(_doors(tree))[:MOST],
        "prints": [n.lineno for n in nodes if _is_print(n) and id(n) not in spoken][:MOST],
        "paths": [n.lineno for n in nodes if _is_absolute(n, docstrings)][:MOST],
        "secrets": [n.lineno for n in nodes if _is_secret(n)][:MOST],
        "pasted_sql": [n.lineno for n in nodes if _is_pasted_sql(n)][:MOST],
        "silenced": _silenced(body)[:MOST],
    }


def _doors(tree: ast.Module) -> Iterator[dict[str, object]]:
    """Public functions, classes and their public methods: where they stand and what they say."""
    for node in tree.body:
        if isinstance(node, Function) and _public(node.name):
            yield _door(node, node.name, method=False)
        if isinstance(node, ast.ClassDef) and _public(node.name):
            yield {
                "name": node.name,
                "line": node.lineno,
                "said": ast.get_docstring(node) is not None,
                "typed": True,
            }
            for method in node.body:
                if isinstance(method, Function) and _public(method.name):
                    yield _door(method, f"{node.name}.{method.name}", method=True)


def _door(node: Function, name: str, *, method: bool) -> dict[str, object]:
    arguments = [*node.args.posonlyargs, *node.args.args]
    bound = method and not any(_named(d) == "staticmethod" for d in node.decorator_list)
    arguments = arguments[1:] if bound else arguments
    arguments += node.args.kwonlyargs
    arguments += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
    return {
        "name": name,
        "line": node.lineno,
        "said": ast.get_docstring(node) is not None,
        "typed": node.returns is not None and all(a.annotation for a in arguments),
    }


def _public(name: str) -> bool:
    return not name.startswith("_")


def _named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _docstrings(tree: ast.Module) -> set[int]:
    """The string nodes that are docstrings, by identity."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef | ast.Module) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def _is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _named(node.func) in {"print", "pprint"}


def _spoken(tree: ast.Module) -> set[int]:
    """The nodes of what a command says to whoever types it, by identity.

    It is below ``if __name__ == "__main__"``, and in the functions of the module named there.
    """
    guarded = [node for node in tree.body if isinstance(node, ast.If) and _is_guard(node.test)]
    named = {_named(n.func) for g in guarded for n in ast.walk(g) if isinstance(n, ast.Call)}
    commands = [n for n in tree.body if isinstance(n, Function) and n.name in named]
    return {id(node) for place in (*guarded, *commands) for node in ast.walk(place)}


def _is_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and _named(test.left) == "__name__"


def _silenced(body: bytes) -> list[int]:
    """The lines on which a type checker is silenced, with the reason named."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(body).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return []
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return [comment.start[0] for comment in comments if _SILENCED.search(comment.string)]


def _is_absolute(node: ast.AST, docstrings: set[int]) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and _ABSOLUTE.match(node.value) is not None
    )


def _is_secret(node: ast.AST) -> bool:
    """A text written out for a name like ``password``: assigned, passed or in a dictionary."""
    if isinstance(node, ast.Assign):
        return _is_kept(node.value) and any(_secret_target(target) for target in node.targets)
    if isinstance(node, ast.AnnAssign):
        return _is_kept(node.value) and _secret_target(node.target)
    if isinstance(node, ast.keyword):
        return _is_kept(node.value) and bool(node.arg and _SECRET_NAME.search(node.arg))
    if isinstance(node, ast.Dict):
        return any(
            isinstance(key, ast.Constant)
            and _SECRET_NAME.search(str(key.value))
            and _is_kept(value)
            for key, value in zip(node.keys, node.values, strict=True)
        )
    return False


def _secret_target(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else _named(node)
    return _SECRET_NAME.search(name) is not None


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""


def _is_kept(node: ast.expr | None) -> bool:
    """A text that could be a secret: not one that stands for what is filled in."""
    return _is_text(node) and _PLACEHOLDER.fullmatch(str(getattr(node, "value", ""))) is None


def _is_pasted_sql(node: ast.AST) -> bool:
    """SQL with values pasted into it: an f-string, ``%``, ``+`` or ``.format``."""
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        return any(isinstance(v, ast.FormattedValue) for v in node.values) and _is_sql(text)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        sides = [node.left, node.right]
        texts = [side for side in sides if _is_text(side)]
        return len(texts) == 1 and _is_sql(str(getattr(texts[0], "value", "")))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        pasted = node.func.attr in ("format", "format_map", "replace")
        return pasted and _is_text(node.func.value) and _is_sql(str(_value(node.func.value)))
    return False


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else ""


def _is_sql(text: str) -> bool:
    return _SQL.search(text) is not None
