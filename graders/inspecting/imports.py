"""What a quest's own Python imports: read, not run, so that nothing of a learner's is started."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import graders
from graders.faults import Fault, did_you_mean
from graders.inspecting.reading import parsed, syntax_fault
from graders.quest import Quest
from graders.works import read_files

_FILES: Final = ("checks.py", "hidden_checks.py")
_LIBRARIES: Final = ("numpy", "pandas", "pyarrow", "pydantic", "sklearn", "scipy")  # the judge has


def import_faults(quest: Quest, folder: Path) -> Iterator[Fault]:
    """Imports of a stage's checks that would run a learner's code, or are nowhere."""
    own = {
        path.split("/", 1)[0].removesuffix(".py")
        for path in read_files(quest.folder / "reference")
    }
    for file in _FILES:
        path = folder / file
        tree = parsed(path)
        if tree is None:
            fault = syntax_fault(path, path.read_bytes()) if path.is_file() else None
            yield from [fault] if fault else []
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for module in _modules(node):
                    yield from _fault(path, node, module, {quest.package, *own})
            if isinstance(node, ast.ImportFrom) and node.module == "graders":
                yield from _unknown_words(path, node)


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return ["." * node.level + (node.module or "")]


def _fault(path: Path, node: ast.stmt, module: str, learners: set[str]) -> Iterator[Fault]:
    top = module.split(".", 1)[0]
    if top in learners or top in ("starter", "reference", "driver"):
        message = f"{module} is a learner's code: ask for it with `work.call`, in a room"
        yield _at(path, node, "C310", message, module)
    elif top == "graders":
        if not _exists(module):
            hint = did_you_mean(module, _public_modules())
            yield _at(path, node, "C311", f"there is no module {module}{hint}", module)
    elif top not in sys.stdlib_module_names and top not in _LIBRARIES:
        known = ", ".join(_LIBRARIES)
        message = f"the judge has no {module}: it has graders, {known} and the standard library"
        yield _at(path, node, "C311", message, module)


def _unknown_words(path: Path, node: ast.ImportFrom) -> Iterator[Fault]:
    known = {*graders.__all__, *(name.removeprefix("graders.") for name in _public_modules())}
    for alias in node.names:
        if alias.name not in known and not _exists(f"graders.{alias.name}"):
            message = f"graders has no {alias.name}{did_you_mean(alias.name, known)}"
            yield _at(path, node, "C311", message, alias.name)


def _exists(module: str) -> bool:
    place = Path(graders.__file__).parent.joinpath(*module.split(".")[1:])
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _public_modules() -> set[str]:
    here = Path(graders.__file__).parent
    modules = [path for path in here.glob("*.py") if not path.stem.startswith("_")]
    packages = [path.parent for path in here.glob("*/__init__.py")]
    return {f"graders.{path.stem}" for path in (*modules, *packages)}


def _at(path: Path, node: ast.stmt, code: str, message: str, word: str) -> Fault:
    line = path.read_text(encoding="utf-8").splitlines()[node.lineno - 1]
    found = line.find(word)
    return Fault(
        path=path,
        line=node.lineno,
        column=(found if found >= 0 else node.col_offset) + 1,
        code=code,
        message=message,
        width=len(word) if found >= 0 else 1,
    )
