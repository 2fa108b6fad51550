"""Titles as sellers write them, and the same titles as they can be compared."""

import re
from typing import TypedDict

from matching.words import (
    ACCESSORY_OPENINGS,
    CYRILLIC_LOOKALIKES,
    RUSSIAN_WORDS,
    SUFFIXES,
    VARIANTS,
)


class Attrs(TypedDict):
    """What a title says of a product.

    Attributes:
        capacity: a number with its unit, `gb`, `g`, `ml` or `in`; None where none is written.
        color: the colour, kind or scent, in English; None where none is written.
        suffix: `pro`, `max`, `lite` or `plus`; None where none is written.
        numbers: all other numbers of the title, as text.
        accessory: whether this is something *for* the product that it names.
    """

    capacity: tuple[float, str] | None
    color: str | None
    suffix: str | None
    numbers: set[str]
    accessory: bool


_UNITS: dict[str, tuple[str, float]] = {
    "tb": ("gb", 1000.0), "тб": ("gb", 1000.0), "gb": ("gb", 1.0), "гб": ("gb", 1.0),
    "kg": ("g", 1000.0), "кг": ("g", 1000.0), "g": ("g", 1.0), "гр": ("g", 1.0), "г": ("g", 1.0),
    "l": ("ml", 1000.0), "л": ("ml", 1000.0), "ml": ("ml", 1.0), "мл": ("ml", 1.0),
    "inch": ("in", 1.0), "in": ("in", 1.0), "дюймов": ("in", 1.0), "дюйма": ("in", 1.0),
    '"': ("in", 1.0),
}  # fmt: skip
_MEASURE = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s*("
    + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
    + r")(?!\w)"
)
_GLUED = re.compile(r"^(\d+(?:\.\d+)?)(gb|g|ml|in)$")
_TOKEN = re.compile(r"\d+(?:\.\d+)?(?:gb|g|ml|in)\b|[^\W_]+")
_ACCESSORY = re.compile(rf"^(?:{'|'.join(map(re.escape, ACCESSORY_OPENINGS))})(?!\w)")
_TO_LATIN = str.maketrans({key: CYRILLIC_LOOKALIKES[key] for key in "асео"})


def normalize_title(s: str) -> str:
    """A title in one spelling: lower case, Latin words, units `gb`, `g`, `ml`, `in`.

    Letters that only look Latin become Latin in a word that has Latin letters or digits; Russian
    words of the dictionary become English; a number and its unit are glued, in the smaller unit;
    everything else that is no letter and no digit is a space. Doing it twice changes nothing.
    """
    measured = _MEASURE.sub(_measured, s.lower().replace("ё", "е"))
    words = (_word(token) for token in _TOKEN.findall(measured))
    return " ".join(word for word in words if word)


def extract_attrs(s: str) -> Attrs:
    """What a title says of capacity, colour, suffix and numbers, and whether it is an accessory."""
    words = normalize_title(s).split()
    capacities = [found for word in words if (found := _GLUED.match(word))]
    capacity = (float(capacities[0][1]), capacities[0][2]) if capacities else None
    return Attrs(
        capacity=capacity,
        color=next((word for word in words if word in VARIANTS), None),
        suffix=next((word for word in words if word in SUFFIXES), None),
        numbers={word for word in words if word.isdigit()},
        accessory=bool(_ACCESSORY.match(" ".join(words))),
    )


def _measured(found: re.Match[str]) -> str:
    """A number and its unit, glued and in the smaller unit."""
    unit, factor = _UNITS[found[2]]
    return f" {_plain(float(found[1].replace(',', '.')) * factor)}{unit} "


def _plain(value: float) -> str:
    """A number without a tail of zeros."""
    return f"{round(value, 3):f}".rstrip("0").rstrip(".")


def _word(token: str) -> str:
    """One word: look-alikes made Latin where something Latin stands beside, then translated."""
    if _GLUED.match(token):
        return token
    if any(char.isdigit() or "a" <= char <= "z" for char in token):
        token = token.translate(_TO_LATIN)
    return RUSSIAN_WORDS.get(token, token)
