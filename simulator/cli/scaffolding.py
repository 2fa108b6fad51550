"""Start a quest, or a stage of one, from a template that works: its words are then made yours.

A template is itself a small quest that passes every check. Two words in it stand for the names
to come: ``new_quest`` (with a hyphen in slugs) and ``new_stage``.
"""

import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ruamel.yaml.nodes import SequenceNode

from graders import editors
from graders.marked import Marked, read_marked
from graders.quest import Quest

TEMPLATES: Final = Path(__file__).parent / "templates"
SLUG: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_NO_UUID: Final = "00000000-0000-4000-8000-000000000000"


class CannotStart(Exception):
    """The quest or stage cannot be made; the message says why."""


def new_quest(slug: str, *, below: Path) -> Path:
    """Make the quest ``below/<slug>`` of two stages. Raises CannotStart."""
    _good_slug(slug)
    folder = below / slug.replace("-", "_")
    if folder.exists():
        raise CannotStart(f"{folder} is there already")
    words = {**_words("new-quest", slug), _NO_UUID: str(uuid.uuid4())}
    _copy(TEMPLATES / "quest", folder, words)
    facts = folder / "quest.yaml"
    facts.write_text(
        f"{_schema_line(folder)}\n{facts.read_text(encoding='utf-8')}", encoding="utf-8"
    )
    return folder


def new_stage(quest: Quest, slug: str) -> Path:
    """Add a stage at the end of a quest; its folder. Raises CannotStart."""
    _good_slug(slug)
    if slug in [stage.slug for stage in quest.stages]:
        raise CannotStart(f"{quest.slug} has a stage {slug} already")
    words = {**_words("new-stage", slug), "new_quest": quest.package}
    facts = _with_stage(read_marked(quest.folder / "quest.yaml"), _stage_lines(words))
    folder = quest.folder / "stages" / f"{len(quest.stages) + 1:02d}_{slug}"
    for name in ("reference", "starter", "mistakes"):
        _copy(TEMPLATES / "stage" / name, quest.folder / name, words)
    _copy(TEMPLATES / "stage" / "stage", folder, words)
    (quest.folder / "quest.yaml").write_text(facts, encoding="utf-8")
    return folder


def _good_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug):
        raise CannotStart(
            f'"{slug}" is no name: small letters, digits and hyphens, as in late-parcels'
        )


def _words(token: str, slug: str) -> dict[str, str]:
    return {token: slug, token.replace("-", "_"): slug.replace("-", "_")}


def _copy(source: Path, target: Path, words: Mapping[str, str]) -> None:
    """Copy a template, its words replaced in names and texts. What is there already stays."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if not path.is_file() or "__pycache__" in name.parts:
            continue
        place = target / _replaced(name.as_posix(), words)
        if place.exists():
            raise CannotStart(f"{place} is there already")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_replaced(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for token, word in words.items():
        text = text.replace(token, word)
    return text


def _schema_line(folder: Path) -> str:
    """The line by which an editor finds the schema: ours, or a copy where we are elsewhere."""
    ours, root = editors.FOLDER.resolve(), editors.FOLDER.resolve().parents[1]
    if folder.resolve().is_relative_to(root):
        place = Path(os.path.relpath(ours, folder.resolve()))
    else:
        editors.write(folder / ".sim")
        place = Path(".sim")
    return f"# yaml-language-server: $schema={(place / 'quest.schema.json').as_posix()}"


def _stage_lines(words: Mapping[str, str]) -> Iterator[str]:
    text = (TEMPLATES / "stage" / "stage.yaml").read_text(encoding="utf-8")
    yield from _replaced(text, words).splitlines()


def _with_stage(marked: Marked, lines: Iterator[str]) -> str:
    """The text of quest.yaml with a stage more at the end of its list. Raises CannotStart."""
    node = next(value for key, value in marked.root.value if key.value == "stages")
    if not isinstance(node, SequenceNode) or node.flow_style or not node.value:
        raise CannotStart("quest.yaml: write `stages` as a list of lines, each beginning with `-`")
    end = node.value[-1].end_mark.line
    while end and not marked.lines[end - 1].strip():  # the mark stands where the next key begins
        end -= 1
    while marked.lines[end - 1].lstrip().startswith("#"):
        end -= 1
    indent = " " * int(node.start_mark.column)
    added = [f"{indent}{line}".rstrip() for line in lines]
    return "\n".join([*marked.lines[:end], *added, *marked.lines[end:]]) + "\n"
