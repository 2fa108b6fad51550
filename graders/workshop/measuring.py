"""Measure a quest: ``python -m graders.workshop.measuring QUEST --out FILE``.

A process of its own, because it runs with the packages of the quest's runtime, and because the
quest's reference is imported as the package that it is. What is run is the author's own code.
"""

import argparse
import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from graders.calibration import Calibration, Ordering, Tree, summed
from graders.loading import load_module
from graders.quest import Quest

_SIMKIT = Path(__file__).resolve().parents[2] / "sandbox"
Say = Callable[[str], None]


class NotDeclared(Exception):
    """calibrate.py does not say what is measured; the message says what is missing."""


def main(argv: list[str] | None = None) -> int:
    """Measure and write; the result is the exit code: 1 where an ordering does not hold.

    With other scales than the quest's own, orderings are checked and nothing is written.
    """
    words = argparse.ArgumentParser(prog="python -m graders.workshop.measuring")
    words.add_argument("quest", type=Path)
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--draws", type=int)
    words.add_argument("--scales", nargs="+")
    asked = words.parse_args(argv)
    sys.path[:0] = [str(asked.quest.resolve() / "reference"), str(_SIMKIT)]
    try:
        declared = declared_in(asked.quest)
    except NotDeclared as reason:
        sys.stdout.write(f"{reason}\n")
        return 2
    draws = asked.draws or declared.draws
    scales = tuple(asked.scales or declared.scales)
    report, problems = measure(declared, scales=scales, draws=draws, say=_say)
    for problem in problems:
        sys.stdout.write(f"! {problem}\n")
    if not problems and scales == declared.scales:
        asked.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if problems else 0


def declared_in(quest: Path) -> Calibration:
    """What a quest's calibrate.py declares. Raises NotDeclared."""
    path = quest / "calibrate.py"
    if not path.is_file():
        raise NotDeclared(f"{path} is missing: it says what is measured (graders.calibration)")
    module = load_module(path, name=f"_calibrate_{quest.resolve().name}".replace("-", "_"))
    declared = getattr(module, "CALIBRATION", None)
    if not isinstance(declared, Calibration):
        raise NotDeclared(f"{path} declares no CALIBRATION (graders.calibration.Calibration)")
    return declared


def measure(
    declared: Calibration, *, scales: tuple[str, ...], draws: int, say: Say
) -> tuple[Tree, list[str]]:
    """The report for calibration.json, and the orderings that do not hold."""
    measured: dict[str, Tree] = {}
    problems: list[str] = []
    for scale in scales:
        say(f"{scale}: learning")
        learned = declared.learn(scale)
        found = []
        for draw in range(draws):
            say(f"{scale}: draw {draw + 1} of {draws}")
            found.append(declared.judge(learned, draw_key(draw), scale))
        measured[scale] = {**summed(found), **declared.facts(learned, found)}
        for ordering in _orderings(declared, scale):
            lines = ordering.problems(measured[scale], draws=draws)
            problems += [f"{scale}: {line}" for line in lines]
    report = {
        "how": f"written by sim calibrate: one training on public data, {draws} hidden draws",
        "versions": _versions(declared.packages),
        **declared.thresholds(measured),
        "measured": measured,
    }
    return report, problems


def draw_key(draw: int) -> bytes:
    """The secret that a draw's hidden data follow from: the same on every machine."""
    return hashlib.sha256(f"calibration {draw}".encode()).digest()


def gates_of(report: Tree, quest: Quest) -> dict[str, tuple[float, float]]:
    """The `pass` and `merit` that a report has for the gates of a quest, by metric."""
    gates = report.get("gates", {})
    return {
        gate.metric: (float(gates[gate.metric]["pass"]), float(gates[gate.metric]["merit"]))
        for gate in quest.gates
        if gate.metric in gates
    }


def _orderings(declared: Calibration, scale: str) -> tuple[Ordering, ...]:
    if scale == declared.scales[0] or declared.small_orderings is None:
        return declared.orderings
    return declared.small_orderings


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in packages}


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
