"""Find the commands, and import only the one that is asked for: `sim --help` stays instant.

A command is a module of ``simulator/cli/commands`` with a function `command`, whose parameters
are Typer's; the first line of the module's docstring is its line in ``sim --help``.
"""

import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from simulator.cli.printing import version

HOME: Final = Path(__file__).parent / "commands"
_ORDER: Final = (  # an author's day; a command that is not named here comes after
    *("new", "check", "explain", "schema", "run", "verify", "preview", "calibrate", "publish"),
)
_COMPLETION: Final = "_TYPER_COMPLETE_ARGS"


def main() -> None:
    """Run the command that the arguments name. Leaves with its exit code."""
    # While a shell completes a line, the line is in the environment.
    words = os.environ.get(_COMPLETION, "").split()[1:] or sys.argv[1:]
    application(words)(prog_name="sim")


def application(words: Sequence[str]) -> typer.Typer:
    """The application, with the one command that `words` begin with imported."""
    wanted = next((word for word in words if not word.startswith("-")), None)
    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_sim)
    for name in names():
        if name == wanted:
            module = importlib.import_module(f"simulator.cli.commands.{name.replace('-', '_')}")
            app.command(name, help=module.__doc__)(module.command)
        else:
            app.command(name, help=_about(name))(_not_asked_for)
    return app


def names() -> list[str]:
    """The names of all commands, in the order in which an author meets them."""
    found = [path.stem.replace("_", "-") for path in HOME.glob("[!_]*.py")]
    last = len(_ORDER)
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else last, name))


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(version())
        raise typer.Exit


def _sim(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and leave.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Write, prove and publish quests of the Simulator."""


def _not_asked_for() -> None:
    raise AssertionError("only the command that is asked for is run")


def _about(name: str) -> str:
    """The first line of a command's module, read without importing it."""
    text = (HOME / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
