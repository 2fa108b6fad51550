"""What anybody can check at home: the money of a cell by hand, and a design document in parts."""

from dataclasses import replace

import numpy as np
from scipy import stats

from graders import Check, Phase, Workspace, check, documents, fail, production

CALL = "driver.economics:numbers"
REFUSAL = "driver.economics:refusal"
EMIN = "pricing.economics:emin"
MONEY = "pricing.economics:contribution"
RIDES = ((3.0, 2.0, 1.751065), (10.0, 8.0, 7.539649), (2.0, 0.0, 0.0))
CELL = {"lam": 10.0, "alpha": 0.8, "slope": 4.0, "cars": 6, "fare": 320.0}
BY_HAND = ((1.30, 334.51), (1.25, 332.93), (1.00, 241.87))
CLOSE = 0.005
SURE = 1e-5


def values(work: Workspace, function: str, *given: object, called: str) -> list[float]:
    """What a function of the learner's answers, as plain numbers."""
    answer = work.call(CALL, function, *given, called=called)
    return [float("nan") if value is None else value for value in answer["values"]]


def rides(mu: np.ndarray, cars: np.ndarray) -> np.ndarray:
    """E[min(Poisson(mu), cars)], counted out instead of by the formula."""
    count = np.arange(0, 120)[:, None]
    chance = stats.poisson.pmf(count, mu[None, :])
    found: np.ndarray = (np.minimum(count, cars[None, :]) * chance).sum(axis=0)
    return found


def money(price: np.ndarray, lam: np.ndarray, chance: np.ndarray, cars: np.ndarray) -> np.ndarray:
    """Roubles of cells with a fare of 320, by the judge's own count."""
    accepted = lam * chance
    served = rides(accepted, cars)
    found: np.ndarray = (0.25 * 320 * price - 18) * served - 60 * (accepted - served)
    return found


@check(group="metrics", points=12, severity="blocker", kind="exact")
def rides_by_hand(work: Workspace) -> None:
    """Expected rides of the brief's three cells, and of forty others."""
    for mu, cars, own in RIDES:
        got = values(work, "emin", [mu], [cars], called=EMIN)
        if len(got) != 1 or not abs(got[0] - own) <= SURE:
            value = got[0] if len(got) == 1 and np.isfinite(got[0]) else 0.0
            if value > cars:
                fail("more_rides_than_cars", mu=mu, cars=int(cars), got=value)
            fail("differs", mu=mu, cars=int(cars), got=value, own=own)
    draw = np.random.default_rng(20240603)
    riders, fleet = draw.uniform(0, 25, 40).round(2), draw.integers(0, 30, 40).astype(float)
    others = np.array(values(work, "emin", riders.tolist(), fleet.tolist(), called=EMIN))
    right = rides(riders, fleet)
    if others.shape != right.shape or not np.allclose(others, right, atol=SURE, rtol=0):
        fail("others_differ", cells=len(right))


@check(group="metrics", points=14, severity="blocker", kind="exact", needs=["rides_by_hand"])
def money_by_hand(work: Workspace) -> None:
    """Roubles of the brief's cell under three prices, and of forty other cells."""
    for price, own in BY_HAND:
        chance = 1 / (1 + np.exp(CELL["slope"] * np.log(price) - CELL["alpha"]))
        cars = float(np.floor(CELL["cars"] * price**0.35))
        given = (price, CELL["lam"], float(chance), cars, CELL["fare"])
        got = values(work, "contribution", *given, called=MONEY)
        value = got[0] if len(got) == 1 and np.isfinite(got[0]) else 0.0
        accepted = CELL["lam"] * chance
        served = rides(np.array([accepted]), np.array([cars]))[0]
        revenue = float(0.25 * CELL["fare"] * price * served)
        if abs(value - revenue) <= CLOSE:
            fail("revenue_only", price=price, got=value, own=own)
        if abs(value - (revenue - 18 * served)) <= CLOSE:
            fail("no_voucher", price=price, got=value, own=own)
        if not abs(value - own) <= CLOSE:
            fail("differs", price=price, got=value, own=own)
    draw = np.random.default_rng(7)
    prices, lams = draw.uniform(0.8, 2.5, 40).round(2), draw.uniform(0, 20, 40).round(2)
    chances, fleet = draw.uniform(0, 1, 40).round(3), draw.integers(0, 20, 40).astype(float)
    cells = [each.tolist() for each in (prices, lams, chances, fleet)]
    others = np.array(values(work, "contribution", *cells, 320.0, called=MONEY))
    right = money(prices, lams, chances, fleet)
    if others.shape != right.shape or not np.allclose(others, right, atol=CLOSE, rtol=0):
        fail("others_differ", cells=len(right))


@check(group="tests", points=6, kind="directional", needs=["money_by_hand"])
def points_the_right_way(work: Workspace) -> None:
    """More cars never serve fewer; a full fleet earns by the ride, an empty one pays vouchers."""
    cars = [float(count) for count in range(40)]
    served = values(work, "emin", 9.0, cars, called=EMIN)
    if not (np.diff(served) >= -SURE).all() or served[-1] > 9.0 + SURE:
        fail("cars_do_not_help")
    plenty = values(work, "contribution", 1.2, 8.0, 0.5, 500.0, 320.0, called=MONEY)[0]
    if not abs(plenty - 4.0 * (0.25 * 320 * 1.2 - 18)) <= CLOSE:
        fail("plenty_differs", got=plenty, own=4.0 * (0.25 * 320 * 1.2 - 18))
    nobody = values(work, "contribution", 1.2, 8.0, 0.5, 0.0, 320.0, called=MONEY)[0]
    if not abs(nobody + 240.0) <= CLOSE:
        fail("no_cars_differ", got=nobody, own=-240.0)


@check(group="tests", points=5, kind="negation", needs=["money_by_hand"])
def refuses_what_is_no_number(work: Workspace) -> None:
    """Negative or missing riders, half a car, a price of zero, a chance above one: refused."""
    cases = {
        "negative_riders": ("emin", [-1.0], [3.0]),
        "missing_riders": ("emin", [None, 2.0], [3.0, 3.0]),
        "half_a_car": ("emin", [3.0], [2.5]),
        "price_of_zero": ("contribution", [0.0], [3.0], [0.5], [2.0], [320.0]),
        "chance_above_one": ("contribution", [1.0], [3.0], [1.2], [2.0], [320.0]),
    }
    accepted = [
        case for case, given in cases.items() if work.call(REFUSAL, *given) != "ValueError"
    ]
    if accepted:
        fail("accepted", case=accepted[0], cases=len(accepted), total=len(cases))


@check(group="production", points=3, severity="minor", kind="contract", needs=["money_by_hand"])
def keeps_its_shape(work: Workspace) -> None:
    """Scalars, vectors and grids broadcast as in NumPy; the result is float64."""
    cases = {
        "vector": ("emin", ([3.0, 4.0], 2.0), [2]),
        "grid": ("contribution", ([[1.0, 1.2, 1.4]], [[5.0], [6.0]], 0.5, 4.0, 320.0), [2, 3]),
        "empty": ("emin", ([], []), [0]),
    }
    for case, (function, given, shape) in cases.items():
        answer = work.call(CALL, function, *given, called=f"pricing.economics:{function}")
        if answer["shape"] != shape or answer["type"] != "float64":
            fail("another_shape", case=case, kind=answer["type"])


@check(group="tests", points=4, severity="minor", kind="contract", needs=["money_by_hand"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about money."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("contribution" in work.text(path) for path in work.matching("tests/test_*.py")):
        fail("no_test_of_money")


written = documents.structure(points=4)
goal = documents.goal(points=7)
baseline = documents.baseline(points=6)
bridge = documents.metrics(points=8)
sources = documents.data(points=6)
trial = documents.experiment(points=9)
dangers = documents.risks(points=5)
borders = documents.scope(points=3)


def _after_it_counts(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("money_by_hand",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=3)
typed = _after_it_counts(production.annotated(points=3))
told = _after_it_counts(production.documented(points=2))
