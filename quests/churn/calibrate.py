"""What `sim calibrate quests/churn` measures, and how the thresholds follow from it.

Everybody learns from the same public town; installations differ in their hidden customers. So
each solution is trained once on the public data, and judged on several hidden draws as the stages
judge: on every renewal decided on one Monday, by what happens without a letter. Every threshold
follows from what was measured by a rule that is written here (`_model_gates`, `_worth`) or in
`graders.calibration`; none is chosen by hand.
"""

import importlib
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import clickhouse_connect
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from graders.calibration import (
    Calibration,
    Ordering,
    Spread,
    Tree,
    beside,
    lenient,
    pass_and_merit,
    span,
    told,
    up,
)

HERE = Path(__file__).resolve().parent
SILENT_DAYS = 14
MAX_SHARE = 0.15
BINS = 20
METRICS = ("roc_auc", "log_loss", "ece")
# Heuristics, and models whose probabilities are none: what a threshold has to stop.
POOR = {
    "roc_auc": ("constant", "recency", "lessons_28d"),
    "log_loss": ("constant", "lr_balanced", "gbm_balanced", "leak_served"),
    "ece": ("lr_balanced", "gbm_balanced", "leak_served"),
}
# Wrong turns of the rollout.
MUST_FAIL = ("nothing", "top_risk", "risk_times_price", "observational")
# Wrong turns of the uplift stage: an order by risk; a list by risk, or learned where others chose.
POOR_ORDER, POOR_LIST = ("top_risk",), ("top_risk", "observational")
OTHERS = {"auuc": ("observational", "oracle"), "earns": ("t_learner",)}
# What passes a rollout although it is simple: the rule of stage 3, a page of SQL and no model.
ACCEPTABLE = "rule"

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Score = Callable[[pd.DataFrame], Floats]
Policy = Callable[[pd.DataFrame], Flags]


@dataclass(frozen=True, kw_only=True)
class Modules:
    """The quest's own code, loaded from its files."""

    data: ModuleType
    world: ModuleType
    model: ModuleType  # the reference's
    train: ModuleType
    uplift: ModuleType
    policy: ModuleType


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the public data teach."""

    modules: Modules
    solutions: Mapping[str, Score]
    policies: Mapping[str, Policy]
    orders: Mapping[str, Score]  # what a letter is expected to bring, or what stands in for it
    decide: Callable[[pd.DataFrame], pd.DataFrame]  # the reference's, whole
    promised: float  # ROC-AUC that the reference measures out of time
    leak_promised: float  # the same by a model that uses a column filled in later
    rows: Mapping[str, int]


def _modules() -> Modules:
    """The generator, and the package of the reference, which is on the path."""
    named = ("model", "train", "uplift", "policy")
    reference = {name: importlib.import_module(f"churn.{name}") for name in named}
    return Modules(data=beside(__file__, "data"), world=beside(__file__, "world"), **reference)


# ------------------------------------------------------------------ learning
def _history(data: ModuleType, scale: str) -> pd.DataFrame:
    """Return past renewals of customers, with the features of their moment of decision."""
    tables = data.public_frames(data.PUBLIC_SEED, scale)
    staff = tables["users"].user_id[tables["users"].is_test == 1]
    rows = tables["renewals"].merge(tables["campaigns"], on=["user_id", "renewal_due"])
    rows = rows[~rows.user_id.isin(staff)]
    parts: list[pd.DataFrame] = [
        part.merge(data.features(tables, int(str(moment))), on="user_id")
        for moment, part in rows.groupby("decision_at", sort=True)
    ]
    history = pd.concat(parts, ignore_index=True)
    history["decision_at"] = pd.to_datetime(history["decision_at"], unit="ms", utc=True)
    return history


def _learn(scale: str) -> Learned:
    modules = _modules()
    history = _history(modules.data, scale)
    names = list(modules.data.FEATURES)
    untreated = history[history.offer == 0].reset_index(drop=True)
    split = modules.train.out_of_time(untreated)
    leaky = _gbm(split.train, [*names, "cancel_page_views"])
    reference = _reference_policy(modules, history)
    late = split.valid
    orders = _orders(modules, names, untreated, history, reference)
    return Learned(
        modules=modules,
        solutions=_solutions(modules, names, untreated, history),
        policies=_policies(orders, reference),
        orders=orders,
        decide=reference.decide,
        promised=modules.train.evaluate(split, seed=0).roc_auc,
        leak_promised=float(roc_auc_score(late.churned, leaky(late))),
        rows={"history": len(history), "untreated": len(untreated)},
    )


def _solutions(
    modules: Modules, names: list[str], untreated: pd.DataFrame, history: pd.DataFrame
) -> dict[str, Score]:
    """Return every solution by name; the leak is served without its column."""
    rate = float(untreated.churned.mean())
    leaky = _gbm(untreated, [*names, "cancel_page_views"])
    reference = modules.model.ChurnModel(seed=0).fit(untreated, untreated.churned)
    return {
        "constant": lambda rows: np.full(len(rows), rate),
        "recency": lambda rows: rows.days_inactive.to_numpy() / 85,
        "lessons_28d": lambda rows: 1.0 / (2.0 + rows.lessons_28d.to_numpy()),
        "lr": _lr(untreated, names),
        "lr_balanced": _lr(untreated, names, weight="balanced"),
        "lr_all_rows": _lr(history, names),
        "gbm": _gbm(untreated, names),
        "gbm_balanced": _gbm(untreated, names, weight="balanced"),
        "gbm_all_rows": _gbm(history, names),
        "leak_served": lambda rows: leaky(rows.assign(cancel_page_views=0)),
        "reference": reference.predict_proba,
    }


def _pilot(modules: Modules, history: pd.DataFrame) -> pd.DataFrame:
    pilot: pd.DataFrame = history[history.source == modules.data.PILOT + 1]
    return pilot.reset_index(drop=True)


def _reference_policy(modules: Modules, history: pd.DataFrame) -> Any:  # noqa: ANN401 - theirs
    pilot = _pilot(modules, history)
    uplift = modules.uplift.UpliftModel(seed=0).fit(pilot, pilot.offer, pilot.churned)
    return modules.policy.RetentionPolicy(uplift)


def _orders(
    modules: Modules,
    names: list[str],
    untreated: pd.DataFrame,
    history: pd.DataFrame,
    reference: Any,  # noqa: ANN401 - the reference's own class
) -> dict[str, Score]:
    """Return what puts customers into an order, by name."""
    pilot = _pilot(modules, history)
    sides = [_gbm(pilot[pilot.offer == side], names) for side in (0, 1)]
    watched = [_gbm(history[history.offer == side], names) for side in (0, 1)]

    def gains(models: list[Score]) -> Score:
        without, with_letter = models

        def score(rows: pd.DataFrame) -> Floats:
            gain = modules.data.gain(without(rows), with_letter(rows), rows["price_rub"])
            return np.asarray(gain, dtype=np.float64)

        return score

    return {
        "top_risk": _gbm(untreated, names),
        "observational": gains(watched),
        "t_learner": gains(sides),
        "reference": lambda rows: reference.decide(rows)["expected_gain_rub"].to_numpy(),
    }


def _policies(
    orders: Mapping[str, Score],
    reference: Any,  # noqa: ANN401 - the reference's own class
) -> dict[str, Policy]:
    """Return policies of the rollout by name; `MUST_FAIL` are wrong turns."""
    risk = orders["top_risk"]
    return {
        "nothing": lambda rows: np.zeros(len(rows), dtype=np.bool_),
        "top_risk": lambda rows: _top(risk(rows)),
        "risk_times_price": lambda rows: _top(risk(rows) * rows["price_rub"].to_numpy()),
        "observational": lambda rows: _paying(orders["observational"](rows)),
        "t_learner": lambda rows: _paying(orders["t_learner"](rows)),
        "rule": _rule,
        "reference": lambda rows: reference.decide(rows)["action"].to_numpy() == "discount30",
    }


def _paying(gain: Floats) -> Flags:
    gain = np.asarray(gain)
    return _top(gain) & (gain > 0)


def _lr(train: pd.DataFrame, names: list[str], weight: str | None = None) -> Score:
    model = make_pipeline(
        SimpleImputer(add_indicator=True),
        StandardScaler(),
        LogisticRegression(max_iter=500, class_weight=weight),
    ).fit(train[names], train.churned)
    return lambda rows: model.predict_proba(rows[names])[:, 1]


def _gbm(train: pd.DataFrame, names: list[str], weight: str | None = None) -> Score:
    model = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.06,
        max_leaf_nodes=15,
        min_samples_leaf=60,
        l2_regularization=1.0,
        random_state=0,
        class_weight=weight,
    ).fit(train[names], train.churned)
    return lambda rows: model.predict_proba(rows[names])[:, 1]


# ------------------------------------------------------------------ judging
def _judge(learned: Learned, key: bytes, scale: str) -> Tree:
    """Judge every solution on the hidden customers of one draw."""
    truth = {
        name: pa.Table.from_batches(list(batches)).to_pandas()
        for name, batches in learned.modules.data.hidden(key, scale).truth.items()
    }
    features = truth["features"][truth["features"].as_of == truth["features"].as_of.max()]
    known = truth["renewals"].drop(columns=["price_rub", "days_inactive"])
    cohort = features.merge(known, on="user_id")
    answers: Tree = {metric: {} for metric in (*METRICS, "silent_gap")}
    silent = (cohort.days_inactive >= SILENT_DAYS).to_numpy()
    chances = {name: score(cohort) for name, score in learned.solutions.items()}
    for name, p in (chances | {"oracle": cohort.p0.to_numpy()}).items():
        for metric, value in _quality(cohort.churned_none, p).items():
            answers[metric][name] = value
        answers["silent_gap"][name] = float((p - cohort.p0.to_numpy())[silent].mean())
    answers["roubles"] = _money(cohort, chances["reference"])
    answers["uplift"] = _uplifted(learned, cohort)
    answers["rollout"] = _rolled_out(learned, truth["world"])
    answers["churn"] = float(cohort.churned_none.mean())
    answers["judged"] = len(cohort)
    return answers


def _uplifted(learned: Learned, cohort: pd.DataFrame) -> Tree:
    """Judge as stage uplift does, exactly: the area of each order, and a week's roubles."""
    gain = cohort.gain_rub.to_numpy()
    orders = {name: _area(order(cohort), gain) for name, order in learned.orders.items()}
    earns: Tree = {
        name: float((policy(cohort) * gain).mean()) for name, policy in learned.policies.items()
    }
    return {"auuc": orders | {"oracle": _area(gain, gain)}, "earns": earns}


def _area(order: Floats, gain: Floats) -> float:
    """The area between the exact curve of an order and that of a random one, roubles a renewal."""
    placed = np.argsort(-order, kind="stable")
    last = np.append(np.diff(order[placed]) != 0, True)
    share = np.append(0.0, (np.flatnonzero(last) + 1) / len(gain))
    roubles = np.append(0.0, np.cumsum(gain[placed])[last] / len(gain))
    return float(np.trapezoid(roubles, share) - roubles[-1] / 2)


def _rolled_out(learned: Learned, rows: pd.DataFrame) -> Tree:
    """Roll every policy out in the world of a draw, exactly: roubles a renewal, and capture."""
    world = learned.modules.world.open_world(lambda _: rows)
    weeks = range(world.steps)

    def value(actions: list[Any]) -> float:
        parts = [world.worth(week, actions[week]) for week in weeks]
        return float(np.concatenate(parts).mean())

    plain = [world.simple(week) for week in weeks]
    simple = {name: value([one[name] for one in plain]) for name in plain[0]}
    usual = value([world.usual(week) for week in weeks])
    best = value([world.best(week) for week in weeks])
    floor = max(usual, *simple.values())
    found: Tree = {"incumbent": (usual - floor) / (best - floor), "roubles_best": best - floor}
    for name, policy in learned.policies.items():
        chosen = [policy(world.observe(week)).astype(np.int64) for week in weeks]
        found[name] = (value(chosen) - floor) / (best - floor)
    return {"capture": found | {"oracle": 1.0}, "promise": _promise(learned, world)}


def _promise(learned: Learned, world: Any) -> Tree:  # noqa: ANN401 - the quest's own world
    """How far the reference's promise is off what its letters bring, roubles a letter."""
    off = 0.0
    letters = 0
    for week in range(world.steps):
        answer = learned.decide(world.observe(week))
        chosen = answer["action"].to_numpy() == "discount30"
        off += float((answer["expected_gain_rub"].to_numpy() - world.gain(week))[chosen].sum())
        letters += int(chosen.sum())
    return {"reference": off / max(letters, 1)}


def _quality(y: pd.Series, p: Floats) -> dict[str, float]:
    truth, p = y.to_numpy().astype(np.float64), np.clip(p, 1e-4, 1 - 1e-4)
    groups = np.array_split(np.argsort(p, kind="stable"), BINS)
    gaps = (abs(truth[g].mean() - p[g].mean()) * g.size for g in groups)
    return {
        "roc_auc": float(roc_auc_score(truth, p)),
        "log_loss": float(log_loss(truth, p)),
        "ece": float(sum(gaps) / len(truth)),
    }


def _money(cohort: pd.DataFrame, risk: Floats) -> dict[str, float]:
    """What lists earn over sending nothing, exactly: roubles a renewal."""
    gain = cohort.gain_rub.to_numpy()
    nobody = np.zeros(len(gain), dtype=np.bool_)
    lists = {
        "everybody": ~nobody,
        "incumbent": (cohort.days_inactive >= SILENT_DAYS).to_numpy(),
        "top_risk": _top(risk),
        "rule": _rule(cohort),
        "oracle": _top(gain) & (gain > 0),
    }
    return {name: float(gain[chosen].sum() / len(gain)) for name, chosen in lists.items()}


def _top(score: Floats) -> Flags:
    chosen = np.zeros(len(score), dtype=np.bool_)
    chosen[np.argsort(-score, kind="stable")[: int(MAX_SHARE * len(score))]] = True
    return chosen


def _rule(cohort: pd.DataFrame) -> Flags:
    """Ask the reference's own rule.sql whom it would write to."""
    rule = (HERE / "reference/sql/rule.sql").read_text(encoding="utf-8").rstrip().removesuffix(";")
    client = clickhouse_connect.get_client(interface="chdb")
    with tempfile.TemporaryDirectory() as folder:
        cohort.drop(columns="as_of", errors="ignore").to_parquet(Path(folder) / "features.parquet")
        source = f"file('{folder}/features.parquet', Parquet)"
        query = f"WITH features AS (SELECT * FROM {source})\n{rule}"  # noqa: S608 - own files
        asked = {"user_ids": cohort.user_id.tolist(), "max_share": MAX_SHARE}
        answer = client.query(query, asked).result_rows
    client.close()
    chosen = {user for user, contact in answer if contact}
    return cohort.user_id.isin(chosen).to_numpy(np.bool_)


# ------------------------------------------------------------------ what is written
def _facts(learned: Learned, found: Sequence[Tree]) -> Tree:
    """What does not differ from draw to draw."""
    return {
        "promised": {"reference": learned.promised, "leak": learned.leak_promised},
        "rows": dict(learned.rows) | {"judged": found[0]["judged"]},
    }


def _thresholds(measured: Mapping[str, Tree]) -> Tree:
    first, *others = measured
    model = _model_gates(measured[first], spare=3)
    model |= {scale: _model_gates(measured[scale], spare=4) for scale in others}
    capture = _capture_gates(measured[first]["rollout"], full=True)
    capture |= {scale: _capture_gates(measured[scale]["rollout"], full=False) for scale in others}
    baseline = {"rule_target": _worth(measured[first])}
    uplift = _uplift_gates(measured[first]["uplift"])
    uplift |= {scale: _direction(measured[scale]["uplift"]) for scale in others}
    return {"baseline": baseline, "model": model, "uplift": uplift, "capture": capture}


def _worth(of: Tree) -> Tree:
    """Ask of a rule half of what the reference's rule earns over sending nothing."""
    rule, incumbent = of["roubles"]["rule"], of["roubles"]["incumbent"]
    how = (
        f"half of what the reference rule earns: {rule['mean']:.1f} roubles, sd {rule['sd']:.1f}; "
        f"the incumbent {incumbent['mean']:.1f}"
    )
    return {"value": round(rule["mean"] / 2), "how": how}


def _uplift_gates(of: Tree) -> Tree:
    """Say where the points of an order and of a week's letters begin, and where they are full.

    By the common rule (`span`): full three deviations below the reference's mean, beginning
    halfway from the best wrong turn to the simple right solution. An order is wrong that follows
    risk, the simple right one is a boosted model a side of the coin. Letters are wrong that were
    learned from all history, too; right and simple is stage 3's own rule, without any model.
    """
    found: Tree = {}
    for metric, simple, poor in (("auuc", "t_learner", POOR_ORDER), ("earns", "rule", POOR_LIST)):
        one = of[metric]
        begin = span(
            Spread.read(one["reference"]),
            Spread.read(one[simple]),
            [Spread.read(one[name]) for name in poor],
            higher=True,
            spare=3,
            step=1.0,
        )
        found[metric] = begin | {"how": told(one, (simple, *poor, *OTHERS[metric]))}
    return found


def _direction(of: Tree) -> Tree:
    """So few customers show the direction only: points far below what is right.

    Full four deviations below the reference's order; and for letters, where the few rows of the
    pilot teach an honest simple model to lose a little, below that of the simple one.
    """
    found: Tree = {}
    for metric, right in (("auuc", "reference"), ("earns", "t_learner")):
        one = Spread.read(of[metric][right])
        full = math.floor(one.mean - 4 * one.sd)
        begin = math.floor(full - one.sd) - 1
        found[metric] = {
            "baseline": begin,
            "target": full,
            "how": told(of[metric], (), best=right),
        }
    return found


def _capture_gates(of: Tree, *, full: bool) -> Tree:
    """Say which capture passes and which has merit, and which promise holds.

    Pass: the common rule (`pass_and_merit`). The simple solution that is right is stage 3's rule:
    a boosted model a side of the coin, which was meant for it at first, earns less than that rule
    in this market, and no more than what is learned where others chose, so it must not pass.
    Merit: 97 % of the reference's mean, or three of its deviations below, whichever is less. The
    common rule takes one and a half, for means of three draws; here one draw is judged, and the
    reference has to reach merit in every installation. Where the world is small only the direction
    counts: four deviations below the reference's mean. Promise: twice the worst miss of the
    reference, or four deviations beyond its mean, whichever is more.
    """
    capture = of["capture"]
    best = Spread.read(capture["reference"])
    if full:
        wrong = [Spread.read(capture[name]) for name in MUST_FAIL]
        simple = Spread.read(capture[ACCEPTABLE])
        passing = pass_and_merit(best, wrong, simple)["pass"]
        merit = lenient(min(best.mean - 3 * best.sd, 0.97 * best.mean), 0.01)
    else:
        passing = math.floor(100 * (best.mean - 4 * best.sd)) / 100
        merit = math.floor(100 * (best.mean - 3.5 * best.sd)) / 100
    said = [f"{name} {one['mean']:.3f} sd {one['sd']:.3f}" for name, one in capture.items()]
    off = of["promise"]["reference"]
    worst = max(2 * abs(off["min"]), 2 * abs(off["max"]), abs(off["mean"]) + 4 * off["sd"])
    return {
        "pass": passing,
        "merit": merit,
        "how": "; ".join(said),
        "promise": {
            "value": 10 * math.ceil(worst / 10),
            "how": f"roubles a letter, promised less delivered: reference {off['mean']:.0f}, "
            f"{off['min']:.0f} to {off['max']:.0f}",
        },
    }


def _model_gates(of: Tree, *, spare: int) -> Tree:
    """Say where points begin (`baseline`) and where they are full (`target`).

    Target: `spare` standard deviations below the reference's mean, so that it reaches it on every
    installation; one more where few customers make luck larger. Baseline: halfway from the best
    poor solution to logistic regression, but three deviations below the target at least.
    """
    gates: Tree = {metric: _span(metric, of[metric], spare) for metric in METRICS}
    gap, auc = of["silent_gap"], of["roc_auc"]["reference"]
    middle = (gap["lr"]["mean"] + gap["gbm_all_rows"]["min"]) / 2
    most = max(middle, gap["reference"]["mean"] + 5 * gap["reference"]["sd"])
    gates["silent_gap"] = {"value": up(most, 0.01), "how": _how(gap, ("lr", "gbm_all_rows"))}
    promise = max(0.0, of["promised"]["reference"] - auc["mean"]) + 5 * auc["sd"]
    told_by = ", ".join(f"{who} {value:.3f}" for who, value in of["promised"].items())
    gates["promise"] = {
        "value": up(promise, 0.01),
        "how": f"promised out of time: {told_by}; hidden: {_how(of['roc_auc'], ())}",
    }
    return gates


def _span(metric: str, of: Tree, spare: int) -> Tree:
    """From a metric's baseline to its target."""
    found = span(
        Spread.read(of["reference"]),
        Spread.read(of["lr"]),
        [Spread.read(of[name]) for name in POOR[metric]],
        higher=metric == "roc_auc",
        spare=spare,
        step=0.001 if metric == "ece" else 0.005,
    )
    return found | {"how": _how(of, ("lr", *POOR[metric]))}


def _how(of: Tree, others: tuple[str, ...]) -> str:
    return told(of, (*others, "oracle"))


CALIBRATION = Calibration(
    learn=_learn,
    judge=_judge,
    facts=_facts,
    thresholds=_thresholds,
    orderings=(
        Ordering("roc_auc", ("constant", "recency", "lessons_28d", "lr", "reference", "oracle")),
        Ordering("log_loss", ("leak_served", "lr", "reference", "oracle"), higher=False),
        Ordering("ece", ("leak_served", "reference", "oracle"), higher=False),
        Ordering("silent_gap", ("gbm_all_rows", "lr", "reference"), higher=False),
        Ordering("roubles", ("everybody", "incumbent", "rule", "oracle")),
        Ordering("roubles", ("top_risk", "rule")),
        Ordering("uplift.auuc", ("top_risk", "observational", "reference", "oracle")),
        Ordering("uplift.earns", ("nothing", "rule", "reference")),
        Ordering("rollout.capture", ("incumbent", "nothing", "rule", "reference", "oracle")),
        Ordering("rollout.capture", ("top_risk", "observational", "rule", "reference")),
    ),
    small_orderings=(  # so few customers: the direction, not the level
        Ordering("roc_auc", ("constant", "reference", "oracle")),
        Ordering("roubles", ("incumbent", "rule", "oracle")),
        Ordering("rollout.capture", ("incumbent", "reference", "oracle")),
    ),
    packages=("numpy", "pandas", "scikit-learn", "lightgbm"),
)
