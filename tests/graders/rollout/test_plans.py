"""A plan is read as data: whatever stands in the file, a plan or the learner's Fail."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from graders.failures import Fail
from graders.rollout.plans import read_plan
from graders.workspace import Workspace

GOOD: dict[str, Any] = {
    "unit": "user",
    "metric": "money",
    "alpha": 0.05,
    "power": 0.8,
    "sd": 2400,
    "mde": 100,
    "n_per_arm": 9043,
    "days": 28,
    "variance_reduction": "cuped",
    "stopping": "fixed",
    "no_go": ["lessons_84d <= 2"],
}


def work(said: object) -> Workspace:
    plain = json.loads(json.dumps(said))
    return cast(Workspace, SimpleNamespace(project_json=lambda _: plain))


def test_a_good_plan_is_read_with_blanks_taken_out_of_segments() -> None:
    plan = read_plan(work(GOOD), "experiment.json")
    assert (plan.weeks, plan.cuped, plan.sequential) == (4, True, False)
    assert plan.no_go == ("lessons_84d<=2",)


@pytest.mark.parametrize("said", [None, [], "plan", 3])
def test_another_value_than_an_object_is_no_plan(said: object) -> None:
    with pytest.raises(Fail, match="plan_unreadable"):
        read_plan(work(said), "experiment.json")


@pytest.mark.parametrize("key", list(GOOD))
def test_every_key_is_asked_for(key: str) -> None:
    with pytest.raises(Fail, match="plan_key_missing") as failure:
        read_plan(work({k: v for k, v in GOOD.items() if k != key}), "experiment.json")
    assert failure.value.params["key"] == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alpha", 0),
        ("alpha", 1),
        ("power", 1.0),
        ("power", "high"),
        ("sd", -1),
        ("sd", True),
        ("mde", None),
        ("mde", 1e300),
        ("n_per_arm", 9043.5),
        ("days", 10),
        ("days", 0),
        ("unit", 3),
        ("variance_reduction", "magic"),
        ("stopping", "when it looks good"),
        ("no_go", "everybody"),
        ("no_go", [3]),
        ("no_go", ["x"] * 21),
    ],
)
def test_an_odd_value_is_named(key: str, value: object) -> None:
    with pytest.raises(Fail, match="plan_value_odd"):
        read_plan(work(GOOD | {key: value}), "experiment.json")


def test_more_looks_than_bounds_exist_for_are_refused() -> None:
    with pytest.raises(Fail, match="plan_value_odd"):
        read_plan(work(GOOD | {"stopping": "obrien_fleming", "days": 77}), "experiment.json")
