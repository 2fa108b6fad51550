"""Start a quest, or a stage of one, from a template that works: its words are then made yours.

A template is itself a small quest that passes every check. Two words in it stand for the names
to come: ``new_quest`` (with a hyphen in slugs) and ``new_stage``.
"""

import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ruamel.yaml.nodes import SequenceNode

from graders import editors
from graders.marked import Marked, read_marked
from graders.quest import Quest

TEMPLATES: Final = Path(__file__).parent / "templates"
SLUG: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_NOTHING: Final = re.compile(r"(?!)")
_EXAMPLE: Final = re.compile(  # what the template has of its own example, beside its data
    r"(stages|lessons|variants|bugs|mistakes|cheats)/|calibration\.json|.*/(rule|test_rule)\.py"
)
_NO_UUID: Final = "00000000-0000-4000-8000-000000000000"


class CannotStart(Exception):
    """The quest or stage cannot be made; the message says why."""


def new_quest(slug: str, *, below: Path, stages: Sequence[str] = ()) -> Path:
    """Make the quest ``below/<slug>``: the example of two stages, or `stages` to be filled.

    Raises CannotStart.
    """
    for name in (slug, *stages):
        _good_slug(name)
    if len(set(stages)) != len(stages):
        raise CannotStart(f"a stage is named twice: {', '.join(stages)}")
    folder = below / slug.replace("-", "_")
    if folder.exists():
        raise CannotStart(f"{folder} is there already")
    words = {**_words("new-quest", slug), _NO_UUID: str(uuid.uuid4())}
    _copy(TEMPLATES / "quest", folder, words, but=_EXAMPLE if stages else _NOTHING)
    facts = folder / "quest.yaml"
    if stages:
        package = slug.replace("-", "_")
        text = facts.read_text(encoding="utf-8").partition("stages:\n")[0] + "stages:\n"
        for number, name in enumerate(stages, 1):
            text += "".join(f"  {line}\n" for line in _fill_stage(folder, package, number, name))
        facts.write_text(text, encoding="utf-8")
    for path in (facts, *folder.glob("stages/*/messages.yaml")):
        _name_schema(path, quest=folder)
    return folder


def new_stage(quest: Quest, slug: str) -> Path:
    """Add a stage at the end of a quest; its folder. Raises CannotStart."""
    _good_slug(slug)
    if slug in [stage.slug for stage in quest.stages]:
        raise CannotStart(f"{quest.slug} has a stage {slug} already")
    facts = read_marked(quest.folder / "quest.yaml")
    end, indent = _end_of_stages(facts)
    number = len(quest.stages) + 1
    added = [f"{indent}{line}" for line in _fill_stage(quest.folder, quest.package, number, slug)]
    text = "\n".join([*facts.lines[:end], *added, *facts.lines[end:]])
    (quest.folder / "quest.yaml").write_text(f"{text}\n", encoding="utf-8")
    folder = quest.folder / "stages" / f"{number:02d}_{slug}"
    _name_schema(folder / "messages.yaml", quest=quest.folder)
    return folder


def _fill_stage(quest: Path, package: str, number: int, slug: str) -> list[str]:
    """Write a stage's files into a quest; the lines that quest.yaml states of it."""
    words = {**_words("new-stage", slug), "new_quest": package}
    template = TEMPLATES / "stage"
    pairs = [(template / name, quest / name) for name in ("reference", "starter", "mistakes")]
    pairs += [(template / "stage", quest / "stages" / f"{number:02d}_{slug}")]
    for source, target in pairs:  # all or nothing
        _must_be_free(source, target, words)
    for source, target in pairs:
        _copy(source, target, words)
    facts = (template / "stage.yaml").read_text(encoding="utf-8")
    return _replaced(facts, words).splitlines()


def _good_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug):
        raise CannotStart(
            f'"{slug}" is no name: small letters, digits and hyphens, as in late-parcels'
        )


def _words(token: str, slug: str) -> dict[str, str]:
    return {token: slug, token.replace("-", "_"): slug.replace("-", "_")}


def _must_be_free(source: Path, target: Path, words: Mapping[str, str]) -> None:
    for _, place in _places(source, target, words):
        if place.exists():
            raise CannotStart(f"{place} is there already")


def _places(source: Path, target: Path, words: Mapping[str, str]) -> Iterator[tuple[Path, Path]]:
    """The files of a template and where each belongs."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and "__pycache__" not in name.parts:
            yield path, target / _replaced(name.as_posix(), words)


def _copy(
    source: Path, target: Path, words: Mapping[str, str], *, but: re.Pattern[str] = _NOTHING
) -> None:
    """Copy a template, its words replaced in names and texts."""
    for path, place in _places(source, target, words):
        if but.match(path.relative_to(source).as_posix()):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_replaced(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for token, word in words.items():
        text = text.replace(token, word)
    return text


def _name_schema(path: Path, *, quest: Path) -> None:
    """Put the line on top by which an editor finds the schema: ours, or a copy elsewhere."""
    schemas = editors.FOLDER.resolve()
    if not quest.resolve().is_relative_to(schemas.parents[1]):
        schemas = quest.resolve() / ".sim"
        editors.write(schemas)
    place = Path(os.path.relpath(schemas / f"{path.stem}.schema.json", path.parent.resolve()))
    text = path.read_text(encoding="utf-8")
    line = f"# yaml-language-server: $schema={place.as_posix()}"
    path.write_text(f"{line}\n{text}", encoding="utf-8")


def _end_of_stages(marked: Marked) -> tuple[int, str]:
    """The line after the last stage, and how far stages are indented. Raises CannotStart."""
    node = next(value for key, value in marked.root.value if key.value == "stages")
    if not isinstance(node, SequenceNode) or node.flow_style or not node.value:
        raise CannotStart("quest.yaml: write `stages` as a list of lines, each beginning with `-`")
    end = node.value[-1].end_mark.line
    # The mark stands where the next key begins: what is blank or a comment belongs to that.
    while not marked.lines[end - 1].strip() or marked.lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return end, " " * int(node.start_mark.column)
