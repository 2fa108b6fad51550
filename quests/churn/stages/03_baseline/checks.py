"""What anybody can check at home: the money functions, by hand."""

import re
from dataclasses import replace

import numpy as np

from graders import Check, Phase, Workspace, check, fail, production

CALL = "driver.baseline:numbers"
REFUSAL = "driver.baseline:refusal"
LEARNING = re.compile(
    r"^\s*(?:import|from)\s+(sklearn|lightgbm|xgboost|catboost|torch|statsmodels)\b", re.M
)
BY_HAND = (
    (0.40, 0.25, 1990.0, 167.10),
    (0.20, 0.12, 1990.0, -203.04),
    (0.05, 0.05, 990.0, -294.15),
)
SLEEPING_DOG = (0.03, 0.24, 1990.0, -1343.31)
GAIN = "churn.metrics:expected_gain"
PROFIT = "churn.metrics:realised_profit"
VALUE = "churn.metrics:policy_value"
TOLERANCE = 0.005  # roubles


def gain(work: Workspace, p0: object, p1: object, price: object) -> list[float]:
    """What the learner's `expected_gain` says, as plain numbers."""
    answer = work.call(CALL, "expected_gain", p0, p1, price, called=GAIN)
    return [float("nan") if value is None else value for value in answer["values"]]


@check(group="metrics", points=10, severity="blocker", kind="exact")
def expected_gain_by_hand(work: Workspace) -> None:
    """Hand-computed gains, a sleeping dog among them, and a page of others."""
    for p0, p1, price, own in (*BY_HAND, SLEEPING_DOG):
        got = gain(work, [p0], [p1], [price])
        if len(got) != 1 or not abs(got[0] - own) <= TOLERANCE:
            value = got[0] if len(got) == 1 and np.isfinite(got[0]) else 0.0
            if value == 0.0 and own != 0.0:
                fail("no_number", p0=p0, p1=p1, price=price, own=own)
            if p1 > p0:
                fail("sleeping_dog", p0=p0, p1=p1, price=price, got=value, own=own)
            fail("differs", p0=p0, p1=p1, price=price, got=value, own=own)
    rng = np.random.default_rng(20240617)
    stay, leave = rng.uniform(0, 1, 40).round(3), rng.uniform(0, 1, 40).round(3)
    prices = rng.choice([990.0, 1990.0, 3990.0], 40)
    right = (stay - leave) * 2.1 * prices - (1 - leave) * 0.3 * prices - 12.0
    gains = np.array(gain(work, stay, leave, prices))
    if gains.shape != right.shape or not np.allclose(gains, right, atol=TOLERANCE, rtol=0):
        fail("others_differ", pairs=len(right))


@check(
    group="production",
    points=3,
    severity="minor",
    kind="contract",
    needs=["expected_gain_by_hand"],
)
def gains_keep_their_shape(work: Workspace) -> None:
    """Scalars, vectors and grids broadcast as in NumPy; the result is float64."""
    grid = [[0.4], [0.2], [0.1]]
    cases = {
        "vector": (([0.4, 0.2], 0.1, 1990.0), [2]),
        "grid": ((grid, [[0.1, 0.3]], 990.0), [3, 2]),
        "empty": (([], [], []), [0]),
    }
    for case, (given, shape) in cases.items():
        answer = work.call(CALL, "expected_gain", *given, called=GAIN)
        if answer["shape"] != shape or answer["type"] != "float64":
            fail("another_shape", case=case, kind=answer["type"])


@check(group="tests", points=5, kind="negation", needs=["expected_gain_by_hand"])
def refuses_what_is_no_number(work: Workspace) -> None:
    """A missing value, a probability outside [0, 1] or a price of zero is refused."""
    cases = {
        "missing_price": ("expected_gain", [0.4], [0.2], [None]),
        "missing_p0": ("expected_gain", [None, 0.1], [0.2, 0.2], [990.0, 990.0]),
        "probability_above_one": ("expected_gain", [1.2], [0.2], [990.0]),
        "price_of_zero": ("expected_gain", [0.4], [0.2], [0.0]),
        "missing_outcome": ("realised_profit", [None], [1.0], [990.0]),
    }
    accepted = [
        case for case, given in cases.items() if work.call(REFUSAL, *given) != "ValueError"
    ]
    if accepted:
        fail("accepted", case=accepted[0], cases=len(accepted), total=len(cases))


@check(group="tests", points=4, kind="directional", needs=["expected_gain_by_hand"])
def gain_points_the_right_way(work: Workspace) -> None:
    """More to save is worth more; a letter without an effect always costs."""
    steps = np.linspace(0, 1, 21)
    rising = gain(work, steps, 0.2, 1990.0)
    if not (np.diff(rising) > 0).all():
        fail("risk_without_letter")
    falling = gain(work, 0.6, steps, 1990.0)
    if not (np.diff(falling) < 0).all():
        fail("risk_with_letter")
    idle = gain(work, steps, steps, 990.0)
    if not (np.array(idle) <= -12 + TOLERANCE).all():
        fail("idle_letter_earns")


@check(group="metrics", points=7, kind="exact")
def profit_by_hand(work: Workspace) -> None:
    """The four things that can happen to a renewal, in roubles."""
    churned, treated = [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]
    own = (2079.0, 1770.0, 0.0, -12.0)
    got = work.call(CALL, "realised_profit", churned, treated, [990.0] * 4, called=PROFIT)[
        "values"
    ]
    if len(got) != 4:
        fail("another_length", found=len(got))
    for case, value, expected in zip(
        ("stays", "stays_with_letter", "leaves", "leaves_with_letter"), got, own, strict=True
    ):
        if value is None or not abs(value - expected) <= TOLERANCE:
            fail("differs", case=case, got=value if value is not None else 0.0, own=expected)


@check(group="metrics", points=9, kind="exact", needs=["profit_by_hand"])
def value_by_hand(work: Workspace) -> None:
    """A rule on twelve pilot rows; nobody; everybody; a side that no row speaks for."""
    contacted = [1.0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    treated = [1.0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    churned = [0.0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    price = [990.0, 1990, 990, 3990, 990, 990, 1990, 990, 1990, 990, 1990, 990]
    cases = {
        "rule": (
            contacted,
            4 / 12 * (1770.0 - 12.0) / 2 + 8 / 12 * (4179.0 + 2079.0 + 4179.0) / 4,
        ),
        "nobody": ([0.0] * 12, (4179.0 + 2079.0 + 4179.0) / 6),
        "everybody": ([1.0] * 12, (1770.0 - 12.0 + 1770.0 + 1770.0 + 3570.0 - 12.0) / 6),
    }
    for case, (chosen, own) in cases.items():
        got = work.call(CALL, "policy_value", chosen, churned, treated, price, called=VALUE)[
            "values"
        ]
        if len(got) != 1 or got[0] is None or not abs(got[0] - own) <= TOLERANCE:
            fail(
                "differs",
                case=case,
                got=got[0] if len(got) == 1 and got[0] is not None else 0.0,
                own=own,
            )
    if (
        work.call(REFUSAL, "policy_value", [1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [990.0, 990.0])
        != "ValueError"
    ):
        fail("speaks_for_nobody")


@check(
    group="production", points=2, severity="minor", kind="static", needs=["expected_gain_by_hand"]
)
def learns_nothing_yet(work: Workspace) -> None:
    """Rules and money use no machine-learning library."""
    for path in ("churn/baseline.py", "churn/metrics.py", "churn/data.py"):
        text = work.text(path)
        found = LEARNING.search(text)
        if found:
            fail(
                "imports_learning",
                at=f"{path}:{text[: found.start()].count(chr(10)) + 1}",
                library=found[1],
            )


@check(group="tests", points=5, severity="minor", kind="contract", needs=["expected_gain_by_hand"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about money."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("metrics" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_money")


def _after_it_counts(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("expected_gain_by_hand",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=2)
typed = _after_it_counts(production.annotated(points=1))
told = _after_it_counts(production.documented(points=1))
bound = _after_it_counts(production.binds_sql(points=2))
