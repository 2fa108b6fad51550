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
from types import ModuleType
from typing import Annotated, Final

import typer

from simulator.cli.printing import Code
from simulator.wire.release import version

HOME: Final = Path(__file__).parent / "commands"
LEARNERS: Final = (  # a learner's day
    *("login", "pull", "test", "submit", "report", "diff", "hint", "sql", "doctor", "logout"),
)
_AUTHORS: Final = (  # an author's day; a command that is named nowhere comes after
    *("new", "check", "explain", "schema", "run", "verify", "preview", "calibrate", "publish"),
)
_ORDER: Final = (*LEARNERS, *_AUTHORS)
_WHOLE: Final = "pip install '.[site]'"  # in a checkout of the Simulator
_OURS: Final = ("simulator", "graders", "sandbox")
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
            module = _imported(name)
            app.command(name, help=module.__doc__, rich_help_panel=_panel(name))(module.command)
        else:
            app.command(name, help=_about(name), rich_help_panel=_panel(name))(_not_asked_for)
    return app


def names() -> list[str]:
    """The names of all commands, in the order in which a learner, then an author meets them."""
    found = [path.stem.replace("_", "-") for path in HOME.glob("[!_]*.py")]
    last = len(_ORDER)
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else last, name))


def _imported(name: str) -> ModuleType:
    """The module of a command; leaves with USAGE where packages of the full set are missing."""
    try:
        return importlib.import_module(f"simulator.cli.commands.{name.replace('-', '_')}")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in _OURS:
            raise
        typer.echo(
            f"`sim {name}` needs packages that are not installed here ({missing.name}): it is for "
            f"those who write quests. In a checkout of the Simulator: {_WHOLE}",
            err=True,
        )
        raise SystemExit(Code.USAGE) from None


def _panel(name: str) -> str:
    return "Learn" if name in LEARNERS else "Write quests"


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
    """Learn with the Simulator from a terminal; write, prove and publish its quests."""


def _not_asked_for() -> None:
    raise AssertionError("only the command that is asked for is run")


def _about(name: str) -> str:
    """The first line of a command's module, read without importing it."""
    text = (HOME / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
