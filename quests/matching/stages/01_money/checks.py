"""What anybody can check at home: roubles by hand, and what the rules of today earn."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from graders import Check, Phase, Workspace, check, fail, production

NUMBERS, WORDS, REALISED = "driver.money:numbers", "driver.money:words", "driver.money:realised"
REFUSAL = "driver.money:refusal"
EXPECTED, BEST = "matching.money:expected", "matching.money:best_action"
CENT = 0.005
RULES = ("review", "barcode", "new")
BY_HAND = [  # p_match, p_exists, roubles of match, review, new
    (1.0, 1.0, 30.0, 18.0, -25.0),
    (0.9, 1.0, -13.0, 18.0, -25.0),
    (0.98, 0.98, 21.4, 17.6, -24.3),
    (0.4, 0.5, -228.0, 8.0, -7.5),
    (0.0, 0.0, -400.0, -2.0, 10.0),
]
ACTIONS = [  # p_match, p_exists, the best action
    (0.99, 0.99, "match"),
    (0.97, 1.0, "review"),
    (0.9, 0.95, "review"),
    (0.02, 0.05, "new"),
    (0.3, 0.4, "review"),
    (0.975, 0.98, "match"),
]
THRESHOLDS = [(1.0, 418 / 430), (0.9, 416 / 430), (0.0, 398 / 430)]


# ------------------------------------------------------------------ by hand
@check(group="metrics", points=12, severity="blocker", kind="exact")
def expected_by_hand(work: Workspace) -> None:
    """Five pairs of probabilities, three actions each, in roubles"""
    match, exists = ([row[at] for row in BY_HAND] for at in (0, 1))
    answer = work.call(NUMBERS, "expected", match, exists, called=EXPECTED)
    if answer["shape"] != [len(BY_HAND), 3]:
        fail("another_shape", rows=len(BY_HAND))
    found = np.array(answer["values"]).reshape(-1, 3)
    for row, (case, got) in enumerate(zip(BY_HAND, found, strict=True), start=1):
        for action, value, own in zip(("match", "review", "new"), got, case[2:], strict=True):
            if not abs(value - own) <= CENT:
                fail("differs", row=row, action=action, got=_plain(value), own=own)


@check(group="metrics", points=12, kind="exact", needs=["expected_by_hand"])
def threshold_by_hand(work: Workspace) -> None:
    """The probability from which a match beats a review, to six digits"""
    for exists, own in THRESHOLDS:
        answer = work.call(NUMBERS, "match_threshold", exists)["values"]
        if len(answer) != 1 or not abs(answer[0] - own) <= 1e-6:
            fail("threshold_differs", exists=exists, got=_plain(answer[0] if answer else math.nan))


@check(group="metrics", points=14, kind="exact", needs=["expected_by_hand"])
def best_action_by_hand(work: Workspace) -> None:
    """Match, review or new: six offers"""
    match, exists = ([row[at] for row in ACTIONS] for at in (0, 1))
    said = work.call(WORDS, "best_action", match, exists, called=BEST)
    for row, (case, got) in enumerate(zip(ACTIONS, _padded(said, len(ACTIONS)), strict=True), 1):
        if got != case[2]:
            fail("other_action", row=row, own=case[2])


@check(group="metrics", points=12, kind="exact", needs=["expected_by_hand"])
def realised_by_hand(work: Workspace) -> None:
    """The six things that can happen to an offer, in roubles"""
    action = ["match", "match", "match", "review", "review", "new", "new"]
    product_id, truth = [7, 7, 7, -1, 7, -1, -1], [7, 8, -1, 7, -1, -1, 7]
    own = (30.0, -400.0, -400.0, 18.0, -2.0, 10.0, -25.0)
    got = work.call(REALISED, action, product_id, truth, called="matching.money:realised")
    found = _padded(got, len(own))
    for row, (value, right) in enumerate(zip(found, own, strict=True), start=1):
        if not isinstance(value, int | float) or not abs(value - right) <= CENT:
            shown = _plain(value) if isinstance(value, int | float) else 0.0
            fail("outcome_differs", row=row, got=shown, own=right)


# ------------------------------------------------------------------ laws
@check(group="tests", points=8, kind="negation", needs=["expected_by_hand"])
def refuses_what_is_no_chance(work: Workspace) -> None:
    """A probability that is missing or outside [0, 1] is refused, and so are unequal lengths"""
    cases: dict[str, tuple[Sequence[float | None], Sequence[float]]] = {
        "above_one": ([1.2], [1.0]),
        "below_zero": ([-0.1], [1.0]),
        "not_a_number": ([math.nan], [1.0]),
        "other_length": ([0.5, 0.5, 0.5], [1.0, 0.5]),
    }
    accepted = [
        case
        for case, given in cases.items()
        if work.call(REFUSAL, "expected", *map(list, given)) != "ValueError"
    ]
    if accepted:
        fail("accepted", case=accepted[0], cases=len(accepted), total=len(cases))


@check(group="tests", points=8, kind="directional", needs=["expected_by_hand"])
def points_the_right_way(work: Workspace) -> None:
    """A surer match is worth more, a new card less where a card is likelier"""
    steps = np.linspace(0, 1, 11).tolist()
    rising = _grid(work, steps, [1.0] * 11)
    if not (np.diff(rising[:, 0]) > 0).all():
        fail("surer_is_not_better")
    falling = _grid(work, [0.0] * 11, steps)
    if not (np.diff(falling[:, 2]) < 0).all():
        fail("new_card_does_not_suffer")


def _grid(work: Workspace, match: list[float], exists: list[float]) -> np.ndarray:
    answer = work.call(NUMBERS, "expected", match, exists, called=EXPECTED)
    whole = answer["shape"] == [len(match), 3]
    return np.array(answer["values"]).reshape(-1, 3) if whole else np.zeros((len(match), 3))


# ------------------------------------------------------------------ what the rules earn
@check(group="business", points=12, kind="exact", needs=["realised_by_hand"], phase=Phase.TRAIN)
def prices_the_rules(work: Workspace) -> None:
    """`baselines.json`: what a review of everything, the barcode rule and new cards earn"""
    work.train("python", "-m", "matching.baseline", "--out", "/artifacts")
    said = work.json("baselines.json")
    if not isinstance(said, dict):
        fail("no_table")
    own = _rules(work)
    for rule in RULES:
        value = said.get(rule)
        if isinstance(value, bool) or not isinstance(value, int | float):
            fail("no_price", rule=rule)
        if not abs(value - own[rule]) <= CENT:
            fail("price_differs", rule=rule, got=_plain(value))


def _rules(work: Workspace) -> dict[str, float]:
    """Mean roubles of each rule over the offers that a moderator has looked at."""
    labels = work.table("match_labels")
    labels = labels[labels["source"].astype(str) == "moderator"]
    rows = labels.merge(work.table("offers")[["offer_id", "ean"]], on="offer_id")
    cards = work.table("products").set_index("ean")["product_id"]
    matched = pd.to_numeric(rows["ean"], errors="coerce").map(cards)
    exists, right = rows["product_id"] >= 0, matched == rows["product_id"]
    review = np.where(exists, 18.0, -2.0)
    barcode = np.where(matched.notna(), np.where(right, 30.0, -400.0), review)
    new = np.where(exists, -25.0, 10.0)
    return {"review": review.mean(), "barcode": barcode.mean(), "new": new.mean()}


# ------------------------------------------------------------------ tidy
@check(group="tests", points=5, severity="minor", kind="contract", needs=["expected_by_hand"])
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about money"""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("money" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_money")


def _after_it_counts(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.PUBLIC, needs=("expected_by_hand",))


def _padded(answer: object, size: int) -> list[Any]:
    """A list of the length asked for, or one that fits nothing."""
    return answer if isinstance(answer, list) and len(answer) == size else [None] * size


def _plain(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0


secrets = production.no_secrets(points=0)
tidy = _after_it_counts(production.lint(points=3))
typed = _after_it_counts(production.annotated(points=2))
told = _after_it_counts(production.documented(points=2))
