"""What quest.yaml says against itself, and against the folder that it describes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graders.faults import Fault, did_you_mean
from graders.marked import Marked
from graders.quest import Quest, Table
from graders.works import read_files

_LOCKS: Final = Path(__file__).parents[2] / "requirements"
_NAME: Final = re.compile(r"[A-Za-z]\w*")
_TYPES: Final = frozenset(
    (
        *("UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int16", "Int32", "Int64"),
        *("Float32", "Float64", "Decimal", "Bool", "String", "FixedString", "UUID"),
        *("Date", "Date32", "DateTime", "DateTime64", "Enum8", "Enum16"),
        *("Nullable", "LowCardinality", "Array", "Map", "Tuple"),
    )
)
_MINUTES: Final = (5, 480)


def quest_faults(quest: Quest, marked: Marked) -> Iterator[Fault]:
    """Faults of the facts, each at its line of quest.yaml."""
    yield from _runtime_faults(quest, marked)
    for name, table in quest.tables.items():
        yield from _table_faults(quest, marked, name, table)
    yield from _stage_faults(quest, marked)
    if quest.folder.name.replace("_", "-") != quest.slug:
        message = f'the folder is called "{quest.folder.name}" and the slug is "{quest.slug}"'
        yield marked.fault(("slug",), "Q217", message, at_value=True)
    slugs = [person.slug for person in quest.people]
    for number, slug in enumerate(slugs):
        if slugs.index(slug) != number:
            where = ("people", number, "slug")
            yield marked.fault(where, "Q218", f'there are two people "{slug}"', at_value=True)


def _runtime_faults(quest: Quest, marked: Marked) -> Iterator[Fault]:
    # A runtime is what has a lock and a list of imports; where we are installed without, nobody
    # knows them here.
    known = {path.stem for path in _LOCKS.glob("*.preloads")}
    named: list[tuple[tuple[str | int, ...], str]] = [(("runtime",), quest.runtime)]
    named += [
        (("stages", number, "runtime"), stage.runtime)
        for number, stage in enumerate(quest.stages)
        if stage.runtime
    ]
    for where, runtime in named:
        if known and runtime not in known:
            message = f'there is no runtime "{runtime}"{did_you_mean(runtime, known)}'
            yield marked.fault(where, "Q207", message, at_value=True)


def _table_faults(quest: Quest, marked: Marked, name: str, table: Table) -> Iterator[Fault]:
    where = ("tables", name)
    for column in table.order_by:
        if column not in table.columns:
            message = f'{name}.order_by: no column "{column}"{did_you_mean(column, table.columns)}'
            yield marked.fault((*where, "order_by"), "Q208", message, word=column)
    named = set(_NAME.findall(table.partition_by or ""))
    if table.partition_by and not named & set(table.columns):
        message = f"{name}.partition_by names no column of the table"
        yield marked.fault((*where, "partition_by"), "Q208", message, at_value=True)
    for scale in table.rows:
        if scale not in quest.scales:
            message = f'{name}.rows: no scale "{scale}"{did_you_mean(scale, quest.scales)}'
            yield marked.fault((*where, "rows", scale), "Q209", message)
    for column, facts in table.columns.items():
        plain = re.sub(r"'[^']*'", "", facts.type)
        wrong = next((word for word in _NAME.findall(plain) if word not in _TYPES), None)
        if wrong:
            message = f'{name}.{column}: ClickHouse has no type "{wrong}"'
            message += did_you_mean(wrong, _TYPES)
            way = (*where, "columns", column, "type")
            yield marked.fault(way, "Q215", message, word=wrong)


def _stage_faults(quest: Quest, marked: Marked) -> Iterator[Fault]:
    files = read_files(quest.folder / "reference")
    for number, stage in enumerate(quest.stages):
        where = ("stages", number)
        if not _MINUTES[0] <= stage.estimate_minutes <= _MINUTES[1]:
            message = f"estimate_minutes: {_MINUTES[0]} to {_MINUTES[1]} minutes make a stage"
            yield marked.fault((*where, "estimate_minutes"), "Q210", message, at_value=True)
        for at, pattern in enumerate(stage.files):
            one = stage.model_copy(update={"files": (pattern,)})
            if files and not any(one.names(path) for path in files):
                message = f'{stage.slug}: no file of reference/ is called "{pattern}"'
                hint = did_you_mean(pattern, files) if len(pattern) > 1 else ""
                yield marked.fault(
                    (*where, "files", at), "Q212", message + _nearest(hint), word=pattern
                )


def _nearest(hint: str) -> str:
    return hint if "did you mean" in hint else ""
