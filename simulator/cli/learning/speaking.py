"""How a learner's command speaks: a page for eyes, plain lines for a reader, JSON for programs.

What a command found goes to standard output, what it is doing to standard error. Colour is only
where a person watches and NO_COLOR is not set, and never the only sign.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from simulator.cli.learning import accounts
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import said
from simulator.cli.printing import Code, console
from simulator.wire import Tongue

INTERRUPTED: Final = 130
GLYPHS: Final = {
    "passed": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "failed": ("✗", "red"),
    "error": ("✗", "red"),
    "timeout": ("⏱", "red"),
    "limit": ("⏱", "red"),
    "skipped": ("⊘", "dim"),
    "broken": ("⚠", "yellow"),
}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]
Plain = Annotated[
    bool, typer.Option("--plain", help="Words instead of signs, for a screen reader.")
]


class Voice:
    """What a command says; one a command."""

    def __init__(self, *, as_json: bool = False, plain: bool = False) -> None:
        self.as_json = as_json
        self.plain = plain
        self.language: Tongue = accounts.language()
        self.out = console()
        self.err = console(stderr=True)

    def say(self, text: str = "", style: str = "") -> None:
        """A line of what was found; not where a program reads."""
        if not self.as_json:
            self._print(self.out, text, style)

    def aside(self, name: str, /, **params: object) -> None:
        """A sentence about what the command is doing."""
        self._print(self.err, said(name, self.language, **params), "dim")

    def words(self, name: str, /, **params: object) -> None:
        """A sentence of what was found."""
        self.say(said(name, self.language, **params))

    def give(self, document: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
        """The document that a program reads instead of the page."""
        if self.as_json:
            self.out.print(
                json.dumps(_plain_data(document), indent=1, ensure_ascii=False), markup=False
            )

    @contextmanager
    def busy(self, name: str, /, **params: object) -> Iterator[None]:
        """Say that something takes a while; a moving sign only where a person watches."""
        text = said(name, self.language, **params)
        if self.plain or not self.err.is_terminal:
            self._print(self.err, text, "dim")
            yield
            return
        with self.err.status(text):
            yield

    def failed(self, trouble: Trouble) -> None:
        """Say what stopped the command."""
        problem = {
            "problem": {
                "code": trouble.name,
                "message": trouble.sentence,
                "remedy": trouble.remedy,
                "exit_code": int(trouble.code),
            }
        }
        self.give(problem)
        self._print(self.err, trouble.sentence, "bold")
        if trouble.remedy:
            self._print(self.err, trouble.remedy, "")

    def _print(self, to: Console, text: str, style: str) -> None:
        to.print(Text(text, style="" if self.plain else style))


@contextmanager
def speaking(*, as_json: bool, plain: bool) -> Iterator[Voice]:
    """A voice for one command; trouble ends the command with its code."""
    try:
        voice = Voice(as_json=as_json, plain=plain)
    except Trouble as trouble:
        sys.stderr.write(f"{trouble.sentence}\n{trouble.remedy}\n")
        raise typer.Exit(trouble.code) from None
    try:
        yield voice
    except Trouble as trouble:
        voice.failed(trouble)
        raise typer.Exit(trouble.code) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def ending(*, good: bool) -> typer.Exit:
    """How a command ends that has a verdict."""
    return typer.Exit(Code.DONE if good else Code.TO_MEND)


def _plain_data(document: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, BaseModel):
        return document.model_dump(mode="json")
    if isinstance(document, dict):
        return document
    return [each.model_dump(mode="json") for each in document]
