"""The plan of an experiment, written before it runs: read as data, every value checked.

``experiment.json`` of a project::

    {"unit": "user", "metric": "roubles_per_renewal", "alpha": 0.05, "power": 0.8,
     "sd": 2400, "mde": 100, "n_per_arm": 9043, "days": 28,
     "variance_reduction": "cuped", "stopping": "fixed", "no_go": ["lessons_84d <= 2"]}
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graders.failures import Fail
from graders.rollout.sequential import MOST_LOOKS
from graders.workspace import Workspace

DAYS_A_WEEK = 7
REDUCTIONS = ("none", "cuped")
STOPPINGS = ("fixed", "obrien_fleming")
_NUMBERS = {"alpha": 1.0, "power": 1.0, "sd": 1e9, "mde": 1e9, "n_per_arm": 1e9, "days": 3650.0}
_WORDS = ("unit", "metric", "variance_reduction", "stopping")
_MOST_NO_GO = 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was promised before the experiment began."""

    unit: str
    metric: str
    alpha: float
    power: float
    sd: float
    mde: float
    n_per_arm: int
    days: int
    cuped: bool
    sequential: bool
    no_go: tuple[str, ...] = ()

    @property
    def weeks(self) -> int:
        """How many weeks it runs."""
        return self.days // DAYS_A_WEEK


def read_plan(work: Workspace, path: str) -> Plan:
    """The plan in a JSON file of the project.

    What it lacks or says oddly is the learner's Fail: ``plan_unreadable``, ``plan_key_missing``,
    ``plan_value_odd``.
    """
    said = work.project_json(path)
    if not isinstance(said, dict):
        raise Fail("plan_unreadable", {"path": path})
    numbers = {name: _number(said, name, path) for name in _NUMBERS}
    words = {name: _word(said, name, path) for name in _WORDS}
    for name, known in (("variance_reduction", REDUCTIONS), ("stopping", STOPPINGS)):
        if words[name] not in known:
            raise Fail("plan_value_odd", {"path": path, "key": name})
    if numbers["days"] % DAYS_A_WEEK or numbers["n_per_arm"] != int(numbers["n_per_arm"]):
        raise Fail("plan_value_odd", {"path": path, "key": "days"})
    plan = Plan(
        unit=words["unit"],
        metric=words["metric"],
        alpha=numbers["alpha"],
        power=numbers["power"],
        sd=numbers["sd"],
        mde=numbers["mde"],
        n_per_arm=int(numbers["n_per_arm"]),
        days=int(numbers["days"]),
        cuped=words["variance_reduction"] == "cuped",
        sequential=words["stopping"] == "obrien_fleming",
        no_go=_no_go(said, path),
    )
    if plan.sequential and plan.weeks > MOST_LOOKS:
        raise Fail("plan_value_odd", {"path": path, "key": "stopping"})
    return plan


def _number(said: Mapping[str, Any], name: str, path: str) -> float:
    value = _present(said, name, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fail("plan_value_odd", {"path": path, "key": name})
    most = _NUMBERS[name]
    if not math.isfinite(value) or not 0 < value <= most or value == most == 1:
        raise Fail("plan_value_odd", {"path": path, "key": name})
    return float(value)


def _word(said: Mapping[str, Any], name: str, path: str) -> str:
    value = _present(said, name, path)
    if not isinstance(value, str):
        raise Fail("plan_value_odd", {"path": path, "key": name})
    return value.strip()


def _no_go(said: Mapping[str, Any], path: str) -> tuple[str, ...]:
    value = _present(said, "no_go", path)
    if not isinstance(value, list) or len(value) > _MOST_NO_GO:
        raise Fail("plan_value_odd", {"path": path, "key": "no_go"})
    if not all(isinstance(one, str) for one in value):
        raise Fail("plan_value_odd", {"path": path, "key": "no_go"})
    return tuple("".join(one.split()) for one in value)


def _present(said: Mapping[str, Any], name: str, path: str) -> object:
    if name not in said:
        raise Fail("plan_key_missing", {"path": path, "key": name})
    found: object = said[name]
    return found
