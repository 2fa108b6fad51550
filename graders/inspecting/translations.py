"""Texts in two languages, of which one has changed since both were last said to say the same.

``translations.json`` of a quest remembers, for each text, the English and the Russian that
belonged together: ``sim check --fix`` writes it. A text is a section of a Markdown file, or a pair
``{en, ru}`` of a YAML file; it is known by what it says, so it may move within its file.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graders.faults import Fault, at_line
from graders.forms import LANGUAGES
from graders.inspecting.reading import text_of
from graders.marked import Marked
from graders.quest import Quest, Status

FILE: Final = "translations.json"
_HOW: Final = (
    "written by sim check --fix: the English and the Russian that were last said to match,"
    " by the first digits of their SHA-256"
)
_DIGITS: Final = 12
_HEADING: Final = re.compile(r"^#{1,6}\s", re.M)
_NAMES: Final = {"en": "English", "ru": "Russian"}
Pair = tuple[str, str]
Known = Mapping[str, frozenset[Pair]]  # by text: the file, without language and ending


@dataclass(frozen=True, kw_only=True)
class Said:
    """A text in both languages, as it is now."""

    text: str
    pair: Pair
    fault: Fault  # where the Russian stands, should it be the one left behind
    english: Fault


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A text of which one language has changed and the other has not."""

    said: Said
    before: Pair

    @property
    def behind(self) -> str:
        """The language that was left behind."""
        return "en" if self.said.pair[0] == self.before[0] else "ru"


def translation_faults(quest: Quest, marks: Sequence[Marked]) -> Iterator[Fault]:
    """Texts whose other language has changed, and texts that nobody has said to match."""
    now, known = texts_of(quest, marks), read_known(quest.folder)
    behind = stale(now, known)
    for one in behind:
        yield one.said.fault if one.behind == "ru" else one.said.english
    left = {one.said.pair for one in behind}
    new = [one for one in now if one.pair not in known.get(one.text, ()) and one.pair not in left]
    if new and quest.status is not Status.WIP:
        message = f"{len(new)} of {len(now)} texts are not in {FILE}"
        yield Fault(path=quest.folder / FILE, line=1, column=1, code="T611", message=message)


def texts_of(quest: Quest, marks: Sequence[Marked]) -> list[Said]:
    """Every text of a quest that stands in both languages; `marks` are its YAML files."""
    found = [one for path in _english(quest.folder) for one in _sections(quest, path)]
    for marked in marks:
        name = _name(quest, marked.path)
        found += [one for where in _pairs(marked.data, ()) for one in _value(marked, where, name)]
    return found


def stale(now: Iterable[Said], known: Known) -> list[Stale]:
    """The texts of which one language is as it was known, and the other is not."""
    said = list(now)
    here = {(one.text, one.pair) for one in said}
    found = []
    for one in said:
        if one.pair in known.get(one.text, ()):
            continue
        gone = (pair for pair in known.get(one.text, ()) if (one.text, pair) not in here)
        before = next((old for old in sorted(gone) if _half(old, one.pair)), None)
        if before is not None:
            found.append(Stale(said=one, before=before))
    return found


def read_known(folder: Path) -> Known:
    """What a quest's file remembers; nothing where there is none, or where it is none."""
    try:
        texts = json.loads(text_of(folder / FILE) or "{}").get("texts", {})
        return {
            text: frozenset((en, ru) for en, ru in (pair.split() for pair in pairs))
            for text, pairs in texts.items()
        }
    except (ValueError, AttributeError):
        return {}


def written(now: Sequence[Said], known: Known, *, all_match: bool) -> str:
    """The file's text for what is said now.

    Where one language was left behind, what was known stays, unless `all_match` is said.
    """
    behind = {one.said.pair: one.before for one in (() if all_match else stale(now, known))}
    texts: dict[str, set[str]] = {}
    for one in now:
        texts.setdefault(one.text, set()).add(" ".join(behind.get(one.pair, one.pair)))
    facts = {"how": _HOW, "texts": {text: sorted(texts[text]) for text in sorted(texts)}}
    return json.dumps(facts, indent=1) + "\n"


def _half(one: Pair, other: Pair) -> bool:
    return (one[0] == other[0]) != (one[1] == other[1])


def _english(folder: Path) -> list[Path]:
    patterns = ("story.en.md", "stages/*/brief.en.md", "stages/*/hints.en.md", "lessons/*.en.md")
    return [path for pattern in patterns for path in sorted(folder.glob(pattern))]


def _sections(quest: Quest, path: Path) -> Iterator[Said]:
    """The sections of a Markdown file and of its translation, where they are as many."""
    paths = [path.with_name(path.name.replace(".en.", f".{one}.")) for one in LANGUAGES]
    if not all(one.is_file() for one in paths):
        return
    cut = [_cut(text_of(one)) for one in paths]
    if len({len(sections) for sections in cut}) > 1:
        cut = [[(1, text_of(one))] for one in paths]
    for (line, en), (other, ru) in zip(*cut, strict=True):
        yield Said(
            text=_name(quest, path),
            pair=(_digest(en), _digest(ru)),
            fault=at_line(paths[1], other, "T610", _message("ru")),
            english=at_line(paths[0], line, "T610", _message("en")),
        )


def _cut(text: str) -> list[tuple[int, str]]:
    """Sections with the line that each begins in, what stands above the first heading too."""
    starts = [0, *(match.start() for match in _HEADING.finditer(text) if match.start())]
    ends = [*starts[1:], len(text)]
    return [
        (text.count("\n", 0, begin) + 1, text[begin:end])
        for begin, end in zip(starts, ends, strict=True)
    ]


def _pairs(node: Any, where: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - YAML
    """The ways to each ``{en, ru}`` of a YAML file."""
    if isinstance(node, list):
        for number, value in enumerate(node):
            yield from _pairs(value, (*where, number))
    elif isinstance(node, dict) and set(node) == set(LANGUAGES):
        if all(isinstance(text, str) for text in node.values()):
            yield where
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _pairs(value, (*where, key))


def _value(marked: Marked, where: tuple[str | int, ...], name: str) -> Iterator[Said]:
    node: Any = marked.data
    for step in where:
        node = node[step]
    yield Said(
        text=name,
        pair=(_digest(node["en"]), _digest(node["ru"])),
        fault=marked.fault((*where, "ru"), "T610", _message("ru"), at_value=True),
        english=marked.fault((*where, "en"), "T610", _message("en"), at_value=True),
    )


def _message(behind: str) -> str:
    other = "ru" if behind == "en" else "en"
    return f"the {_NAMES[other]} of this text has changed, the {_NAMES[behind]} has not"


def _name(quest: Quest, path: Path) -> str:
    return path.relative_to(quest.folder).as_posix().replace(".en.md", "")


def _digest(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:_DIGITS]
