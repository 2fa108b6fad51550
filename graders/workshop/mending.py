"""Mend what can be mended without a thought: words that were misspelt, quotes, missing files.

Only where there is one mend and it cannot change what anybody meant. What was done is told, so
that the author can look at it; everything else stays for them.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graders.faults import Fault, QuestError, nearer
from graders.inspecting import inspect_quest
from graders.inspecting.translations import FILE, read_known, texts_of, written
from graders.loading import load_quest
from graders.marked import read_marked

_ROUNDS: Final = 4  # a mended key shows the next fault
# Where the word next to it is what was meant: keys and values of YAML that name what is there.
_SURE: Final = (
    *("Q102", "Q105", "Q203", "Q205", "Q206", "Q207", "Q208", "Q215"),
    *("M111", "M120", "W401"),
)
_QUOTED: Final = re.compile(r'\\"(?P<words>[^"\\]+)\\"')  # in a text that is in quotes itself
_PLAIN: Final = re.compile(r'(?<!\\)"(?P<words>[^"\\]+)"')

_TEXT_ENDS: Final = re.compile(r"\s*(?:,\s*[a-z_]+:\s|\})")


@dataclass(frozen=True, kw_only=True)
class Mended:
    """One thing that was done."""

    path: Path
    line: int
    code: str
    what: str


def mend(folder: Path, *, all_match: bool = False) -> list[Mended]:
    """Mend a quest's folder and write down which texts belong together.

    `all_match` says that both languages of every text say the same now. Raises nothing for a
    quest that does not load: then what can be mended is.
    """
    done: list[Mended] = []
    for _ in range(_ROUNDS):
        found = list(_mended(folder, inspect_quest(folder)))
        done += found
        if not found:
            break
    return done + _remembered(folder, all_match=all_match)


def _mended(folder: Path, faults: Iterable[Fault]) -> Iterator[Mended]:
    """At most one mend a line and round: the next would look for its place in vain."""
    touched: set[tuple[Path, int]] = set()
    for fault in faults:
        if (fault.path, fault.line) in touched:
            continue
        what = next((told for way in _WAYS if (told := way(folder, fault))), "")
        if what:
            touched.add((fault.path, fault.line))
            yield Mended(path=fault.path, line=fault.line, code=fault.code, what=what)


def _a_nearer_word(_: Path, fault: Fault) -> str:
    """A key, a value, a name that is known by a word next to it."""
    word = nearer(fault)
    if not word or fault.code not in _SURE:
        return ""
    lines = fault.path.read_text(encoding="utf-8").splitlines(keepends=True)
    line, start = lines[fault.line - 1], fault.column - 1
    found = line[start : start + fault.width]
    bare = found.strip("\"'")
    if not bare or not any(form in fault.message for form in (f'"{bare}"', f"{bare} is not a")):
        return ""
    lines[fault.line - 1] = line[:start] + found.replace(bare, word) + line[start + fault.width :]
    fault.path.write_text("".join(lines), encoding="utf-8")
    return f"{bare} → {word}"


def _quotation_marks(_: Path, fault: Fault) -> str:
    """Russian texts are quoted «so», outside of code."""
    if fault.code != "M115":
        return ""
    lines = fault.path.read_text(encoding="utf-8").splitlines(keepends=True)
    line = lines[fault.line - 1]
    text = line[fault.column - 1 :]
    marks = _QUOTED if text.startswith('"') else _PLAIN
    outside = text.split("`")  # every second piece is code
    outside[::2] = [marks.sub(r"«\g<words>»", piece) for piece in outside[::2]]
    mended = "`".join(outside)
    if mended == text:
        return ""
    lines[fault.line - 1] = line[: fault.column - 1] + mended
    fault.path.write_text("".join(lines), encoding="utf-8")
    return "quotation marks"


def _a_comma_in_a_text(_: Path, fault: Fault) -> str:
    """A text between braces, up to the next key or the closing brace, is put into quotes."""
    if fault.code != "Q107":
        return ""
    lines = fault.path.read_text(encoding="utf-8").splitlines(keepends=True)
    line = lines[fault.line - 1]
    start = line.rfind(": ", 0, fault.column - 1) + 2
    end = _TEXT_ENDS.search(line, fault.column - 1)
    text = line[start : end.start()] if end else ""
    if start < 2 or not text or '"' in text:  # noqa: PLR2004 - none was found
        return ""
    lines[fault.line - 1] = f'{line[:start]}"{text}"{line[start + len(text) :]}'
    fault.path.write_text("".join(lines), encoding="utf-8")
    return "quoted"


def _an_empty_module(folder: Path, fault: Fault) -> str:
    if fault.code != "L302" or fault.path != folder.resolve() / "__init__.py":
        return ""
    fault.path.write_bytes(b"")
    return "written, empty"


def _an_identity(folder: Path, fault: Fault) -> str:
    """A quest without uuid gets one."""
    path = folder / "quest.yaml"
    if fault.code != "Q103" or not fault.message.startswith("uuid "):
        return ""
    text = path.read_text(encoding="utf-8")
    top = re.match(r"(?:[ \t]*(?:#.*)?\n)*", text)
    place = top.end() if top else 0
    path.write_text(f"{text[:place]}uuid: {uuid.uuid4()}\n{text[place:]}", encoding="utf-8")
    return "a uuid"


_WAYS: Final[tuple[Callable[[Path, Fault], str], ...]] = (
    _a_nearer_word,
    _quotation_marks,
    _a_comma_in_a_text,
    _an_empty_module,
    _an_identity,
)


def _remembered(folder: Path, *, all_match: bool) -> list[Mended]:
    """Write which texts belong together; nothing where the quest does not load."""
    try:
        quest = load_quest(folder)
        paths = [folder / "quest.yaml", *sorted(folder.glob("stages/*/messages.yaml"))]
        marks = [read_marked(path.resolve()) for path in paths]
    except QuestError:
        return []
    now, known = texts_of(quest, marks), read_known(quest.folder)
    text, path = written(now, known, all_match=all_match), quest.folder / FILE
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    path.write_text(text, encoding="utf-8")
    return [Mended(path=path, line=1, code="T611", what=f"{len(now)} texts remembered")]
