"""The numbers that a text and a grader share: written once, filled into the text."""

import json
import re
from typing import Any, Final

from graders.quest import Language, Quest
from graders.texts import param_type, show

FILES: Final = ("exact.json", "calibration.json")
_SLOT: Final = re.compile(
    r"\{\{\s*(?P<key>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)(?:\s*\|\s*(?P<kind>[a-z0-9()]+))?\s*\}\}"
)


class UnknownNumber(LookupError):
    """A text names a number that is in none of the quest's files."""


def with_numbers(text: str, quest: Quest, language: Language) -> str:
    """The text with every ``{{ dotted.key }}`` or ``{{ dotted.key|percent }}`` filled in.

    Raises UnknownNumber, naming the key: a brief never shows a hole.
    """
    if "{{" not in text:
        return text
    numbers = _numbers(quest)

    def fill(match: re.Match[str]) -> str:
        value = _look_up(numbers, match["key"])
        kind = param_type(match["kind"]) if match["kind"] else None
        return show(value, kind, language)

    return _SLOT.sub(fill, text)


def _numbers(quest: Quest) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in reversed(FILES):
        path = quest.folder / name
        if path.is_file():
            found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def _look_up(numbers: dict[str, Any], key: str) -> float | str:
    value: Any = numbers
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnknownNumber(f"{key} is in none of {', '.join(FILES)}")
    return value
