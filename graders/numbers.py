"""The numbers that texts and graders share: exact.json, calibration.json, and their slots."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILES: Final = ("exact.json", "calibration.json")
SLOT: Final = re.compile(
    r"\{\{\s*(?P<key>[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)(?:\s*\|\s*(?P<kind>[a-z0-9()]+))?\s*\}\}"
)


class UnknownNumber(LookupError):
    """A text names a number that is in none of the quest's files."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a text where a number goes: ``{{ key }}`` or ``{{ key|kind }}``."""

    line: int
    text: str
    key: str
    kind: str | None


def read_numbers(folder: Path) -> dict[str, Any]:
    """All numbers of a quest; those of exact.json win. Raises ValueError for what is no JSON."""
    found: dict[str, Any] = {}
    for name in reversed(FILES):
        path = folder / name
        if path.is_file():
            found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def look_up(numbers: dict[str, Any], key: str) -> float | str:
    """A number by its dotted key; ``{"value": x, "how": …}`` counts as x. Raises UnknownNumber."""
    value: Any = numbers
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnknownNumber(f"{key} is in none of {', '.join(FILES)}")
    return value


def slots(text: str) -> Iterator[Slot]:
    """The slots of a text, in order."""
    for match in SLOT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Slot(line=line, text=match[0], key=match["key"], kind=match["kind"])


def keys(numbers: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of all numbers."""
    for name, value in numbers.items():
        if isinstance(value, dict) and "value" not in value:
            yield from keys(value, f"{prefix}{name}.")
        elif isinstance(value, dict | int | float | str) and not isinstance(value, bool):
            yield f"{prefix}{name}"
