"""Story, briefs, hints and lessons: there in every language, of one shape, with known numbers."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graders.faults import Fault, at_line, did_you_mean
from graders.forms import LANGUAGES
from graders.inspecting.calibration import read_json
from graders.inspecting.reading import text_of
from graders.numbers import FILES, UnknownNumber, keys, look_up, slots
from graders.quest import Language, Quest
from graders.texts import param_type

PLACEHOLDER: Final = "✎"
_HEADING: Final = re.compile(r"^(?P<marks>#{1,6})\s+(?P<title>.+?)\s*$")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_LINK: Final = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)")
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\(|<img\b", re.I)
_TAG: Final = re.compile(r"<(?!https?:)/?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.I)
_LEVEL: Final = re.compile(r"H(?P<number>[1-9])\b")
_READ_A_MINUTE: Final = 200  # words of a text with code in it, slowly
_LONGEST_LESSON: Final = 5  # minutes


@dataclass(frozen=True, kw_only=True)
class _Heading:
    line: int
    level: int
    title: str


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A Markdown file, its code set aside."""

    path: Path
    text: str
    lines: tuple[str, ...]  # empty where a line is code
    blocks: int  # fenced blocks of code

    @property
    def headings(self) -> list[_Heading]:
        found = ((n, _HEADING.match(line)) for n, line in enumerate(self.lines, 1))
        return [
            _Heading(line=n, level=len(match["marks"]), title=match["title"])
            for n, match in found
            if match
        ]


def prose_faults(quest: Quest, only: str | None) -> Iterator[Fault]:
    """Faults of every text of a quest, or of one stage's."""
    numbers: dict[str, Any] = {}
    for name in reversed(FILES):
        numbers |= read_json(quest.folder / name)
    for stage in quest.stages:
        if only in (None, stage.slug):
            folder = quest.stage_folder(stage)
            yield from _pair_faults(quest, folder, "brief", numbers, needed=True)
            yield from _pair_faults(quest, folder, "hints", numbers, needed=True)
    if only is None:
        yield from _pair_faults(quest, quest.folder, "story", numbers, needed=True)
        for name in sorted({p.name.split(".")[0] for p in quest.folder.glob("lessons/*.md")}):
            yield from _pair_faults(quest, quest.folder / "lessons", name, numbers, needed=True)


def _pair_faults(
    quest: Quest, folder: Path, name: str, numbers: dict[str, Any], *, needed: bool
) -> Iterator[Fault]:
    texts: dict[Language, _Text] = {}
    for language in LANGUAGES:
        path = folder / f"{name}.{language}.md"
        text = text_of(path)
        if text.strip():
            texts[language] = _read(path, text)
        elif needed:
            state = "is empty" if path.is_file() else "is missing"
            yield Fault(path=path, line=1, column=1, code="T601", message=f"the text {state}")
    for text_ in texts.values():
        yield from _own_faults(quest, text_, numbers)
        yield from _hint_faults(text_) if name == "hints" else ()
        yield from _length_faults(text_) if folder.name == "lessons" else ()
    if len(texts) == len(LANGUAGES):
        yield from _shape_faults(texts["en"], texts["ru"])


def _read(path: Path, text: str) -> _Text:
    lines, inside, blocks = [], False, 0
    for line in text.splitlines():
        fence = _FENCE.match(line)
        blocks += bool(fence) and not inside
        lines.append("" if inside or fence else line)
        inside = inside != bool(fence)
    return _Text(path=path, text=text, lines=tuple(lines), blocks=blocks)


def _own_faults(quest: Quest, text: _Text, numbers: dict[str, Any]) -> Iterator[Fault]:
    """What one text says that cannot be shown."""
    for slot in slots(text.text):
        try:
            look_up(numbers, slot.key)
        except UnknownNumber:
            hint = did_you_mean(slot.key, keys(numbers))
            message = f"there is no number {slot.key}{hint}"
            yield at_line(text.path, slot.line, "N501", message, word=slot.text)
        yield from _kind_faults(text.path, slot.line, slot.text, slot.kind)
    lessons = {path.name.split(".")[0] for path in quest.folder.glob("lessons/*.md")}
    for number, line in enumerate(text.lines, 1):
        prose = re.sub(r"`[^`]*`", lambda match: " " * len(match[0]), line)
        if PLACEHOLDER in prose:
            yield at_line(text.path, number, "T607", "a note to the author is left", word="✎")
        yield from _link_faults(text.path, number, prose, lessons)
        raw = _IMAGE.search(prose) or _TAG.search(prose)
        if raw:
            message = f"{raw[0].strip()} is shown as text or not at all"
            yield at_line(text.path, number, "T605", message, word=raw[0])


def _kind_faults(path: Path, line: int, word: str, kind: str | None) -> Iterator[Fault]:
    try:
        param_type(kind or "int")
    except ValueError as error:
        yield at_line(path, line, "N502", str(error), word=word)


def _link_faults(path: Path, number: int, line: str, lessons: set[str]) -> Iterator[Fault]:
    for match in _LINK.finditer(line):
        target = match["target"]
        slug = re.search(r"(?:^|/)lessons/([a-z0-9-]+)", target)
        if slug and slug[1] not in lessons:
            message = f'there is no lesson "{slug[1]}"{did_you_mean(slug[1], lessons)}'
            yield at_line(path, number, "T604", message, word=target)
        elif not slug and not re.match(r"https?://|mailto:|#|/", target):
            message = f"the link {target} leads nowhere on the site"
            yield at_line(path, number, "T604", message, word=target)


def _shape_faults(en: _Text, ru: _Text) -> Iterator[Fault]:
    """Where the two languages do not tell the same."""
    for ours, theirs in itertools.zip_longest(en.headings, ru.headings):
        if ours and theirs and ours.level == theirs.level:
            continue
        place = theirs or ours
        path = ru.path if theirs else en.path
        other = f'"{(ours if theirs else theirs) and (ours if theirs else theirs).title}"'
        message = f'the heading "{place.title}" has no counterpart in the other language'
        if ours and theirs:
            message = f'the heading "{place.title}" stands where the other language has {other}'
        yield at_line(path, place.line, "T602", message, word=place.title)
        break
    yield from _slot_faults(en, ru)
    if en.blocks != ru.blocks:
        message = f"{ru.blocks} blocks of code here, {en.blocks} in {en.path.name}"
        yield at_line(ru.path, 1, "T609", message)


def _slot_faults(en: _Text, ru: _Text) -> Iterator[Fault]:
    for one, other in ((en, ru), (ru, en)):
        theirs = {slot.key for slot in slots(other.text)}
        for slot in slots(one.text):
            if slot.key not in theirs:
                message = f"{slot.text} is not in {other.path.name}"
                yield at_line(one.path, slot.line, "T603", message, word=slot.text)


def _hint_faults(text: _Text) -> Iterator[Fault]:
    """Hints climb: H1 where to look, H2 the idea, H3 the next step, H4 the same elsewhere."""
    steps = [heading for heading in text.headings if heading.level == 2]  # noqa: PLR2004
    if not steps:
        yield at_line(text.path, 1, "T606", "there are no hints: each begins with `## H1 …`")
    for number, heading in enumerate(steps, 1):
        found = _LEVEL.match(heading.title)
        if not found or int(found["number"]) != number:
            message = f'"{heading.title}": the hint here is H{number}'
            yield at_line(text.path, heading.line, "T606", message, word=heading.title)
            return


def _length_faults(text: _Text) -> Iterator[Fault]:
    minutes = len(text.text.split()) / _READ_A_MINUTE
    if minutes > _LONGEST_LESSON:
        message = f"about {minutes:.0f} minutes to read; a lesson has at most {_LONGEST_LESSON}"
        yield at_line(text.path, 1, "T608", message)
