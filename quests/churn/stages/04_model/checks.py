"""What anybody can check at home: training, the artefact, and questions asked twice."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from graders import Check, Phase, Workspace, check, fail, production, tracking
from graders.leakage import dependence

LATE = ("cancel_page_views", "status_final")
METRICS = ("roc_auc", "log_loss", "ece", "rows")
SAMPLE, MOMENTS, ASKED = 1_000, 12, 60
SAME = 1e-9
TRAIN = "driver.model:train_and_save"
PREDICT = "ChurnModel.predict_proba"
FEATURES = (
    "lessons_7d",
    "lessons_14d",
    "lessons_28d",
    "lessons_84d",
    "lessons_trend_28d",
    "days_inactive",
    "tenure_months",
    "price_rub",
    "failed_payments_30d",
    "pricing_views_30d",
    "coupons_lifetime",
    "tickets_30d",
    "progress_pct",
    "nps",
)


# ------------------------------------------------------------------ what the code says
@check(
    group="production",
    points=4,
    severity="blocker",
    kind="static",
    needs=["trains"],
    phase=Phase.TRAIN,
)
def names_no_late_column(work: Workspace) -> None:
    """Neither Python nor SQL of the project reads a column that is filled in after the outcome."""
    for path in [*work.matching("churn/*.py"), *work.matching("sql/*.sql")]:
        text = _without_comments(work.text(path), path)
        found = re.search(rf"\b({'|'.join(LATE)})\b", text)
        if found:
            line = text[: found.start()].count("\n") + 1
            fail("reads_the_outcome", at=f"{path}:{line}", column=found[1])


def _without_comments(text: str, path: str) -> str:
    mark = r"--[^\n]*" if path.endswith(".sql") else r"#[^\n]*"
    text = re.sub(mark, "", text)
    # A docstring may warn of the column; line numbers stay.
    return re.sub(r'"""(?:.|\n)*?"""', lambda doc: "\n" * doc[0].count("\n"), text)


# ------------------------------------------------------------------ training
@check(group="production", points=0, severity="blocker", kind="contract", phase=Phase.TRAIN)
def trains(work: Workspace) -> None:
    """`python -m churn.train --out DIR` ends well and leaves `model` and `metrics.json`."""
    work.train("python", "-m", "churn.train", "--out", "/artifacts")
    if not any(path == "model" or path.startswith("model/") for path in work.rooms.artifacts):
        fail("no_model")
    said = _metrics(work)
    for name in METRICS:
        value = said.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            fail("no_metric", metric=name)


def _metrics(work: Workspace) -> Mapping[str, Any]:
    said = work.json("metrics.json", max_bytes=100_000)
    if not isinstance(said, dict):
        fail("metrics_not_json")
    return said


# ------------------------------------------------------------------ the same question twice
@check(group="tests", points=5, kind="consistency", needs=["ranks_who_leaves"], phase=Phase.HIDDEN)
def two_trainings_agree(work: Workspace) -> None:
    """Two trainings on the same rows with the same seed give the same probabilities."""
    rows = _labelled(work)
    asked = rows[list(FEATURES)].head(ASKED)
    answers = [_trained(work, rows, asked) for _ in range(2)]
    if answers[0].shape != answers[1].shape:
        fail("answers_of_two_lengths")
    differ = np.abs(answers[0] - answers[1]) > SAME
    if differ.any():
        fail(
            "trainings_differ",
            rows=int(differ.sum()),
            total=len(differ),
            largest=float(np.abs(answers[0] - answers[1]).max()),
        )


def _trained(work: Workspace, rows: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    """Train in a fresh room; the room is gone afterwards."""
    with work.room() as room:
        answer = work.call(TRAIN, rows, asked, 11, room=room, called="churn.train:fit")
    return _numbers(answer)


@check(group="tests", points=4, kind="consistency", needs=["ranks_who_leaves"], phase=Phase.HIDDEN)
def saved_and_loaded_is_the_same(work: Workspace) -> None:
    """A model answers in another process as it did before it was saved."""
    rows = _labelled(work)
    asked = rows[list(FEATURES)].head(ASKED)
    with work.room() as room:
        answer = work.call(TRAIN, rows, asked, 7, room=room, called="churn.train:fit")
        before = _numbers(answer)
        saved = room.files("/artifacts", max_files=256, max_bytes=64_000_000)
    with work.room() as room:
        room.upload({f"/artifacts/{path}": body for path, body in saved.items()})
        target = "driver.model:load_again"
        after = _numbers(work.call(target, asked, room=room, called="ChurnModel.load"))
    if before.shape != after.shape or not np.allclose(before, after, rtol=0, atol=SAME):
        fail("another_model")


@check(group="tests", points=4, kind="invariance", needs=["ranks_who_leaves"], phase=Phase.HIDDEN)
def answers_row_by_row(work: Workspace) -> None:
    """Alone or in a batch, in any order of rows and columns, a row gets the same answer."""
    asked = _labelled(work)[list(FEATURES)].head(ASKED)
    target = "driver.model:loaded"
    with work.room() as room:  # where nothing is remembered of the first asking
        found = dependence(
            lambda rows: work.call(target, rows, called=PREDICT),
            asked,
            again=lambda rows: work.call(target, rows, room=room, called=PREDICT),
            cases=("alone", "parts", "reordered", "columns"),
            tolerance=SAME,
        )
    if found:
        case = "alone" if found.case in ("alone", "parts") else "reordered"
        fail("answers_differ", case=case, rows=found.rows, total=found.total)


@check(group="tests", points=3, kind="negation", needs=["ranks_who_leaves"], phase=Phase.HIDDEN)
def lives_with_gaps(work: Workspace) -> None:
    """Missing values get a probability; a missing column is refused by name."""
    asked = _labelled(work)[list(FEATURES)].head(20).copy()
    asked.loc[asked.index[:10], ["progress_pct", "nps"]] = np.nan
    asked.loc[asked.index[0], :] = np.nan
    answer = _numbers(work.call("driver.model:loaded", asked, called=PREDICT))
    bad = ~((answer >= 0) & (answer <= 1))
    if len(answer) != len(asked) or bad.any():
        fail("no_probability", rows=int(bad.sum()))
    error = work.call("driver.model:without", asked, "tenure_months", called=PREDICT)
    if error is None:
        fail("absent_column_unnoticed")


@check(
    group="tests",
    points=2,
    severity="minor",
    kind="directional",
    needs=["ranks_who_leaves"],
    phase=Phase.HIDDEN,
)
def failures_raise_the_risk(work: Workspace) -> None:
    """Two failed charges more do not make people look safer."""
    asked = _labelled(work)[list(FEATURES)].head(400).copy()
    asked["failed_payments_30d"] = 0.0
    calm = _numbers(work.call("driver.model:loaded", asked, called=PREDICT))
    worse = asked.assign(failed_payments_30d=2.0)
    alarmed = _numbers(work.call("driver.model:loaded", worse, called=PREDICT))
    if not alarmed.mean() >= calm.mean():
        fail("failures_calm", rows=int((alarmed < calm).sum()), total=len(calm))


def _labelled(work: Workspace) -> pd.DataFrame:
    """Public renewals without a letter, newest first: features (the learner's) and outcome."""

    def read() -> pd.DataFrame:
        key = ["user_id", "renewal_due"]
        campaigns = work.table("campaigns")[[*key, "offer"]]
        rows = work.table("renewals").merge(campaigns, on=key)
        rows = rows[rows["offer"].astype(str) == "none"]
        moments = pd.to_datetime(rows["decision_at"], utc=True)
        parts: list[pd.DataFrame] = []
        for moment in sorted(moments.unique(), reverse=True)[:MOMENTS]:
            parts.append(_known(work, rows[moments == moment], pd.Timestamp(moment)))
            if sum(map(len, parts)) >= SAMPLE:
                break
        return pd.concat(parts, ignore_index=True).head(SAMPLE)

    return work.once("labelled", read)


def _known(work: Workspace, rows: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The renewals of one decision with what the learner's features say of them."""
    ids = [int(user) for user in rows["user_id"].head(SAMPLE)]
    target = "driver.model:sample"
    features: pd.DataFrame = work.call(
        target, moment.isoformat(), ids, called="churn.data:load_features"
    )
    return features.merge(rows[["user_id", "churned"]], on="user_id").assign(decision_at=moment)


def _numbers(answer: object) -> np.ndarray:
    """A list of numbers that came out of a room."""
    plain = isinstance(answer, list) and all(isinstance(value, int | float) for value in answer)
    return np.array(answer if plain else [math.nan], dtype=np.float64)


# ------------------------------------------------------------------ tidy
@check(
    group="tests",
    points=3,
    severity="minor",
    kind="contract",
    needs=["ranks_who_leaves"],
    phase=Phase.HIDDEN,
)
def own_tests_pass(work: Workspace) -> None:
    """The project's tests run and pass, and some of them are about the model."""
    finished = work.run("python", "-m", "pytest", "-q", "tests", may_fail=True)
    if not finished.ok:
        fail("tests_fail", exit_code=finished.exit_code or 1)
    if not any("ChurnModel" in work.text(path) for path in work.matching("tests/*.py")):
        fail("no_test_of_the_model")


def _after_it_trains(library: Check) -> Check:
    """First right, then tidy."""
    return replace(library, phase=Phase.TRAIN, needs=("trains",))


secrets = production.no_secrets(points=0)
tidy = production.lint(points=2)
typed = _after_it_trains(production.annotated(points=1))
told = _after_it_trains(production.documented(points=1))
pinned = _after_it_trains(production.pinned(points=2))
bound = _after_it_trains(production.binds_sql(points=1))
said = _after_it_trains(production.logs(points=1))
tracked = tracking.logged(
    "churn",
    params=["seed"],
    metrics=["roc_auc", "log_loss", "ece"],
    points=4,
    severity="minor",
    needs=["trains"],
    phase=Phase.TRAIN,
)
agrees = tracking.agrees_with_file(
    "churn",
    ["roc_auc", "log_loss", "ece"],
    points=2,
    needs=[tracked],
    phase=Phase.TRAIN,
)
