"""What anybody can check at home: the curve as in the notebook, money by hand, questions twice."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from graders import Check, Phase, Workspace, check, fail, production
from graders.metrics import aligned

CURVE, DECIDED, TAUGHT = "driver.uplift:curve", "driver.uplift:decided", "driver.uplift:taught"
DECIDE, PREDICT, AUUC = "RetentionPolicy.decide", "UpliftModel.predict", "churn.curve:auuc"
LETTER, GAIN = "discount30", "expected_gain_rub"
# The table of the notebook: gain, letter, left, price.
TABLE = (
    *((310, 1, 0, 1990), (280, 0, 1, 1990), (280, 1, 0, 990), (150, 0, 0, 990)),
    *((150, 1, 0, 3990), (90, 0, 1, 3990), (40, 1, 1, 990), (40, 0, 0, 1990)),
    *((-60, 1, 1, 990), (-60, 0, 0, 990), (-200, 1, 0, 990), (-310, 0, 0, 1990)),
)
NOTEBOOK_WITHIN = 0.01  # roubles
EXACT_WITHIN = 1e-6  # of the amount
GAIN_WITHIN = 0.01  # roubles
SIZES = (1, 6, 7, 13, 20, 140)


# ------------------------------------------------------------------ out of the notebook
@check(group="metrics", points=10, kind="exact")
def gives_the_notebooks_number(work: Workspace) -> None:
    """`auuc` gives the number of the notebook, and of other pilots what its cells would give."""
    gain, letter, left, price = (
        np.array(column, dtype=np.float64) for column in zip(*TABLE, strict=True)
    )
    profit = (1 - left) * 2.1 * price - letter * ((1 - left) * 0.3 * price + 12)
    got, own = _area(work, gain, letter, profit), _own_area(gain, letter, profit)
    if abs(got - own) > NOTEBOOK_WITHIN:
        undiscounted = _own_area(gain, letter, (1 - left) * 2.1 * price - letter * 12)
        if abs(got - undiscounted) <= NOTEBOOK_WITHIN:
            fail("another_run", got=got)
        fail("differs", got=got)
    backwards = _area(work, gain[::-1], letter[::-1], profit[::-1])
    if abs(backwards - own) > NOTEBOOK_WITHIN:
        fail("order_of_rows", got=got, backwards=backwards)
    draw = np.random.default_rng(work.rooms.seed)
    for case in ("many", "tied", "lopsided"):
        columns = _pilot(draw, case)
        got, own = _area(work, *columns), _own_area(*columns)
        if abs(got - own) > max(NOTEBOOK_WITHIN, EXACT_WITHIN * abs(own)):
            fail("another_pilot", case=case, rows=len(columns[0]))


def _area(work: Workspace, gain: np.ndarray, letter: np.ndarray, profit: np.ndarray) -> float:
    answer = work.call(CURVE, gain, letter, profit, called=AUUC)
    if (
        isinstance(answer, bool)
        or not isinstance(answer, int | float)
        or not math.isfinite(answer)
    ):
        fail("no_number")
    return float(answer)


def _pilot(draw: np.random.Generator, case: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pilot of a kind that the notebook's table is not."""
    rows = 400
    gain = draw.normal(0, 200, rows)
    if case == "tied":
        gain = np.round(gain, -2)
    letter = (draw.random(rows) < (0.2 if case == "lopsided" else 0.5)).astype(np.float64)
    price = draw.choice([990.0, 1990.0, 3990.0], rows)
    return gain, letter, (draw.random(rows) < 0.8) * 2.1 * price - letter * 300.0


def _own_area(gain: np.ndarray, letter: np.ndarray, profit: np.ndarray) -> float:
    """What the notebook's cells compute, in the order in which they were run."""
    share, roubles = [0.0], [0.0]
    for border in np.unique(gain)[::-1]:
        best = gain >= border
        sent, alone = profit[best & (letter == 1)], profit[best & (letter == 0)]
        share.append(float(best.mean()))
        both = sent.size and alone.size
        roubles.append(share[-1] * float(sent.mean() - alone.mean()) if both else 0.0)
    return float(np.trapezoid(roubles, share)) - roubles[-1] / 2


# ------------------------------------------------------------------ learning
@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def learns_from_the_pilot(work: Workspace) -> None:
    """`python -m churn.policy --out DIR` ends well and leaves `policy` and `uplift.json`."""
    work.train("python", "-m", "churn.policy", "--out", "/artifacts")
    if not any(path == "policy" or path.startswith("policy/") for path in work.rooms.artifacts):
        fail("no_policy")
    said = work.json("uplift.json", max_bytes=100_000)
    for name in ("auuc", "auuc_se", "rows"):
        value = said.get(name) if isinstance(said, dict) else None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            fail("no_measure", name=name)


@check(
    group="tests", points=5, kind="negation", needs=["answers_every_renewal"], phase=Phase.HIDDEN
)
def knows_both_sides(work: Workspace) -> None:
    """A letter that keeps people lowers the chance to leave; with sides swapped, it raises it."""
    rows, asked = _crowd(work, 3_000), _crowd(work, 300)
    for case, flag in (
        ("letter_keeps", rows["treated"]),
        ("letter_drives_away", 1 - rows["treated"]),
    ):
        answer = work.call(TAUGHT, rows.assign(treated=flag), asked, called=PREDICT)
        without, with_letter = (_chances(answer, asked, name) for name in ("p0", "p1"))
        change = float((with_letter - without).mean())
        if (change < 0) is not (case == "letter_keeps"):
            fail("turned_round", case=case, change=change)


def _chances(answer: object, asked: pd.DataFrame, column: str) -> np.ndarray:
    """A column of chances, in the order of those asked about."""
    ids = asked["user_id"].to_numpy()
    return aligned(answer, ids=ids, id_column="user_id", column=column, low=0, high=1)


def _crowd(work: Workspace, size: int) -> pd.DataFrame:
    """Made-up renewals on which a coin's letter keeps one in four."""
    draw = np.random.default_rng(work.rooms.seed + size)
    frame = batch_of(size, draw)
    frame["treated"] = draw.integers(0, 2, size)
    frame["churned"] = (draw.random(size) < 0.45 - 0.25 * frame["treated"]).astype(np.int64)
    return frame


def batch_of(size: int, draw: np.random.Generator) -> pd.DataFrame:
    """Renewals of people about whom nothing is odd; `lessons_7d` tells one from another."""
    week = 2.0 + np.arange(size) * 1e-4
    return pd.DataFrame(
        {
            "user_id": draw.permutation(size) + 1,
            "lessons_7d": week,
            "lessons_14d": 2 * week,
            "lessons_28d": 4 * week,
            "lessons_84d": 12 * week,
            "lessons_trend_28d": draw.integers(-2, 3, size).astype(np.float64),
            "days_inactive": draw.integers(1, 6, size).astype(np.float64),
            "tenure_months": draw.integers(3, 20, size).astype(np.float64),
            "price_rub": draw.choice([990.0, 1990.0, 3990.0], size),
            "failed_payments_30d": 0.0,
            "pricing_views_30d": draw.integers(2, 9, size).astype(np.float64),
            "coupons_lifetime": draw.integers(0, 5, size).astype(np.float64),
            "tickets_30d": draw.integers(0, 2, size).astype(np.float64),
            "progress_pct": draw.uniform(0.1, 0.7, size),
            "nps": draw.integers(5, 10, size).astype(np.float64),
        }
    )


# ------------------------------------------------------------------ deciding on known chances
@check(
    group="business", points=12, kind="exact", needs=["answers_every_renewal"], phase=Phase.HIDDEN
)
def counts_every_cost(work: Workspace) -> None:
    """With known chances the gain is that of `expected_gain`, and no letter is sent at a loss."""
    draw = np.random.default_rng(work.rooms.seed)
    batch = batch_of(60, draw).assign(p0=draw.uniform(0.05, 0.5, 60))
    batch["p1"] = np.clip(batch["p0"] + draw.normal(-0.05, 0.12, 60), 0.01, 0.99)
    answer, own = _decided(work, batch), _own_gain(work, batch)
    said = _numbers(answer, GAIN)
    differ = ~(np.abs(said - own) <= GAIN_WITHIN)
    if differ.any():
        first = int(np.flatnonzero(differ)[0])
        p0, p1, price = (float(batch[name].iloc[first]) for name in ("p0", "p1", "price_rub"))
        got = float(np.nan_to_num(said[first]))
        fail(
            "gain_differs",
            rows=int(differ.sum()),
            total=len(own),
            got=got,
            p0=p0,
            p1=p1,
            price_rub=price,
        )
    losing = batch.assign(p1=batch["p0"])
    letters = int((_decided(work, losing)["action"].astype(str) == LETTER).sum())
    if letters:
        fail("sent_at_a_loss", letters=letters, total=len(losing))


@check(
    group="business",
    points=10,
    kind="invariance",
    needs=["answers_every_renewal"],
    phase=Phase.HIDDEN,
)
def keeps_to_the_limit(work: Workspace) -> None:
    """Never more than 15 % of a batch, rounded down, however much every letter would bring."""
    draw = np.random.default_rng(work.rooms.seed)
    letters = 0
    for size in SIZES:
        batch = batch_of(size, draw).assign(p0=0.6, p1=0.1)
        letters = int((_decided(work, batch)["action"].astype(str) == LETTER).sum())
        limit = math.floor(work.number("max_share") * size + 1e-9)
        if letters > limit:
            fail("over_the_limit", asked=size, letters=letters, limit=limit)
    if not letters:
        fail("writes_to_nobody", asked=size)


@check(
    group="tests", points=5, kind="directional", needs=["keeps_to_the_limit"], phase=Phase.HIDDEN
)
def chooses_the_largest(work: Workspace) -> None:
    """The largest gains get the letters, of equal ones the smaller `user_id`, in any order."""
    draw = np.random.default_rng(work.rooms.seed)
    batch = batch_of(100, draw).assign(p0=0.6, price_rub=1990.0)
    falling = batch.assign(p1=0.1 + 0.003 * draw.permutation(100))
    chosen = _chosen(work, falling)
    best = set(falling.nsmallest(len(chosen), "p1")["user_id"].tolist())
    if chosen != best:
        fail("smaller_gains", letters=len(chosen), others=len(chosen - best))
    alike = batch.assign(p1=0.1)
    chosen = _chosen(work, alike)
    smallest = set(sorted(alike["user_id"].tolist())[: len(chosen)])
    if chosen != smallest:
        fail("ties", letters=len(chosen), others=len(chosen - smallest))


def _chosen(work: Workspace, batch: pd.DataFrame) -> set[int]:
    """Who gets a letter, asked in two orders of rows."""
    found: list[set[int]] = []
    for rows in (batch, batch.iloc[::-1].reset_index(drop=True)):
        answer = _decided(work, rows)
        ids = pd.to_numeric(answer["user_id"], errors="coerce")
        found.append(
            set(ids[answer["action"].astype(str) == LETTER].dropna().astype(int).tolist())
        )
    if found[0] != found[1]:
        fail("order_of_rows", letters=len(found[0]), others=len(found[0] - found[1]))
    return found[0]


def _decided(work: Workspace, batch: pd.DataFrame) -> pd.DataFrame:
    """What the project's policy decides about a batch whose chances a model gave."""
    answer = work.call(DECIDED, batch, called=DECIDE)
    absent = [
        name
        for name in ("user_id", "action", GAIN)
        if not isinstance(answer, pd.DataFrame) or name not in answer.columns
    ]
    if absent:
        fail("columns_missing", columns=", ".join(absent), missing=len(absent))
    ids = pd.to_numeric(answer["user_id"], errors="coerce")
    if sorted(ids.dropna().tolist()) != sorted(batch["user_id"].tolist()):
        fail("others_answered", asked=len(batch), found=len(answer))
    in_order: pd.DataFrame = answer.assign(user_id=ids).set_index("user_id").loc[batch["user_id"]]
    return in_order.reset_index()


def _own_gain(work: Workspace, batch: pd.DataFrame) -> np.ndarray:
    """Roubles that a letter adds, by the signed terms."""
    value = work.number("margin_rate") * work.number("months") * batch["price_rub"]
    discount = work.number("discount") * batch["price_rub"]
    gain = (batch["p0"] - batch["p1"]) * value - (1 - batch["p1"]) * discount
    found: np.ndarray = (gain - work.number("contact_cost")).to_numpy(np.float64)
    return found


def _numbers(answer: pd.DataFrame, column: str) -> np.ndarray:
    found: np.ndarray = pd.to_numeric(answer[column], errors="coerce").to_numpy(np.float64)
    return found


# ------------------------------------------------------------------ the same question twice
@check(
    group="tests",
    points=3,
    kind="negation",
    needs=["orders_by_what_it_changes"],
    phase=Phase.HIDDEN,
)
def refuses_a_missing_price(work: Workspace) -> None:
    """A renewal without a price is a `ValueError`, not a letter and not a silence."""
    batch = batch_of(20, np.random.default_rng(3))
    batch.loc[4, "price_rub"] = np.nan
    error = work.call("driver.uplift:refusal", batch, called=DECIDE)
    if error != "ValueError":
        fail("price_is_no_matter")


@check(
    group="tests",
    points=4,
    kind="consistency",
    needs=["orders_by_what_it_changes"],
    phase=Phase.HIDDEN,
)
def saved_and_loaded_is_the_same(work: Workspace) -> None:
    """A policy decides in another process as it did before it was saved."""
    rows, batch = _crowd(work, 3_000), _crowd(work, 300).drop(columns=["treated", "churned"])
    with work.room() as room:
        before = work.call("driver.uplift:kept", rows, batch, room=room, called=DECIDE)
        saved = room.files("/artifacts", max_files=256, max_bytes=64_000_000)
    with work.room() as room:
        room.upload({f"/artifacts/{path}": body for path, body in saved.items()})
        after = work.call(
            "driver.uplift:brought_back", batch, room=room, called="RetentionPolicy.load"
        )
    both = before[["user_id", "action", GAIN]].merge(after, on="user_id", suffixes=("", "_after"))
    gap = np.abs(_numbers(both, GAIN) - _numbers(both, f"{GAIN}_after"))
    differ = (both["action"].astype(str) != both["action_after"].astype(str)) | ~(
        gap <= GAIN_WITHIN
    )
    if len(both) != len(batch) or differ.any():
        fail("another_policy", rows=max(1, int(differ.sum())), total=len(batch))


# ------------------------------------------------------------------ tidy
@check(
    group="tests",
    points=3,
    severity="minor",
    kind="contract",
    needs=["orders_by_what_it_changes"],
    phase=Phase.HIDDEN,
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them hold the notebook's number."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("auuc" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_the_curve")


def _after_it_learns(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("learns_from_the_pilot",))


secrets = production.no_secrets(points=0)
in_modules = _after_it_learns(
    production.package_layout(
        points=4, files=["churn/curve.py", "churn/uplift.py", "churn/policy.py"]
    )
)
tidy = production.lint(points=2)
typed = _after_it_learns(production.annotated(points=1))
told = _after_it_learns(production.documented(points=1))
