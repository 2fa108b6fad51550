"""The numbers that a text and a grader share: written once, filled into the text."""

import re

from graders.numbers import SLOT, UnknownNumber, look_up, read_numbers
from graders.quest import Language, Quest
from graders.texts import param_type, show

__all__ = ["UnknownNumber", "with_numbers"]


def with_numbers(text: str, quest: Quest, language: Language) -> str:
    """The text with every ``{{ dotted.key }}`` or ``{{ dotted.key|percent }}`` filled in.

    Raises UnknownNumber, naming the key: a brief never shows a hole.
    """
    if "{{" not in text:
        return text
    numbers = read_numbers(quest.folder)

    def fill(match: re.Match[str]) -> str:
        value = look_up(numbers, match["key"])
        kind = param_type(match["kind"]) if match["kind"] else None
        return show(value, kind, language)

    return SLOT.sub(fill, text)
