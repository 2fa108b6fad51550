"""A fault as an author reads it: the place, the words, the lines around it, and the mend."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from graders.explaining import advice
from graders.faults import Fault, Level

_BEFORE = 1  # lines of context above the one that is meant
_LONGEST = 160
_BEFORE_CARET = 20


def shown(faults: Sequence[Fault], *, root: Path) -> Iterator[str]:
    """Every fault with its excerpt, paths as seen from `root`; one line counts them at the end."""
    for fault in faults:
        yield from told(fault, root=root)
        yield ""
    yield count(faults)


def told(fault: Fault, *, root: Path) -> Iterator[str]:
    """One fault: ``file:line:col CODE message``, its lines with a caret, and what to do."""
    word = " warning:" if fault.level is Level.WARNING else ""
    place = f"{relative(fault.path, root)}:{fault.line}:{fault.column}"
    yield f"{place} {fault.code}{word} {fault.message}"
    yield from _excerpt(fault)
    yield f"  mend: {advice(fault)}"


def count(faults: Sequence[Fault]) -> str:
    """How much there is to mend."""
    errors = sum(fault.level is Level.ERROR for fault in faults)
    warnings = len(faults) - errors
    files = len({fault.path for fault in faults})
    return f"{_many(errors, 'error')}, {_many(warnings, 'warning')} in {_many(files, 'file')}"


def relative(path: Path, root: Path) -> str:
    """A path as seen from a folder, where it is below it."""
    resolved = path.resolve()
    return (
        resolved.relative_to(root.resolve()).as_posix()
        if resolved.is_relative_to(root.resolve())
        else str(path)
    )


def _excerpt(fault: Fault) -> Iterator[str]:
    if not fault.path.is_file():
        return
    lines = fault.path.read_text(encoding="utf-8", errors="replace").splitlines()
    if fault.line > len(lines):
        return
    # A long line is shown from where the caret stands in it.
    start = 0 if fault.column + fault.width <= _LONGEST else fault.column - 1 - _BEFORE_CARET
    for number in range(max(1, fault.line - _BEFORE), fault.line + 1):
        own = start if number == fault.line else 0
        text = lines[number - 1].replace("\t", " ")[own : own + _LONGEST]
        yield f"  {number:>5} | {text}".rstrip()
    column = fault.column - 1 - start
    yield f"        | {' ' * column}{'^' * max(1, min(fault.width, _LONGEST - column))}"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
