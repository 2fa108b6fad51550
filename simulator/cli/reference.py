"""Write the learner's commands into docs/command.md, from what `sim --help` says.

``python -m simulator.cli.reference``; a test holds the page to it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer.main

from simulator.cli.app import LEARNERS, application

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "command.md"
_BLOCK: Final = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- /commands -->)", re.DOTALL)
_EVERYWHERE: Final = ("as_json", "plain")


def written(page: str) -> str:
    """The page with its block of commands as they are now."""
    return _BLOCK.sub(lambda _: "".join(_entries()), page)


def _entries() -> Iterator[str]:
    yield "`--json` and `--plain` are options of every command.\n\n"
    for name in LEARNERS:
        group = typer.main.get_command(application([name]))
        command = group.commands[name]  # type: ignore[attr-defined]
        context = command.make_context(f"sim {name}", [], resilient_parsing=True)
        usage = command.get_usage(context).removeprefix("Usage: ").strip()
        head, _, rest = (command.help or "").partition("\n")
        yield f"### `{' '.join(usage.split())}`\n\n{head.strip()}\n"
        yield from (f"\n{part}\n" for part in _paragraphs(rest))
        options = [
            f"* `{' / '.join(each.opts)}`: {each.help}\n"
            for each in command.params
            if each.name not in _EVERYWHERE and getattr(each, "help", None)
        ]
        yield "\n" * bool(options) + "".join(options) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        if part.strip():
            yield " ".join(part.split())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
