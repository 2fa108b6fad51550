"""Calibrate a quest: run its measurements, and propose what they say as a diff.

``calibration.json`` is written whole. Of ``quest.yaml`` the gates' `pass` and `merit` are, and
the limits of rooms that are too tight: number by number, so that comments and layout stay.
"""

import difflib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graders.quest import Quest
from graders.workshop.measuring import gates_of
from graders.workshop.workbench import build_runtime
from sandbox import runtimes

REPORT = "calibration.json"
_ROOT = Path(__file__).resolve().parents[2]
# Slowest accepted times this is what a limit must allow, and memory of the accepted times that.
TIME_SPARE, MEMORY_SPARE = 2.0, 1.5
_MEMORY_STEP = 256
_LIMITS = r"^limits:(?:[^\n]*?|(?:[ \t]*\n[ ]+[^\n]*?)*?)"  # on, in a line or in a block


class CannotCalibrate(Exception):
    """The measurement did not come to its end; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A file of the quest as it should be."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> list[str]:
        """The change, as patch reads it; nothing when there is none."""
        name = self.path.name
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm="", n=2
        )
        return list(lines)

    def write(self) -> None:
        """Make it so."""
        self.path.write_text(self.after, encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Used:
    """The most that the accepted works of a stage used in one step in a room."""

    stage: str
    wall_seconds: float
    cpu_seconds: float
    memory_mb: float


def measured(quest: Quest, *, home: Path, draws: int | None, scales: Sequence[str]) -> str:
    """The text of a new calibration.json; nothing where only some scales were asked for.

    Then the orderings have been checked. Raises CannotCalibrate, SandboxError.
    """
    with tempfile.TemporaryDirectory(prefix="calibrate-") as folder:
        out = Path(folder) / REPORT
        words = [sys.executable, "-m", "graders.workshop.measuring", str(quest.folder)]
        words += ["--out", str(out)]
        words += ["--draws", str(draws)] if draws else []
        words += ["--scales", *scales] if scales else []
        done = subprocess.run(  # noqa: S603 - our own
            words,
            env={**os.environ, "PYTHONPATH": _path(quest, home)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotCalibrate(done.stdout.strip() or "the measurement ended early")
        return out.read_text(encoding="utf-8") if out.is_file() else ""


def proposals(quest: Quest, report: str, used: Iterable[Used] = ()) -> list[Proposal]:
    """What follows for the files of the quest; only those that would change."""
    facts = quest.folder / "quest.yaml"
    numbers = quest.folder / REPORT
    known = numbers.read_text(encoding="utf-8") if numbers.is_file() else ""
    before = facts.read_text(encoding="utf-8")
    after = with_gates(before, gates_of(json.loads(report), quest)) if report else before
    after = with_limits(after, quest, list(used))
    found = [
        Proposal(path=numbers, before=known, after=report or known),
        Proposal(path=facts, before=before, after=after),
    ]
    return [one for one in found if one.before != one.after]


def with_gates(text: str, gates: Mapping[str, tuple[float, float]]) -> str:
    """quest.yaml with these gates' numbers, each in its place: in a line, or in a block."""
    for metric, numbers in gates.items():
        gate = rf"metric:\s*{re.escape(metric)}\b(?:(?!\bmetric:)[^}}])*?"
        for key, value in zip(("pass", "merit"), numbers, strict=True):
            text = _put(text, rf"{gate}\b{key}:\s*", value)
    return text


def with_limits(text: str, quest: Quest, used: Sequence[Used]) -> str:
    """quest.yaml with the quest's own limits raised to what the accepted works need."""
    stages = {stage.slug: stage for stage in quest.stages}
    mine = [needed(one) for one in used if stages[one.stage].limits is None]
    if not mine:
        return text
    for name in ("wall_seconds", "cpu_seconds", "memory_mb"):
        least = max(limits[name] for limits in mine)
        if least > getattr(quest.limits, name):
            text = _limited(text, name, least)
    return text


def _limited(text: str, name: str, value: float) -> str:
    """The text with one limit raised: in its place, else in `limits`, else in its own line."""
    raised = _put(text, rf"{_LIMITS}\b{name}:\s*", value)
    if raised != text:
        return raised
    more = f"{name}: {value:g}"
    for place, line in (
        (r"^limits: *\{", rf"\g<0>{more}, "),
        (r"^limits:\s*\n( +)", rf"\g<0>{more}\n\g<1>"),
        (r"^stages:", f"limits: {{{more}}}\nstages:"),
    ):
        if re.search(place, text, re.MULTILINE):
            return re.sub(place, line, text, count=1, flags=re.MULTILINE)
    return text


def _put(text: str, before: str, value: float) -> str:
    """The text with the first number that stands after a pattern replaced."""
    match = re.search(rf"(?:{before})([-\d.]+)", text, re.MULTILINE)
    return f"{text[: match.start(1)]}{value:g}{text[match.end(1) :]}" if match else text


def needed(used: Used) -> dict[str, float]:
    """The least limits that leave the accepted works their room."""
    return {
        "wall_seconds": _round(used.wall_seconds * TIME_SPARE),
        "cpu_seconds": _round(used.cpu_seconds * TIME_SPARE),
        "memory_mb": _MEMORY_STEP * math.ceil(used.memory_mb * MEMORY_SPARE / _MEMORY_STEP),
    }


def _round(seconds: float) -> float:
    """Up to a number that people would write: 1, 2, 5, 10, then tens."""
    for step in (1, 2, 5, 10):
        if seconds <= step:
            return step
    return 10 * math.ceil(seconds / 10)


def _path(quest: Quest, home: Path) -> str:
    """Where the child finds packages: those of the quest's runtime first, then ours."""
    build_runtime(quest.runtime, home)
    tree = runtimes.find(quest.runtime, home=home).tree
    packages = sorted(tree.glob("runtime/lib/python3*/site-packages"))
    return os.pathsep.join(str(path) for path in (*packages, _ROOT))
