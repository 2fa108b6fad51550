"""A quest's folder: what must be in it, what belongs nowhere, and what must never leave home."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graders.faults import Fault, at_line
from graders.inspecting.prose import PLACEHOLDER
from graders.inspecting.reading import parsed, syntax_fault, text_of
from graders.quest import Quest

_NEEDED: Final = ("__init__.py", "data.py")
_DATA: Final = ("PUBLIC_SEED", "generate", "hidden")
_TEXT: Final = frozenset(
    (".py", ".md", ".yaml", ".yml", ".json", ".sql", ".toml", ".txt", ".cfg", ".ini", ".sh", "")
)
_KNOWN: Final = (
    r"quest\.yaml|__init__\.py|data\.py|world\.py|calibrate\.py|(calibration|exact|translations)\.json",
    r"[A-Za-z_-]+\.md|story\.(en|ru)\.md",
    r"(starter|reference)/.+|(variants|bugs|mistakes|cheats)/[^/]+/.+",
    r"driver/[a-z_0-9]+\.py|lessons/[a-z0-9-]+\.(en|ru)\.md|(people|pictures)/[a-z0-9_-]+\.svg",
    r"stages/\d\d_[a-z0-9-]+/(checks|hidden_checks)\.py",
    r"stages/\d\d_[a-z0-9-]+/(messages\.yaml|(brief|hints)\.(en|ru)\.md)",
    r"\.sim/.+|.*\.schema\.json",
)
_ALLOWED: Final = re.compile("|".join(_KNOWN))
_SECRET: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[abp]-[A-Za-z0-9-]{20,}|\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"]{1,64}:[^\s:/@'\"{}<$]{3,128}@"
)
_ABSOLUTE: Final = re.compile(
    r"(?<![\w/.])(?:/(?:home|Users|root|mnt)/[\w.-]+|[A-Z]:\\\\?Users\\)"
)
_HOSTILE: Final = ("mistakes", "cheats")  # what is wrong on purpose


def folder_faults(quest: Quest) -> Iterator[Fault]:
    """Missing, idle and unsafe files."""
    for needed in _NEEDED:
        path = quest.folder / needed
        if not path.is_file():
            yield Fault(path=path, line=1, column=1, code="L302", message="the file is missing")
    yield from _data_faults(quest.folder / "data.py")
    yield from _stage_folders(quest)
    yield from _lesson_faults(quest)
    for path in sorted(quest.folder.rglob("*")):
        name = path.relative_to(quest.folder)
        if path.is_file() and not any(_left_behind(part) for part in name.parts):
            yield from _file_faults(quest, path, name)


def _data_faults(path: Path) -> Iterator[Fault]:
    tree = parsed(path)
    if tree is None:
        fault = syntax_fault(path, path.read_bytes()) if path.is_file() else None
        yield from [fault] if fault else []
        return
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.alias))
    names |= {
        node.id if isinstance(node, ast.Name) else node.asname or node.name for node in stored
    }
    for name in _DATA:
        if name not in names:
            message = f"data.py has no {name}"
            yield Fault(path=path, line=1, column=1, code="L314", message=message)


def _stage_folders(quest: Quest) -> Iterator[Fault]:
    known = {quest.stage_folder(stage) for stage in quest.stages}
    for folder in sorted((quest.folder / "stages").glob("*/")):
        if folder not in known and not _left_behind(folder.name):
            message = f"quest.yaml has no stage for stages/{folder.name}"
            yield Fault(path=folder, line=1, column=1, code="L310", message=message)
    numbers = [quest.stage_folder(stage).name for stage in quest.stages]
    if numbers != sorted(numbers):
        message = "the folders of the stages are not numbered in the order of quest.yaml"
        yield Fault(path=quest.folder / "stages", line=1, column=1, code="L311", message=message)


def _lesson_faults(quest: Quest) -> Iterator[Fault]:
    """Lessons that no message and no text leads to."""
    texts = [*quest.folder.glob("stages/*/messages.yaml"), *quest.folder.glob("stages/*/*.md")]
    texts += [*quest.folder.glob("lessons/*.md")]
    said = {path: text_of(path) for path in texts}
    for path in sorted(quest.folder.glob("lessons/*.en.md")):
        slug = path.name.split(".")[0]
        others = (text for other, text in said.items() if not other.name.startswith(f"{slug}."))
        if not any(re.search(rf"\b{re.escape(slug)}\b", text) for text in others):
            message = f"no message and no text leads to the lesson {slug}"
            yield Fault(path=path, line=1, column=1, code="L312", message=message)


def _file_faults(quest: Quest, path: Path, name: Path) -> Iterator[Fault]:
    if not _ALLOWED.fullmatch(name.as_posix()) and not _imported(quest, name):
        message = f"{name.as_posix()} is no part of a quest, and nothing reads it"
        yield Fault(path=path, line=1, column=1, code="L306", message=message)
    if path.suffix not in _TEXT or name.parts[0] in _HOSTILE:
        return
    text = text_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        secret = _SECRET.search(line)
        if secret:  # the value itself is not printed once more
            fault = at_line(path, number, "L307", "this looks like a secret", word=secret[0][:12])
            yield fault
        absolute = _ABSOLUTE.search(line)
        if absolute:
            message = f"{absolute[0]} is a path of one machine"
            yield at_line(path, number, "L308", message, word=absolute[0])
        if PLACEHOLDER in line and path.suffix in (".yaml", ".py"):
            yield at_line(path, number, "T607", "a note to the author is left", word=PLACEHOLDER)


def _imported(quest: Quest, name: Path) -> bool:
    """Whether a module beside data.py is named by another of the quest's own."""
    if len(name.parts) != 1 or name.suffix != ".py":
        return False
    word = re.compile(rf"\b{re.escape(name.stem)}\b")
    others = (path for path in quest.folder.glob("*.py") if path.name != name.name)
    return any(word.search(text_of(path)) for path in others)


def _left_behind(part: str) -> bool:
    return part == "__pycache__" or part.endswith("_cache") or part in (".git", ".DS_Store")
