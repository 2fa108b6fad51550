"""Numbers: what texts, checks and gates name, and what calibration has written down."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graders.checking import Check
from graders.faults import Fault, at_line, did_you_mean
from graders.inspecting.reading import text_of
from graders.marked import Marked
from graders.numbers import FILES
from graders.quest import Gate, Quest

_STATED = ("value", "baseline", "target", "pass", "merit")


def gate_faults(
    quest: Quest, marked: Marked, checks: Mapping[str, tuple[Check, ...]]
) -> Iterator[Fault]:
    """Gates without a check, and gates that calibration never wrote or wrote otherwise."""
    names = {check.name for found in checks.values() for check in found}
    if not all(checks.values()):
        names = set()  # some checks could not be read: nobody knows their names
    calibrated = read_json(quest.folder / "calibration.json")
    for number, gate in enumerate(quest.gates):
        where = ("gates", number)
        if names and gate.check not in names:
            message = f'there is no check "{gate.check}"{did_you_mean(gate.check, names)}'
            yield marked.fault((*where, "check"), "Q206", message, at_value=True)
        if gate.pass_ == gate.merit:
            message = f"{gate.metric}: pass and merit are the same, so nothing lies between"
            yield marked.fault((*where, "merit"), "N507", message, at_value=True)
        yield from _gate_fault(gate, marked, where, calibrated)


def number_faults(quest: Quest) -> Iterator[Fault]:
    """Files of numbers that are no JSON, and numbers that do not say where they come from."""
    for name in FILES:
        path = quest.folder / name
        if not path.is_file():
            continue
        try:
            data = json.loads(text_of(path))
        except json.JSONDecodeError as error:
            message = f"not JSON: {error.msg}"
            yield Fault(
                path=path, line=error.lineno, column=error.colno, code="N508", message=message
            )
            continue
        for key, entry in _entries(data):
            if not str(entry.get("how", "")).strip():
                last = key.rpartition(".")[2]
                yield at_line(
                    path,
                    _line_of(path, last),
                    "N506",
                    f"{key} does not say how it was obtained",
                    word=f'"{last}"',
                )


def read_json(path: Path) -> dict[str, Any]:
    """A file of numbers; empty where there is none, or none that can be read."""
    try:
        data = json.loads(text_of(path))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _gate_fault(
    gate: Gate, marked: Marked, where: tuple[str, int], calibrated: dict[str, Any]
) -> Iterator[Fault]:
    own = dict(_entries(calibrated))
    entries = [entry for key, entry in own.items() if key.split(".")[-1] == gate.metric]
    if not entries:
        message = f"calibration.json has no entry for {gate.metric}"
        hint = did_you_mean(gate.metric, {key.split(".")[-1] for key in own})
        yield marked.fault((*where, "metric"), "N505", message + hint, at_value=True)
        return
    said = [
        (name, entry[name]) for entry in entries for name in ("pass", "merit") if name in entry
    ]
    for name, value in said:
        stated = gate.pass_ if name == "pass" else gate.merit
        agreeing = [v for n, v in said if n == name and math.isclose(v, stated, abs_tol=1e-9)]
        if not agreeing:
            message = f"{gate.metric}: {name} is {stated:g} here and {value:g} in calibration.json"
            yield marked.fault((*where, name), "N505", message, at_value=True)
            return


def _entries(node: object, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry that states a number, by its dotted key."""
    if not isinstance(node, dict):
        return
    if prefix and any(isinstance(node.get(name), int | float) for name in _STATED):
        yield prefix, node
        return
    for name, value in node.items():
        yield from _entries(value, f"{prefix}.{name}" if prefix else str(name))


def _line_of(path: Path, key: str) -> int:
    lines = text_of(path).splitlines()
    return next((n for n, line in enumerate(lines, 1) if f'"{key}"' in line), 1)
