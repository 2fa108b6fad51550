"""What anybody can check at home: training, the estimator's contract, questions asked twice."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from graders import Check, Phase, Workspace, check, estimators, fail, production

CHANCES, CALLED = "driver.model:chances", "PairModel.predict_proba"
ESTIMATOR = "matching.calibrated:GroupCalibratedClassifier"
LATE = ("offer_outcomes", "card_views_7d", "returns_7d")
METRICS = ("f1", "threshold", "ece", "offers")
ASKED = 60
SAME = 1e-9


# ------------------------------------------------------------------ training
@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def trains(work: Workspace) -> None:
    """`python -m matching.train --out DIR` ends well and leaves `model` and `metrics.json`."""
    work.train("python", "-m", "matching.train", "--out", "/artifacts")
    if not any(path == "model" or path.startswith("model/") for path in work.rooms.artifacts):
        fail("no_model")
    said = _metrics(work)
    for name in METRICS:
        value = said.get(name)
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(value):
            fail("no_metric", metric=name)


def _metrics(work: Workspace) -> Mapping[str, Any]:
    said = work.json("metrics.json", max_bytes=100_000)
    if not isinstance(said, dict):
        fail("metrics_not_json")
    return said


@check(
    group="production",
    points=5,
    severity="blocker",
    kind="static",
    needs=["trains"],
    phase=Phase.TRAIN,
)
def reads_nothing_late(work: Workspace) -> None:
    """Neither Python nor SQL of the project reads what is written a week after the decision."""
    for path in [*work.matching("matching/*.py"), *work.matching("sql/*.sql")]:
        text = _without_comments(work.text(path), path)
        found = re.search(rf"\b({'|'.join(LATE)})\b", text)
        if found:
            fail("reads_the_future", at=f"{path}:{text[: found.start()].count(chr(10)) + 1}")


def _without_comments(text: str, path: str) -> str:
    text = re.sub(r"--[^\n]*" if path.endswith(".sql") else r"#[^\n]*", "", text)
    return re.sub(r'"""(?:.|\n)*?"""', lambda doc: "\n" * doc[0].count("\n"), text)


# ------------------------------------------------------------------ the estimator
polite = estimators.keeps_contract(
    ESTIMATOR, kind="classifier", params={"folds": 3}, points=10, severity="major"
)
fits_in = estimators.passes_sklearn(ESTIMATOR, kind="classifier", points=8, needs=[polite])


# ------------------------------------------------------------------ the same question twice
def _sample(work: Workspace) -> pd.DataFrame:
    """A few offers of the public history."""
    rows = work.table("offers").sort_values("offer_id").head(ASKED).reset_index(drop=True)
    return rows[["offer_id", "seller_id", "title", "attrs_raw", "price", "ean"]]


def _ask(work: Workspace, offers: pd.DataFrame) -> pd.DataFrame:
    """The chance of each pair; rows that are no pair are left out."""
    answer = work.call(CHANCES, offers, called=CALLED)
    return answer.sort_values(["offer_id", "product_id"]).reset_index(drop=True)


@check(
    group="tests", points=6, kind="consistency", needs=["knows_hidden_offers"], phase=Phase.HIDDEN
)
def parts_agree_with_the_whole(work: Workspace) -> None:
    """Offers asked about together and one by one get the same chances"""
    offers = _sample(work)
    together = _ask(work, offers)
    parts = [offers.iloc[:1], offers.iloc[1:2], offers.iloc[2:].iloc[::-1]]
    apart = pd.concat([_ask(work, part) for part in parts], ignore_index=True)
    apart = apart.sort_values(["offer_id", "product_id"]).reset_index(drop=True)
    if len(apart) != len(together):
        fail("chances_differ", pairs=abs(len(apart) - len(together)), total=len(together))
    differ = int((np.abs(apart["p"] - together["p"]) > SAME).sum())
    if differ:
        fail("chances_differ", pairs=differ, total=len(together))


@check(
    group="tests", points=5, kind="directional", needs=["knows_hidden_offers"], phase=Phase.HIDDEN
)
def strange_price_makes_doubt(work: Workspace) -> None:
    """Five times the price does not make a match likelier"""
    offers = _sample(work)
    plain = _best(_ask(work, offers))
    dear = _best(_ask(work, offers.assign(price=offers["price"] * 5)))
    if not dear["p"].mean() < plain["p"].mean():
        fail("price_does_not_matter")


@check(
    group="tests", points=5, kind="directional", needs=["knows_hidden_offers"], phase=Phase.HIDDEN
)
def own_barcode_makes_sure(work: Workspace) -> None:
    """The barcode of the best card does not make a match less likely"""
    offers = _sample(work).assign(ean=np.nan)
    plain = _best(_ask(work, offers))
    cards = work.table("products").set_index("product_id")["ean"]
    named = plain.set_index("offer_id")["product_id"].map(cards)
    told = _best(_ask(work, offers.assign(ean=offers["offer_id"].map(named).astype(float))))
    if not told["p"].mean() > plain["p"].mean():
        fail("barcode_does_not_matter")


def _best(answer: pd.DataFrame) -> pd.DataFrame:
    """The likeliest card of each offer."""
    ranked = answer.sort_values(["offer_id", "p", "product_id"], ascending=[True, False, True])
    return ranked.drop_duplicates("offer_id")


# ------------------------------------------------------------------ tidy
@check(
    group="tests", points=5, severity="minor", kind="contract", needs=["knows_hidden_offers"],
    phase=Phase.HIDDEN,
)  # fmt: skip
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about the model"""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("PairModel" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_the_model")


def _after_it_trains(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("trains",))


secrets = production.no_secrets(points=0)
tidy = _after_it_trains(production.lint(points=4))
typed = _after_it_trains(production.annotated(points=2))
told = _after_it_trains(production.documented(points=2))
pinned = _after_it_trains(production.pinned(points=3))
logged = _after_it_trains(production.logs(points=1))
