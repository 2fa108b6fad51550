"""The short lessons of a quest: what they are called, and what they say."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.safestring import SafeString, mark_safe

from graders.quest import Language, Quest
from simulator.catalog import quests

_HEADING: Final = re.compile(r"\A\s*<h2>.*?</h2>", re.DOTALL)
_TITLE: Final = re.compile(r"^#+\s+(?P<title>.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Title:
    """A lesson in a list."""

    slug: str
    title: str


def titles(quest: Quest, language: Language) -> tuple[Title, ...]:
    """Every lesson of a quest, by title."""
    found = (
        Title(slug=slug, title=_title(quest.folder / "lessons", slug, language, quest.digest))
        for slug in quests.lessons(quest)
    )
    return tuple(sorted(found, key=lambda lesson: lesson.title))


def body(quest: Quest, slug: str, language: Language) -> SafeString:
    """A lesson without its title, which is the page's own heading. Raises NoSuchQuest."""
    html = quests.lesson_html(quest, slug, language)
    return mark_safe(_HEADING.sub("", html, count=1))  # noqa: S308, a part of what was cleaned


@functools.lru_cache(maxsize=512)
def _title(folder: Path, slug: str, language: Language, digest: str) -> str:
    del digest  # a part of the key: a changed quest is read again
    text = (folder / f"{slug}.{language}.md").read_text(encoding="utf-8")
    heading = _TITLE.search(text)
    return heading["title"] if heading else slug.replace("-", " ").capitalize()
