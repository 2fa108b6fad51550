"""Find quests, read their quest.yaml and their checks, and refuse what is not well formed."""

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from graders.checking import Check
from graders.faults import Fault, QuestError, did_you_mean
from graders.forms import fill
from graders.marked import Marked, read_marked
from graders.messages import load_catalogue
from graders.quest import Quest, Stage
from graders.results import Phase
from graders.scanning import fault_at, lines_of, message_faults

# Read once a version of a quest: the digest is a part of the key.
_known: dict[tuple[Path, str], tuple[Check, ...]] = {}

_FULL = 100.0
_FILES = {"checks.py": Phase.PUBLIC, "hidden_checks.py": Phase.HIDDEN}


def find_quests(root: Path) -> list[Path]:
    """The folders below `root` that hold a quest."""
    return sorted(path.parent for path in root.glob("*/quest.yaml"))


def load_quest(folder: Path) -> Quest:
    """Read quest.yaml. Raises QuestError: file, line, column, what is wrong, the nearest word."""
    marked = read_marked(folder / "quest.yaml")
    quest = fill(Quest, marked, folder=folder.resolve(), digest=digest_of(folder))
    faults = list(_cross_faults(quest, marked))
    if faults:
        raise QuestError(faults)
    return quest


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of a quest's files."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.is_file() or any(part.startswith((".", "__pycache__")) for part in name.parts):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{name.as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def load_checks(quest: Quest, stage: Stage) -> tuple[Check, ...]:
    """The stage's checks, public before hidden, in the order of their files.

    Raises QuestError for a slip that can be seen without running: no checks, a name twice, an
    unknown need, a reason without a message.
    """
    folder = quest.stage_folder(stage)
    key = (folder, quest.digest)
    if key not in _known:
        checks = read_checks(folder, quest)
        faults = check_faults(folder, checks)
        faults += message_faults(folder, checks, load_catalogue(quest, stage))
        if faults:
            raise QuestError(faults)
        _known[key] = checks
    return _known[key]


def inspect(folder: Path, *, only: str | None = None) -> list[Fault]:
    """Everything that can be found wrong with a quest, or one stage, without running a work."""
    try:
        quest = load_quest(folder)
    except QuestError as error:
        return list(error.faults)
    faults: list[Fault] = []
    names: set[str] = set()
    for stage in quest.stages:
        if only not in (None, stage.slug):
            continue
        try:
            names |= {check.name for check in load_checks(quest, stage)}
        except QuestError as error:
            faults += error.faults
    if not faults and only is None:
        faults += _gate_faults(quest, names)
    return faults


def load_module(path: Path, *, name: str) -> ModuleType:
    """Load a trusted Python file by its path, under a name that no other file has."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise QuestError([Fault(path=path, line=1, column=1, code="L301", message="not Python")])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        fault = Fault(
            path=path,
            line=error.lineno or 1,
            column=error.offset or 1,
            code="C300",
            message=f"not Python: {error.msg}",
        )
        raise QuestError([fault]) from error
    except Exception as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        message = f"importing it raises {type(error).__name__}: {error}"
        fault = Fault(
            path=path, line=(lines[-1:] or [1])[0] or 1, column=1, code="C309", message=message
        )
        raise QuestError([fault]) from error
    return module


def read_checks(folder: Path, quest: Quest) -> tuple[Check, ...]:
    """The checks of a stage's folder as its files mark them. Raises QuestError, C300 or C309."""
    unique = f"_quest_{quest.slug}_{quest.digest[:12]}_{folder.name}".replace("-", "_")
    found: list[Check] = []
    for file, phase in _FILES.items():
        if not (folder / file).is_file():
            continue
        module = load_module(folder / file, name=f"{unique}_{file.removesuffix('.py')}")
        lines = lines_of(folder / file)
        found += [
            replace(mark, phase=mark.phase or phase, file=file, line=lines.get(name, 1))
            for name, mark in vars(module).items()
            if isinstance(mark, Check)
        ]
    return tuple(found)


def check_faults(folder: Path, checks: tuple[Check, ...]) -> list[Fault]:
    """What stops a grading: no checks at all, a name twice, a need that is no check."""
    if not checks:
        message = "there are no checks; mark a function with @check"
        path = folder / "checks.py"
        return [Fault(path=path, line=1, column=1, code="C303", message=message)]
    faults: list[Fault] = []
    names = [check.name for check in checks]
    for number, check in enumerate(checks):
        if names.index(check.name) != number:
            message = f"there are two checks named {check.name}"
            faults.append(fault_at(folder, check, "C304", message))
        for need in check.needs:
            if need not in names:
                message = f'{check.name} needs "{need}", which is no check'
                message += did_you_mean(need, names)
                faults.append(fault_at(folder, check, "C305", message, word=need))
    return faults


def _cross_faults(quest: Quest, marked: Marked) -> Iterator[Fault]:
    """What one key says about another."""
    slugs = [stage.slug for stage in quest.stages]
    for number, stage in enumerate(quest.stages):
        where = ("stages", number)
        if slugs.index(stage.slug) != number:
            yield marked.fault((*where, "slug"), "Q202", f'there are two stages "{stage.slug}"')
        for need in stage.requires:
            if need not in slugs[:number]:
                hint = did_you_mean(need, slugs[:number])
                message = f'stages[{number}].requires: no earlier stage "{need}"{hint}'
                yield marked.fault((*where, "requires"), "Q203", message, word=need)
        if not 0 <= stage.pass_ <= stage.merit <= _FULL:
            yield marked.fault((*where, "pass"), "Q204", "0 <= pass <= merit <= 100 must hold")
    if quest.grading_scale not in quest.scales:
        hint = did_you_mean(quest.grading_scale, quest.scales)
        yield marked.fault(
            ("grading_scale",), "Q205", f'there is no scale "{quest.grading_scale}"{hint}'
        )


def _gate_faults(quest: Quest, names: set[str]) -> Iterator[Fault]:
    marked = read_marked(quest.folder / "quest.yaml")
    for number, gate in enumerate(quest.gates):
        if gate.check not in names:
            hint = did_you_mean(gate.check, names)
            yield marked.fault(
                ("gates", number, "check"), "Q206", f'there is no check "{gate.check}"{hint}'
            )
