"""Explain a code that `sim check` named: what it means, why it matters, how to mend it."""

from collections.abc import Iterator
from typing import Annotated, Literal

import typer
from rich.table import Table

from graders.explaining import Explained, register
from graders.faults import Level, did_you_mean
from graders.quest import Language
from simulator.cli.printing import Code, console

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "why": "Why",
        "mend": "Mend",
        "example": "For example",
        "error": "It stops a quest from being published.",
        "draft": "While the quest is `wip` it is a warning; later it stops the quest.",
        "warning": "A warning: worth a look, and never in the way.",
    },
    "ru": {
        "why": "Почему",
        "mend": "Что сделать",
        "example": "Например",
        "error": "С этим квест не опубликовать.",
        "draft": "Пока квест в статусе `wip`, это предупреждение; потом с этим не опубликовать.",
        "warning": "Предупреждение: стоит взглянуть, но не мешает.",
    },
}


def command(
    code: Annotated[str | None, typer.Argument(help="Such as M114; without it, all.")] = None,
    language: Annotated[Literal["en", "ru"], typer.Option(help="en or ru")] = "en",
) -> None:
    if code is None:
        _list(language)
        return
    name = code.upper()
    explained = register().get(name)
    if explained is None:
        console(stderr=True).print(f"there is no code {name}{did_you_mean(name, register())}")
        raise typer.Exit(Code.USAGE)
    for line in _told(name, explained, language):
        console().print(line, markup=False)


def _list(language: Language) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, explained in register().items():
        table.add_row(name, explained.title[language], _weight(explained))
    console().print(table)


def _told(name: str, explained: Explained, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    yield f"{name}  {explained.title[language]}"
    yield f"  {words[_weight(explained)]}"
    yield f"  {words['why']}: {explained.why[language]}"
    yield f"  {words['mend']}: {explained.mend[language]}"
    if explained.example:
        yield f"  {words['example']}:"
        yield from (f"    {line}" for line in explained.example.splitlines())


def _weight(explained: Explained) -> str:
    if explained.level is Level.WARNING:
        return "warning"
    return "draft" if explained.draft else "error"
