"""Where the code is: modules and not notebooks, and every module can be imported."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from graders.checking import Check
from graders.failures import Ended, Fail
from graders.production.making import Needs, is_looked_at, ready
from graders.production.reading import in_form
from graders.results import Location, Param, Phase, Severity
from graders.workspace import Workspace
from sandbox.interface import SandboxError, Stopped

SECONDS_TO_IMPORT = 5.0
_INSIDE = Path(__file__).parent.parent / "inside"
_WORDS = ("one", "two", "three", "four")


class _Plan(BaseModel):
    model_config = ConfigDict(frozen=True)
    code: int
    modules: list[tuple[str, list[int]]]


class _Trouble(BaseModel):
    """What the room tells of an import: a claim of the learner's process."""

    model_config = ConfigDict(strict=True, frozen=True)
    module: str
    error: str = ""
    path: str = ""
    line: int = 0
    seconds: float = 0.0


def package_layout(
    *,
    points: float,
    files: Sequence[str] = (),
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Logic is in modules: `files` are there, the package is one, no notebook carries it.

    A notebook with logic is answered with the cells that belong into each module; one that only
    shows something is let through. Reasons: files_missing, notebooks (which cannot be read as
    code), split_in_one to split_in_four.

        in_place = production.package_layout(points=2, files=["churn/data.py"])
    """

    def judge(work: Workspace) -> None:
        package = work.quest.package
        wanted = [f"{package}/__init__.py", *files]
        missing = [path for path in wanted if path not in work.files]
        notebooks = work.matching("*.ipynb")
        for notebook in notebooks:
            _must_only_show(work, notebook, files)
        if missing:
            raise Fail("files_missing", {"path": missing[0], "missing": len(missing)})

    return ready("package_layout", judge, points=points, severity=severity, needs=needs)


def imports(
    *,
    points: float,
    seconds: float = SECONDS_TO_IMPORT,
    severity: Severity = Severity.BLOCKER,
    needs: Needs = (),
) -> Check:
    """Every module of the package that is due can be imported, and none works while it is.

    A module that takes longer than `seconds` reads or trains at import. Public phase: this runs
    the project. Reasons: import_failed, import_works.

        whole = production.imports(points=0)
    """

    def judge(work: Workspace) -> None:
        modules = _modules(work)
        tool = (_INSIDE / "imports.py").read_bytes()
        with work.room() as room:
            room.upload({"_imports.py": tool})
            told = work.call(
                "_imports:first_trouble", modules, seconds, room=room, called=work.quest.package
            )
        if told is not None:
            _tell(work, told, modules)

    return ready(
        "imports", judge, points=points, severity=severity, needs=needs, phase=Phase.PUBLIC
    )


def _tell(work: Workspace, told: object, modules: Sequence[str]) -> None:
    """Fail for what the learner's process says; what is out of form is as bad as an error."""
    try:
        trouble = TypeAdapter(_Trouble).validate_python(told)
    except ValidationError:
        raise Fail("import_failed", {"module": work.quest.package, "error": "?"}) from None
    module = trouble.module if trouble.module in modules else work.quest.package
    if not trouble.error:
        raise Fail("import_works", {"module": module, "seconds": max(0.0, trouble.seconds)})
    known = 0 < trouble.line <= work.files.get(trouble.path, b"").count(b"\n") + 1
    place = (Location(path=trouble.path, line=trouble.line),) if known else ()
    raise Fail("import_failed", {"module": module, "error": trouble.error}, locations=place)


def _modules(work: Workspace) -> list[str]:
    """The modules of the package that are due, as Python names them; a command is none."""
    found = []
    for path in work.matching(f"{work.quest.package}/*.py"):
        parts = PurePosixPath(path).with_suffix("").parts
        if is_looked_at(work, path, package=True) and parts[-1] != "__main__":
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def _must_only_show(work: Workspace, notebook: str, files: Sequence[str]) -> None:
    """Fail, with what to split where, unless the notebook holds nothing to split."""
    plan = _plan(work, notebook)
    place = (Location(path=notebook),)
    if plan is None:
        raise Fail("notebooks", {"found": len(work.matching("*.ipynb"))}, locations=place)
    parts = [(_home(work, kind, files), numbers) for kind, numbers in plan.modules]
    if not parts:
        return
    facts: dict[str, Param] = {"path": notebook, "cells": plan.code}
    for word, (module, numbers) in zip(_WORDS, parts, strict=False):
        facts |= {word: module, f"{word}_cells": ranges(numbers)}
    raise Fail(f"split_in_{_WORDS[len(parts) - 1]}", facts, locations=place)


def _plan(work: Workspace, notebook: str) -> _Plan | None:
    """Which cells belong where; None for a notebook that is none, or is too much to read."""
    try:
        cells = work.notebook(notebook)
    except Fail:
        return None
    limits = work.rooms.limits
    with work.rooms.fresh({"_cells.py": (_INSIDE / "cells.py").read_bytes()}, data=None) as room:
        sent = [dict(cell) for cell in cells]
        returned = work.rooms.step(lambda: room.call("_cells:plan", sent, limits=limits))
    if returned.raised and returned.raised.type != "MemoryError":
        raise SandboxError(f"the tool cells failed: {returned.raised}")
    if not returned.ok:
        stopped = returned.stopped or Stopped.MEMORY
        raise Ended.of_limit(stopped, target=notebook, limits=limits)
    return in_form("cells", lambda: _Plan.model_validate(returned.value))


def _home(work: Workspace, kind: str, files: Sequence[str]) -> str:
    """The module for a kind of work: one of the contract with that name, or a new one."""
    named: Mapping[str, str] = {PurePosixPath(path).stem: path for path in files}
    return named.get(kind, f"{work.quest.package}/{kind}.py")


def ranges(numbers: Sequence[int]) -> str:
    """Whole numbers in few words: 1-3, 7."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
