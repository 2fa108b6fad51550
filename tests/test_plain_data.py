"""Nothing of ours brings a stranger's bytes to life: no unpickling, no eval, no parser here."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# `inside` and `agent` travel into rooms; starters and works of quests run nowhere else.
INSIDE = {"inside", "agent", "simkit", "starter", "reference", "mistakes", "cheats", "variants",
          "bugs", "driver", "migrations"}  # fmt: skip
ALIVE = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "torch",
    "keras", "tensorflow", "onnx", "jsonpickle", "xmlrpc", "skops", "tarfile",
}  # fmt: skip
CALLS = {"read_pickle", "to_pickle", "unsafe_load", "full_load", "extractall", "unpack_archive"}
PARSERS = {
    "loads", "read_csv", "read_json", "read_parquet", "read_table", "read_feather", "read_excel",
    "open_file", "open_stream", "ParquetFile", "reader", "DictReader", "parse", "safe_load",
    "load",
}  # fmt: skip
HANDED_OVER = {"artifact", "read", "files"}  # of a Workspace or a room: a stranger's bytes


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT)
            if not INSIDE.intersection(place.parts):
                yield str(place), ast.parse(path.read_text(encoding="utf-8"))


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def alive(tree: ast.Module) -> Iterator[str]:
    """What in a module could run what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] in ALIVE)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ALIVE:
            yield str(node.module)
        if isinstance(node, ast.Call):
            yield from _alive_call(node)


def _alive_call(node: ast.Call) -> Iterator[str]:
    name = name_of(node.func)
    bare = isinstance(node.func, ast.Name)
    if name in CALLS or (bare and name in {"eval", "exec", "__import__"}):
        yield name
    for keyword in node.keywords:
        if keyword.arg == "allow_pickle" and not (
            isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        ):
            yield "allow_pickle"


def parsed_here(tree: ast.Module) -> Iterator[str]:
    """Where bytes of a learner's go straight into a parser."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in PARSERS:
            for inner in (n for argument in node.args for n in ast.walk(argument)):
                if (
                    isinstance(inner, ast.Call)
                    and isinstance(inner.func, ast.Attribute)
                    and inner.func.attr in HANDED_OVER
                    and isinstance(inner.func.value, ast.Name)
                    and inner.func.value.id in {"work", "room"}
                ):
                    yield f"{node.lineno}: {name_of(node.func)} of {inner.func.attr}"


def test_no_process_of_ours_can_bring_bytes_to_life() -> None:
    found = {
        f"{place}: {what}"
        for place, tree in sources("simulator", "graders", "sandbox", "quests")
        for what in alive(tree)
    }
    # A quest's own checks are ours: loading executes them, from our repository. A bundle is
    # written by its author's command; names and bytes are compared, nothing is unpacked. A kept
    # quest was packed by our own process from that repository, and counts only with its digest.
    assert found <= {
        "graders/loading.py: exec",
        "graders/workshop/bundles.py: tarfile",
        "simulator/catalog/archives.py: extractall",
    }


def test_no_check_parses_what_a_learner_left_outside_a_room() -> None:
    found = [
        f"{place}:{where}"
        for place, tree in sources("graders", "quests")
        for where in parsed_here(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "import torch.serialization",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "pd.read_pickle(path)",
        "yaml.unsafe_load(text)",
        "archive.extractall()",
        "eval(text)",
    ],
)
def test_the_look_for_living_bytes_sees_them(text: str) -> None:
    assert list(alive(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["json.loads(work.artifact('a'))", "pd.read_csv(io.BytesIO(room.read('a')))"]
)
def test_the_look_for_parsers_sees_them(text: str) -> None:
    assert list(parsed_here(ast.parse(text)))


def test_the_linter_refuses_the_same_imports() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    banned = settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert {"pickle", "joblib"} <= set(banned)
