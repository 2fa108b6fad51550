"""Faults of a quest in the three forms that people, programs and build machines read."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from graders.excerpts import count, relative, told
from graders.explaining import advice
from graders.faults import Fault, Level

_ESCAPED = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


def as_text(faults: Sequence[Fault], *, root: Path, seconds: float) -> Iterator[str]:
    """Errors with their lines and the mend, warnings a line each, errors last: nearest the eye."""
    warnings = [fault for fault in faults if fault.level is Level.WARNING]
    errors = [fault for fault in faults if fault.level is Level.ERROR]
    for fault in warnings:
        yield next(told(fault, root=root))
    if warnings:
        codes = " ".join(dict.fromkeys(fault.code for fault in warnings))
        yield f"  mend: `sim explain CODE` says it for {codes}"
        yield ""
    for fault in errors:
        yield from told(fault, root=root)
        yield ""
    yield f"{count(faults)} ({seconds:.1f} s)"


def as_json(faults: Sequence[Fault], *, root: Path, seconds: float) -> Iterator[str]:
    """One JSON document; its keys are stable."""
    entries = [
        {
            "path": relative(fault.path, root),
            "line": fault.line,
            "column": fault.column,
            "width": fault.width,
            "code": fault.code,
            "level": fault.level.value,
            "message": fault.message,
            "mend": advice(fault),
        }
        for fault in faults
    ]
    yield json.dumps({"faults": entries, "seconds": round(seconds, 2)}, ensure_ascii=False)


def as_github(faults: Sequence[Fault], *, root: Path, seconds: float) -> Iterator[str]:
    """Annotations as GitHub's and compatible build machines read them, and one line of count."""
    for fault in faults:
        place = f"file={relative(fault.path, root)},line={fault.line},col={fault.column}"
        words = f"{fault.message}. {advice(fault)}".translate(_ESCAPED)
        yield f"::{fault.level.value} {place},title={fault.code}::{words}"
    yield f"{count(faults)} ({seconds:.1f} s)"
