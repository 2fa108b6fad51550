"""What a simulated attempt comes to: checks that differ in difficulty, learners who learn.

One check of every quest is worded badly (who reads its message does not learn from it), and one
has a bug (who does well fails it): the desk is there to find both.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graders.checking import Check
from graders.loading import load_checks
from graders.messages import Catalogue, Reason, load_catalogue
from graders.quest import Quest, Stage
from graders.results import CheckResult, Outcome, Param, Phase, Severity
from graders.texts import ParamType

LEARNS: Final = 0.75  # how much easier a check becomes by reading its message once
BADLY_WORDED: Final = 0.05
AGAINST: Final = -3.0  # what being good is worth at the check with the bug
EASE: Final = {True: -0.9, False: -0.3}  # of blockers and of others
STEEPNESS: Final = 1.6
STAYS_GREEN: Final = 0.97
SAMPLES: Final[Mapping[str, Param]] = {
    "id": 48213,
    "float": 0.73,
    "percent": 0.12,
    "money": 15400.0,
    "seconds": 2.4,
    "megabytes": 512.0,
    "identifier": "user_id",
    "identifiers": "user_id, month",
    "path": "README.md",
    "numbers": "1-3, 7",
}


@dataclass(frozen=True, kw_only=True)
class SimulatedCheck:
    """A check, and how hard it is."""

    check: Check
    difficulty: float
    learns: float
    reverse: bool  # the bug: who does well fails
    reasons: tuple[tuple[str, Reason], ...]


@dataclass(frozen=True, kw_only=True)
class SimulatedStage:
    """A stage that can be played without rooms."""

    stage: Stage
    checks: tuple[SimulatedCheck, ...]


def simulated(quest: Quest, rng: random.Random) -> list[SimulatedStage]:
    """Every stage of a quest; the flaws stand in its second and third."""
    stages = []
    for number, stage in enumerate(quest.stages):
        catalogue = load_catalogue(quest, stage)
        checks = load_checks(quest, stage)
        minor = [one.name for one in checks if one.points and one.severity == Severity.MINOR]
        flawed = minor[-1] if minor else checks[-1].name
        stages.append(
            SimulatedStage(
                stage=stage,
                checks=tuple(
                    SimulatedCheck(
                        check=check,
                        difficulty=rng.gauss(
                            -0.9 if check.severity == Severity.BLOCKER else -0.3, 0.6
                        ),
                        learns=BADLY_WORDED
                        if number == 1 and check.name == flawed
                        else LEARNS * rng.uniform(0.7, 1.3),
                        reverse=number == 2 and check.name == flawed,  # noqa: PLR2004, the third
                        reasons=_reasons(catalogue, check.name),
                    )
                    for check in checks
                ),
            )
        )
    return stages


class Play:
    """One learner at one stage: what they know grows with every attempt."""

    def __init__(self, stage: SimulatedStage, ability: float, rng: random.Random) -> None:
        self._stage = stage
        self._ability = ability
        self._rng = rng
        self._read: dict[str, int] = {}
        self._green: set[str] = set()

    def attempt(self, *, stubborn: bool = False, broken: str = "") -> list[CheckResult]:
        """The results of one more attempt; `stubborn` learns nothing from what was read."""
        results: dict[str, CheckResult] = {}
        for simulated_check in self._stage.checks:
            check = simulated_check.check
            waits = next(
                (need for need in check.needs
                 if need in results and results[need].outcome is not Outcome.PASSED),
                None,
            )  # fmt: skip
            if waits:
                results[check.name] = _result(check, Outcome.SKIPPED, waits_for=waits)
            elif check.name == broken:
                results[check.name] = _result(check, Outcome.BROKEN)
            else:
                results[check.name] = self._judge(simulated_check, stubborn=stubborn)
        return [*results.values()]

    def _judge(self, simulated_check: SimulatedCheck, *, stubborn: bool) -> CheckResult:
        check, name = simulated_check.check, simulated_check.check.name
        reads = self._read.get(name, 0)
        ability = AGAINST * self._ability if simulated_check.reverse else self._ability
        ease = ability - simulated_check.difficulty + (
            0 if stubborn else simulated_check.learns * reads
        )  # fmt: skip
        chance = STAYS_GREEN if name in self._green else 1 / (1 + math.exp(-STEEPNESS * ease))
        if self._rng.random() < chance:
            self._green.add(name)
            return _result(check, Outcome.PASSED)
        self._green.discard(name)
        self._read[name] = reads + 1
        if not simulated_check.reasons:
            return _result(check, Outcome.FAILED)
        picked = min(int(self._rng.expovariate(1.2)), len(simulated_check.reasons) - 1)
        reason, texts = simulated_check.reasons[picked]
        params = {key: _sample(kind, self._rng) for key, kind in texts.types.items()}
        return _result(check, Outcome.FAILED, reason=reason, params=params)


def _reasons(catalogue: Catalogue, check: str) -> tuple[tuple[str, Reason], ...]:
    texts = catalogue.texts(check)
    found = texts.reasons.items() if texts else ()
    return tuple((name, reason) for name, reason in found if name != "partial")


def _result(check: Check, outcome: Outcome, **facts: object) -> CheckResult:
    return CheckResult(
        check=check.name,
        group=check.group,
        phase=check.phase or Phase.PUBLIC,
        kind=check.kind,
        severity=check.severity,
        outcome=outcome,
        points=check.points if outcome is Outcome.PASSED else 0.0,
        max_points=check.points,
        **facts,  # type: ignore[arg-type]
    )


def _sample(kind: ParamType, rng: random.Random) -> Param:
    """A value of a parameter's declared type."""
    if kind.words:
        return rng.choice(kind.words)
    if kind.kind == "int":
        return rng.randint(2, 40)
    return SAMPLES[kind.kind]
