"""What anybody can check at home: the rule of today by hand, and a replay of a few cells."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from graders import Check, Phase, Workspace, check, fail, production

RULE = "pricing.baseline:house_rule"
REPLAY = "pricing.baseline:replay"
LEARNING = re.compile(
    r"^\s*(?:import|from)\s+(sklearn|lightgbm|xgboost|catboost|torch|statsmodels)\b", re.M
)
CLOSE = 1e-6
BY_HAND = ((4, 10, 1.0), (9, 10, 1.0), (14, 10, 1.25), (30, 10, 1.8), (3, 0, 1.8), (11, 10, 1.1))
CURVE = pd.DataFrame({"multiplier": [0.8, 1.2, 2.0], "share": [0.8, 0.5, 0.1]})
CELLS = pd.DataFrame(
    {
        "requests": [6, 0, 14, 3],
        "drivers_free": [4, 2, 5, 0],
        "base_fare_rub": [320.0, 300.0, 290.0, 350.0],
    }
)
PRICES = (1.0, 1.2, 1.6, 1.4)


def rides(mu: np.ndarray, cars: np.ndarray) -> np.ndarray:
    """E[min(Poisson(mu), cars)], counted out."""
    count = np.arange(0, 150)[:, None]
    chance = stats.poisson.pmf(count, mu[None, :])
    found: np.ndarray = (np.minimum(count, cars[None, :]) * chance).sum(axis=0)
    return found


def own_replay(cells: pd.DataFrame, price: np.ndarray, curve: pd.DataFrame) -> dict[str, float]:
    """A replay by the judge's own count."""
    curve = curve.sort_values("multiplier")
    asked = cells["requests"].to_numpy(np.float64)
    accepted = asked * np.interp(price, curve["multiplier"], curve["share"])
    cars = np.floor(cells["drivers_free"].to_numpy(np.float64) * price**0.35 + 1e-9)
    served = _served(accepted, cars)
    fare = cells["base_fare_rub"].to_numpy(np.float64)
    money = (0.25 * fare * price - 18) * served - 60 * (accepted - served)
    return {
        "mean_multiplier": float((served * price).sum() / served.sum()),
        "plain_mean": float(price.mean()),
        "roubles_per_request": float(money.sum() / asked.sum()),
    }


def _served(accepted: np.ndarray, cars: np.ndarray) -> np.ndarray:
    below = accepted * stats.poisson.cdf(cars - 2, accepted)
    found: np.ndarray = below + cars * stats.poisson.sf(cars - 1, accepted)
    return found


@check(group="metrics", points=14, severity="blocker", kind="exact")
def rule_by_hand(work: Workspace) -> None:
    """The house rule on six cells: free cars, a full square, no car at all."""
    asked, free, own = (list(column) for column in zip(*BY_HAND, strict=True))
    got = work.call("driver.baseline:rule", asked, free, called=RULE)
    if len(got) != len(own):
        fail("another_length", found=len(got), asked=len(own))
    for requests, drivers, right, said in zip(asked, free, own, got, strict=True):
        if not np.isfinite(said) or abs(said - right) > CLOSE:
            value = said if np.isfinite(said) else 0.0
            fail("differs", requests=requests, drivers=drivers, got=value, own=right)


@check(group="metrics", points=18, severity="blocker", kind="exact", needs=["rule_by_hand"])
def replay_by_hand(work: Workspace) -> None:
    """Four cells under four prices: roubles a request, and the mean weighted by rides."""
    answer = work.call("driver.baseline:replayed", CELLS, list(PRICES), CURVE, called=REPLAY)
    own = own_replay(CELLS, np.array(PRICES), CURVE)
    for name in ("mean_multiplier", "roubles_per_request"):
        said = answer.get(name)
        if said is None or not np.isfinite(said):
            fail("no_number", name=name)
    if abs(answer["mean_multiplier"] - own["plain_mean"]) < CLOSE:
        fail("mean_of_cells", got=answer["mean_multiplier"], own=own["mean_multiplier"])
    for name in ("mean_multiplier", "roubles_per_request"):
        if abs(answer[name] - own[name]) > 1e-4:
            fail("differs", name=name, got=answer[name], own=own[name])


@check(group="production", points=2, severity="minor", kind="static", needs=["rule_by_hand"])
def learns_nothing_yet(work: Workspace) -> None:
    """Rule and replay use no machine-learning library."""
    for path in ("pricing/baseline.py", "pricing/data.py", "pricing/economics.py"):
        text = work.text(path)
        found = LEARNING.search(text)
        if found:
            line = text[: found.start(1)].count("\n") + 1
            fail("imports_learning", at=f"{path}:{line}", library=found[1])


@check(group="tests", points=4, severity="minor", kind="contract", needs=["rule_by_hand"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about the rule."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("house_rule" in work.text(path) for path in work.matching("tests/test_*.py")):
        fail("no_test_of_the_rule")


def _after_it_counts(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("rule_by_hand",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=2)
typed = _after_it_counts(production.annotated(points=1))
told = _after_it_counts(production.documented(points=1))
bound = _after_it_counts(production.binds_sql(points=2))
