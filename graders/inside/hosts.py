"""Find addresses written out in Python without running it: carried into a room, plain facts out.

An address is a URL with a host, ``host:port``, an IP address, a connection string, or a host's
name where the name it is given to says so. ``localhost`` and a name without a dot are fine where
they can be overridden: as the default of an argument, an option, a field or an environment
variable. Any other host is this one deployment's.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

MOST = 200  # places of one file: more is no news

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://(?:[^/@\s]*@)?(?P<host>\[[0-9a-f:]+\]|[^/\s:?#]*)\S*")
_HOST_PORT = re.compile(r"(?P<host>localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+):[0-9]{2,5}")
_IP = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_STRING = re.compile(r"(?i)(?:^|[;\s])(?:server|host|hostaddr|source)\s*=\s*(?P<host>[^;,\s]+)")
_STRING_REST = re.compile(r"(?i)(?:^|[;\s])(?:database|dbname|port|uid|user|initial catalog)\s*=")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::[0-9]{2,5})?")
_NAMED = re.compile(r"(?i)(?:^|_)(?:host|hostname|server|dsn|endpoint|bucket|broker)s?$")
_EVERYWHERE = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - read in a learner's code, bound by nobody
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}
_NOT_AN_ADDRESS = re.compile(  # names of schemas, and of nobody by RFC 2606
    r"(?:.*\.)?(?:w3\.org|json-schema\.org|schema\.org|example|test|invalid"
    r"|example\.(?:com|org|net))"
)
_FILLED_IN = re.compile(r"[{}%$<>]")
_LONGEST = 2_000

_Parents = dict[int, ast.AST]


def hosts(folder: str) -> dict[str, list[int]]:
    """The lines with an address in each Python file below a folder, by its path in it."""
    warnings.simplefilter("ignore")
    root = Path(folder)
    found: dict[str, list[int]] = {}
    for path in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        lines = list(dict.fromkeys(_lines(tree)))[:MOST]
        if lines:
            found[path.relative_to(root).as_posix()] = lines
    return found


def _lines(tree: ast.Module) -> Iterator[int]:
    parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if isinstance(parents.get(id(node)), ast.Expr | ast.JoinedStr):  # a docstring, a piece
            continue
        host = _host(node.value, named=_is_named(node, parents))
        if host is None or (_is_near(host) and _is_default(node, parents)):
            continue
        if not _is_field_of_settings(node, parents):
            yield node.lineno


def _host(text: str, *, named: bool) -> str | None:
    """The host that a text fixes; None where it fixes none."""
    if len(text) > _LONGEST:
        return None
    match = _URL.fullmatch(text) or _HOST_PORT.fullmatch(text)
    if match is None and _STRING_REST.search(text):
        match = _STRING.search(text)
    host = match["host"] if match else ""
    if not host and (_IP.fullmatch(text) or (named and _HOST.fullmatch(text))):
        host = text.partition(":")[0]
    if not host or host in _EVERYWHERE or _FILLED_IN.search(host):
        return None
    return None if _NOT_AN_ADDRESS.fullmatch(host.lower()) else host


def _is_near(host: str) -> bool:
    """Whether it is this machine, or a neighbour's short name: what a default may be."""
    return host in _LOOPBACK or "." not in host


def _is_named(node: ast.Constant, parents: _Parents) -> bool:
    """Whether what the text is given to is called a host."""
    parent = parents.get(id(node))
    if isinstance(parent, ast.keyword):
        return bool(parent.arg and _NAMED.search(parent.arg))
    if isinstance(parent, ast.Assign):
        return any(_NAMED.search(_name(target)) for target in parent.targets)
    if isinstance(parent, ast.AnnAssign):
        return bool(_NAMED.search(_name(parent.target)))
    if isinstance(parent, ast.Dict):
        pairs = zip(parent.keys, parent.values, strict=True)
        return any(
            value is node and isinstance(key, ast.Constant) and _NAMED.search(str(key.value))
            for key, value in pairs
        )
    return _is_environment(node, parents)


def _is_default(node: ast.Constant, parents: _Parents) -> bool:
    """Whether whoever runs it can say another: an argument's, a field's, a variable's default."""
    parent = parents.get(id(node))
    if isinstance(parent, ast.arguments | ast.AnnAssign):
        return True
    if isinstance(parent, ast.keyword):
        return parent.arg in {"default", "fallback"}
    if isinstance(parent, ast.BoolOp):  # os.environ.get("HOST") or "localhost"
        return parent.values[-1] is node
    if isinstance(parent, ast.Call):
        return _called(parent) in {"Option", "Argument", "Field"} or _is_environment(node, parents)
    return False


def _is_environment(node: ast.Constant, parents: _Parents) -> bool:
    """Whether it is the second argument of ``os.environ.get`` and the like."""
    call = parents.get(id(node))
    return (
        isinstance(call, ast.Call)
        and _called(call) in {"get", "getenv", "setdefault", "config", "env", "str"}
        and len(call.args) > 1
        and call.args[1] is node
    )


def _is_field_of_settings(node: ast.Constant, parents: _Parents) -> bool:
    """Whether it is the default of a field of a class like ``BaseSettings``: made to be set."""
    child: ast.AST = node
    while (parent := parents.get(id(child))) is not None:
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(parent, ast.ClassDef):
            return any(_name(base).endswith("Settings") for base in parent.bases)
        child = parent
    return False


def _called(call: ast.Call) -> str:
    return _name(call.func)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
