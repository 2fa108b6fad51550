"""What all commands print with: one console, plain where nobody watches, and exit codes."""

import enum

from rich.console import Console


class Code(enum.IntEnum):
    """How a command ends; scripts and build machines read it."""

    DONE = 0
    TO_MEND = 1  # checks failed; for authors: a quest or a work does not do what it must
    USAGE = 2  # the command itself was wrong: no such folder, option or name
    NOT_GRADABLE = 3  # the work was refused before it was judged; no attempt is used up
    PLATFORM = 4  # no verdict: the site or the sandbox fell down, nobody is to blame
    NETWORK = 5  # the site does not answer; the same command goes on where it stopped


def console(*, stderr: bool = False) -> Console:
    """A console that wraps nothing: a line of a fault must stay one line, to be clicked on."""
    return Console(stderr=stderr, soft_wrap=True, highlight=False, emoji=False)
