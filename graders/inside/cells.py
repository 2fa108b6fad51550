"""Say which cells of a notebook belong into which module: carried into a room, plain facts out.

A cell is read, never run. What most of its calls are for is where it belongs: `data` brings rows
in, `features` shapes them, `model` fits and keeps, `metrics` measures. What shows something to a
person stays in the notebook.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator

KINDS = ("model", "metrics", "data", "features")  # of kinds that weigh the same, the first

_CALLS = {
    "data": re.compile(
        r"read_(?!only)\w+|query|query_df|connect|get_client|load_\w+|fetch\w*|download\w*|execute"
        r"|to_(?:csv|parquet|feather|sql)|create_engine|glob"
    ),
    "features": re.compile(
        r"groupby|merge|merge_asof|join|fillna|dropna|assign|get_dummies|pivot\w*|melt|rolling|shift"
        r"|resample|astype|map|apply|transform|cut|qcut|rename|drop|drop_duplicates|concat|to_datetime"
        r"|clip|explode|replace|query_features|diff|cumsum|rank"
    ),
    "model": re.compile(
        r"fit|partial_fit|fit_transform|fit_predict|train|train_test_split|make_pipeline|Pipeline|dump"
        r"|\w+(?:Classifier|Regressor|Regression|SearchCV|Transformer|Vectorizer|KFold|SVC|SVR|Net)"
        r"|KMeans|StandardScaler|OneHotEncoder|log_model|save_model|compile"
    ),
    "metrics": re.compile(
        r"\w+_score|score|roc_curve|precision_recall_curve|confusion_matrix|classification_report"
        r"|mean_(?:absolute|squared|pinball)\w*|log_loss|\w*_error|brier_\w+|cross_val_\w+"
    ),
}
_DEFINED = {  # how a function's own name says it
    "data": re.compile(r"(?:load|read|get|fetch|query|extract|download|save)_"),
    "features": re.compile(r"(?:build|make|add|compute|prepare|clean|encode|feature)\w*"),
    "model": re.compile(r"(?:fit|train|predict|tune)\w*"),
    "metrics": re.compile(r"(?:score|evaluate|metric|measure|recall|precision|smape|wape)\w*"),
}
_SQL = re.compile(r"(?is)\bselect\b.{1,2000}\bfrom\b")
_MAGIC = re.compile(r"^\s*[%!?].*$|^.*\?\s*$", re.M)


def plan(cells: list[dict[str, str]]) -> dict[str, object]:
    """The numbers of code cells (from 1, as they stand) by the module that they belong into."""
    warnings.simplefilter("ignore")
    found: dict[str, list[int]] = {}
    code = [n for n, cell in enumerate(cells, start=1) if cell.get("kind") == "code"]
    for number in code:
        kind = _kind(str(cells[number - 1].get("source", "")))
        if kind:
            found.setdefault(kind, []).append(number)
    return {"code": len(code), "modules": [[kind, numbers] for kind, numbers in found.items()]}


def _kind(source: str) -> str | None:
    if source.lstrip().startswith("%%"):
        return "data" if _SQL.search(source) else None
    try:
        tree = ast.parse(_MAGIC.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    weights = Counter(_signs(tree))
    best = max(weights.values(), default=0)
    return next((kind for kind in KINDS if best and weights[kind] == best), None)


def _signs(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _kinds(_CALLS, _name(node.func))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from [*_kinds(_DEFINED, node.name)] * 3  # a name says more than a call
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ["data"] if _SQL.search(node.value) else []
        elif isinstance(node, ast.Assign):  # frame["column"] = ...
            yield from ["features" for t in node.targets if isinstance(t, ast.Subscript)]


def _kinds(signs: dict[str, re.Pattern[str]], name: str) -> Iterator[str]:
    return (kind for kind, pattern in signs.items() if pattern.fullmatch(name))


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
