"""What all commands print with: one console, plain where nobody watches, and exit codes."""

import enum
import tomllib
from pathlib import Path
from typing import Final

from rich.console import Console

_ROOT: Final = Path(__file__).resolve().parents[2]


class Code(enum.IntEnum):
    """How a command ends; scripts and build machines read it."""

    DONE = 0
    TO_MEND = 1  # the quest is not well formed, or a work does not do what it must
    USAGE = 2  # the command itself was wrong: no such folder, option or name
    PLATFORM = 3  # no verdict: the sandbox fell down, nobody is to blame


def console(*, stderr: bool = False) -> Console:
    """A console that wraps nothing: a line of a fault must stay one line, to be clicked on."""
    return Console(stderr=stderr, soft_wrap=True, highlight=False, emoji=False)


def version() -> str:
    """The version of the Simulator."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
