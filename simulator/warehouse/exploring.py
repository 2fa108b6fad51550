"""Tell what a quest's tables are like, for the data explorer."""

import json
from dataclasses import dataclass
from typing import Any, get_args

from django.utils.translation import get_language

from graders.quest import Language, Quest
from simulator.warehouse.counting import COUNTED, Cell
from simulator.warehouse.filling import filled


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A value, or the beginning of a bin, with how many rows it has."""

    label: str
    count: int
    share: float  # of the tallest, from 0 to 1


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """A column: what quest.yaml says of it and what its values are like."""

    name: str
    type: str
    meaning: str
    unit: str
    null_share: float | None  # None where the type admits no empty value
    distinct: int
    low: str
    high: str
    shape: tuple[Bar, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """A table of the public dataset."""

    name: str
    meaning: str
    rows: int
    columns: tuple[ColumnFacts, ...]
    sample: tuple[tuple[Cell, ...], ...]


def tables(quest: Quest) -> tuple[TableFacts, ...]:
    """Return the facts of every table, in the page's language; none until the quest is filled."""
    datasets = filled(quest)
    path = datasets.public_folder / COUNTED if datasets else None
    if path is None or not path.is_file():
        return ()
    counted = json.loads(path.read_text(encoding="utf-8"))
    language = _language()
    return tuple(_told(quest, name, facts, language) for name, facts in counted.items())


def _language() -> Language:
    asked = (get_language() or "en")[:2]
    return next((known for known in get_args(Language) if known == asked), "en")


def _told(quest: Quest, name: str, facts: dict[str, Any], language: Language) -> TableFacts:
    table = quest.tables[name]
    return TableFacts(
        name=name,
        meaning=table.meaning[language],
        rows=facts["rows"],
        columns=tuple(
            ColumnFacts(
                name=column,
                type=declared.type,
                meaning=declared.meaning[language],
                unit=declared.unit[language] if declared.unit else "",
                **_where_empty(declared.type, facts["columns"][column]),
            )
            for column, declared in table.columns.items()
        ),
        sample=tuple(tuple(row) for row in facts["sample"]),
    )


def _where_empty(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what was counted; a column that cannot be empty has no share of empty values."""
    told = facts | {"shape": _bars(facts.get("shape", []))}
    return told if "Nullable" in kind else told | {"null_share": None}


def _bars(shape: list[list[Any]]) -> tuple[Bar, ...]:
    tallest = max((count for _, count in shape), default=0) or 1
    return tuple(Bar(label=label, count=count, share=count / tallest) for label, count in shape)
