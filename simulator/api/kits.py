"""What a quest can be played with at home: texts, open checks, lessons, and no hidden word.

A kit is laid out as a quest's folder is, so that the judge at home reads it as the site's does.
What is left out: the generator of the data, worlds, references, hidden checks with their
messages, and every number that no open text or check names.
"""

import ast
import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from graders.basis import judge_digest
from graders.datasets import Datasets
from graders.loading import load_checks
from graders.numbers import UnknownNumber, look_up, read_numbers
from graders.quest import Language, Quest, Stage
from simulator.attempts.drafts import write_zip
from simulator.attempts.trying import NoTables
from simulator.catalog.numbers import with_numbers
from simulator.warehouse.filling import filled
from simulator.wire import Kit, TableFile

DESCRIPTION: Final = "_dataset.json"
OPEN: Final = "checks.py"
_WHOLE: Final = ("starter", "driver")  # a room shows them to whoever works in it


def kit_of(quest: Quest) -> Kit:
    """What the kit holds and where its tables are. Raises NoTables."""
    datasets = _datasets(quest)
    return Kit(
        quest=quest.slug,
        version=quest.version,
        digest=quest.digest,
        judge=judge_digest(),
        dataset=datasets.public,
        tables=list(_files(datasets.public_folder)),
    )


def table_path(quest: Quest, name: str) -> Path | None:
    """Where a file of the public tables lies; None for a name that is none. Raises NoTables."""
    folder = _datasets(quest).public_folder
    return folder / name if name in {file.name for file in _files(folder)} else None


def kit_zip(quest: Quest) -> bytes:
    """The kit as an archive. The same quest packs to the same bytes."""
    return write_zip(dict(_contents(quest)))


def _contents(quest: Quest) -> Iterator[tuple[str, bytes]]:
    folder = quest.folder
    yield "quest.yaml", (folder / "quest.yaml").read_bytes()
    yield "exact.json", json.dumps(_open_numbers(quest), indent=1, ensure_ascii=False).encode()
    for name in _WHOLE:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path.read_bytes()
    for path in sorted([*folder.glob("story.*.md"), *folder.glob("lessons/*.md")]):
        yield path.relative_to(folder).as_posix(), _told(path, quest)
    for stage in quest.stages:
        yield from _stage(quest, stage)


def _stage(quest: Quest, stage: Stage) -> Iterator[tuple[str, bytes]]:
    place = quest.stage_folder(stage)
    below = place.relative_to(quest.folder).as_posix()
    for path in sorted(place.glob("brief.*.md")):
        yield f"{below}/{path.name}", _told(path, quest)
    if (place / OPEN).is_file():
        yield f"{below}/{OPEN}", (place / OPEN).read_bytes()
    yield f"{below}/messages.yaml", _messages(quest, stage)


def _messages(quest: Quest, stage: Stage) -> bytes:
    """The texts of the open checks alone: the others would tell what is looked for."""
    known = {check.name for check in load_checks(quest, stage) if check.file == OPEN}
    path = quest.stage_folder(stage) / "messages.yaml"
    texts = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
    kept = {name: said for name, said in texts.items() if name in known}
    return json.dumps(kept, indent=1, ensure_ascii=False).encode()  # JSON is YAML, too


def _told(path: Path, quest: Quest) -> bytes:
    """A text with its numbers filled in."""
    language: Language = "ru" if path.name.endswith(".ru.md") else "en"
    return with_numbers(path.read_text(encoding="utf-8"), quest, language).encode()


def _open_numbers(quest: Quest) -> dict[str, Any]:
    """The numbers that an open check names, without how they were obtained."""
    numbers = read_numbers(quest.folder)
    found: dict[str, Any] = {}
    for key in sorted(_named(quest)):
        try:
            value = look_up(numbers, key)
        except UnknownNumber:
            continue
        place = found
        *above, last = key.split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def _named(quest: Quest) -> set[str]:
    """Every literal of the open checks that could be a number's key."""
    return {
        node.value
        for path in quest.folder.glob(f"stages/*/{OPEN}")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _datasets(quest: Quest) -> Datasets:
    datasets = filled(quest)
    if datasets is None:
        raise NoTables
    return datasets


@functools.lru_cache(maxsize=32)  # a dataset's folder never changes
def _files(folder: Path) -> tuple[TableFile, ...]:
    """The tables and what describes them; what the site counted beside them stays here."""
    paths = [folder / DESCRIPTION, *sorted(folder.glob("*.parquet"))]
    return tuple(
        TableFile(name=path.name, size=path.stat().st_size, sha256=_sha256(path)) for path in paths
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
