"""The quests on this machine: loaded once a process, kept by digest, shown as HTML."""

import functools
import logging
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.safestring import SafeString

from graders.faults import QuestError
from graders.loading import digest_of, find_quests, load_quest
from graders.quest import Language, Quest, Stage
from simulator.catalog import archives
from simulator.catalog.markdown import render, sections
from simulator.catalog.numbers import with_numbers

logger = logging.getLogger(__name__)

_lock: Final = threading.Lock()


class NoSuchQuest(KeyError):
    """No quest of that name or digest is here."""


@dataclass(frozen=True, kw_only=True)
class Hint:
    """One step of help, from a nudge to nearly the answer."""

    title: str
    body: SafeString


def all_quests() -> tuple[Quest, ...]:
    """Every quest that is well formed, by name.

    Read again after a change of its files when DEBUG is on.
    """
    found = (_load(folder) for folder in find_quests(Path(settings.QUESTS_DIR)))
    return tuple(quest for quest in found if quest is not None)


def get_quest(slug: str) -> Quest:
    """The quest of that name, as it is now. Raises NoSuchQuest."""
    for quest in all_quests():
        if quest.slug == slug:
            return quest
    raise NoSuchQuest(slug)


def keep(quest: Quest) -> None:
    """Keep a copy under the quest's digest: what is queued today is judged by today's quest."""
    archives.store(quest)
    home = _kept_folder(quest.slug, quest.digest)
    if home.is_dir():
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".new-") as folder:
        copy = Path(folder) / quest.slug
        shutil.copytree(quest.folder, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        if digest_of(copy) != quest.digest:
            raise RuntimeError(f"{quest.folder} changed while it was copied")
        try:
            copy.rename(home)
        except OSError:
            if not home.is_dir():  # else another process was first, with the same bytes
                raise


def kept(slug: str, *, digest: str) -> Quest:
    """The quest with exactly that digest. Raises NoSuchQuest when there is no copy of it."""
    home = _kept_folder(slug, digest)
    if not home.is_dir():
        archives.fetch(digest, into=home)
    return _kept(_kept_folder(slug, digest), digest)


def story_html(quest: Quest, language: Language) -> SafeString:
    """The quest's story."""
    return render(with_numbers(_read(quest.folder / f"story.{language}.md"), quest, language))


def brief_html(quest: Quest, stage: Stage, language: Language) -> SafeString:
    """What a stage asks for, its numbers filled in."""
    text = _read(quest.stage_folder(stage) / f"brief.{language}.md")
    return render(with_numbers(text, quest, language))


def lesson_html(quest: Quest, slug: str, language: Language) -> SafeString:
    """A short lesson. Raises NoSuchQuest when the quest has none of that name."""
    path = quest.folder / "lessons" / f"{slug}.{language}.md"
    if slug not in lessons(quest):
        raise NoSuchQuest(f"{quest.slug} has no lesson {slug}")
    return render(with_numbers(_read(path), quest, language))


def lessons(quest: Quest) -> frozenset[str]:
    """The names of a quest's lessons."""
    return frozenset(path.name.split(".")[0] for path in quest.folder.glob("lessons/*.md"))


def hints(quest: Quest, stage: Stage, language: Language) -> tuple[Hint, ...]:
    """A stage's hints, the mildest first; none when the author wrote none."""
    path = quest.stage_folder(stage) / f"hints.{language}.md"
    if not path.is_file():
        return ()
    text = with_numbers(_read(path), quest, language)
    return tuple(Hint(title=title, body=render(body)) for title, body in sections(text))


def starter(quest: Quest) -> dict[str, bytes]:
    """The project a learner begins with."""
    folder = quest.folder / "starter"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _kept_folder(slug: str, digest: str) -> Path:
    return Path(settings.SIM_HOME) / "quests" / digest / slug


def _load(folder: Path) -> Quest | None:
    """The quest in a folder; None, with a word in the log, for one that is not well formed."""
    try:
        with _lock:  # one thread reads, the others wait for what it read
            return _loaded(folder, _stamp(folder))
    except QuestError:
        logger.exception("the quest in %s is left out", folder)
        return None


@functools.lru_cache(maxsize=64)
def _loaded(folder: Path, stamp: float) -> Quest:
    del stamp  # a part of the key: a changed quest is read again
    return load_quest(folder)


@functools.lru_cache(maxsize=64)
def _kept(folder: Path, digest: str) -> Quest:
    if not folder.is_dir():
        raise NoSuchQuest(f"no quest is kept in {folder}")
    quest = load_quest(folder)
    if quest.digest != digest:
        raise NoSuchQuest(f"{folder} does not hold what its name says")
    return quest


def _stamp(folder: Path) -> float:
    """When the quest last changed; always 0 where files do not change under a running site."""
    if not settings.DEBUG:
        return 0.0
    return max(
        (Path(root) / name).stat().st_mtime
        for root, _, names in os.walk(folder)
        for name in names
        if not name.endswith(".pyc")
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
