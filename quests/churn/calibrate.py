"""Measure on the generator what models and rules reach, and write calibration.json from it.

    PYTHONPATH=. python quests/churn/calibrate.py [--draws 12] [--scales default tiny] [--out FILE]

with the packages of requirements/site.txt and requirements/python-ml.txt. Everybody learns from
the same public town; installations differ in their hidden customers. So each solution is trained
once on the public data, and judged on several hidden draws as the stages judge: on every renewal
decided on one Monday, by what happens without a letter. Every threshold follows from what was
measured by a rule that is written here (`_model_gates`, `_worth`); none is chosen by hand.
"""

import argparse
import hashlib
import importlib
import importlib.util
import json
import math
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import clickhouse_connect
import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Score = Callable[[pd.DataFrame], Floats]
Tree = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Modules:
    """The quest's own code, loaded from its files."""

    data: ModuleType
    model: ModuleType  # the reference's
    train: ModuleType


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the public data teach."""

    solutions: Mapping[str, Score]
    promised: float  # ROC-AUC that the reference measures out of time
    leak_promised: float  # the same by a model that uses a column filled in later
    rows: Mapping[str, int]


def main() -> None:
    """Measure, and write what was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--draws", type=int, default=12)
    words.add_argument("--scales", nargs="+", default=["default", "tiny"])
    words.add_argument("--out", type=Path, default=HERE / "calibration.json")
    asked = words.parse_args()
    modules = _modules()
    measured: Tree = {}
    for scale in asked.scales:
        learned = _learn(modules, scale)
        found = [_judge(modules, learned, scale, draw) for draw in range(asked.draws)]
        measured[scale] = _summed(found) | {
            "promised": {"reference": learned.promised, "leak": learned.leak_promised},
            "rows": dict(learned.rows) | {"judged": found[0]["judged"]},
        }
    report = _report(measured, asked.draws)
    asked.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _modules() -> Modules:
    sys.path[:0] = [str(HERE / "reference"), str(HERE.parents[1] / "sandbox")]
    spec = importlib.util.spec_from_file_location("data_of_churn", HERE / "data.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(HERE / "data.py")
    data = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = data
    spec.loader.exec_module(data)
    model, train = (importlib.import_module(f"churn.{name}") for name in ("model", "train"))
    return Modules(data=data, model=model, train=train)


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


def _learn(modules: Modules, scale: str) -> Learned:
    history = _history(modules.data, scale)
    names = list(modules.data.FEATURES)
    untreated = history[history.offer == 0].reset_index(drop=True)
    split = modules.train.out_of_time(untreated)
    leaky = _gbm(split.train, [*names, "cancel_page_views"])
    late = split.valid
    return Learned(
        solutions=_solutions(modules, names, untreated, history),
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
def _judge(modules: Modules, learned: Learned, scale: str, draw: int) -> Tree:
    """Judge every solution on the hidden customers of one draw."""
    key = hashlib.sha256(f"calibration {draw}".encode()).digest()
    truth = {
        name: pa.Table.from_batches(list(batches)).to_pandas()
        for name, batches in modules.data.hidden(key, scale).truth.items()
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
    answers["churn"] = float(cohort.churned_none.mean())
    answers["judged"] = len(cohort)
    return answers


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
        cohort.drop(columns="as_of").to_parquet(Path(folder) / "features.parquet")
        source = f"file('{folder}/features.parquet', Parquet)"
        query = f"WITH features AS (SELECT * FROM {source})\n{rule}"  # noqa: S608 - own files
        asked = {"user_ids": cohort.user_id.tolist(), "max_share": MAX_SHARE}
        answer = client.query(query, asked).result_rows
    client.close()
    chosen = {user for user, contact in answer if contact}
    return cohort.user_id.isin(chosen).to_numpy(np.bool_)


# ------------------------------------------------------------------ what is written
def _report(measured: Tree, draws: int) -> Tree:
    first, *others = measured
    report: Tree = {
        "how": f"written by calibrate.py: one training on public data, {draws} hidden draws",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "scikit-learn": sklearn.__version__,
            "lightgbm": lightgbm.__version__,
        },
        "baseline": {"rule_target": _worth(measured[first])},
        "model": _model_gates(measured[first], spare=3),
    }
    report["model"] |= {scale: _model_gates(measured[scale], spare=4) for scale in others}
    return report | {"measured": measured}


def _summed(found: list[Any]) -> Any:  # noqa: ANN401 - a tree of numbers
    """Turn a list of equal trees of numbers into one tree of mean, sd, min and max."""
    if isinstance(found[0], Mapping):
        return {name: _summed([one[name] for one in found]) for name in found[0]}
    values = np.array(found, dtype=np.float64)
    facts = {"mean": values.mean(), "sd": values.std(ddof=1) if len(values) > 1 else 0.0}
    facts |= {"min": values.min(), "max": values.max()}
    return {name: round(float(value), 4) for name, value in facts.items()}


def _worth(of: Tree) -> Tree:
    """Ask of a rule half of what the reference's rule earns over sending nothing."""
    rule, incumbent = of["roubles"]["rule"], of["roubles"]["incumbent"]
    how = (
        f"half of what the reference rule earns: {rule['mean']:.1f} roubles, sd {rule['sd']:.1f}; "
        f"the incumbent {incumbent['mean']:.1f}"
    )
    return {"value": round(rule["mean"] / 2), "how": how}


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
    gates["silent_gap"] = {"value": _up(most, 0.01), "how": _how(gap, ("lr", "gbm_all_rows"))}
    promise = max(0.0, of["promised"]["reference"] - auc["mean"]) + 5 * auc["sd"]
    told = ", ".join(f"{who} {value:.3f}" for who, value in of["promised"].items())
    gates["promise"] = {
        "value": _up(promise, 0.01),
        "how": f"promised out of time: {told}; hidden: {_how(of['roc_auc'], ())}",
    }
    return gates


def _span(metric: str, of: Tree, spare: int) -> Tree:
    sign = 1.0 if metric == "roc_auc" else -1.0  # above or below is better
    best, simple = of["reference"], of["lr"]
    poor = max(POOR[metric], key=lambda name: sign * of[name]["mean"])
    target = sign * best["mean"] - spare * best["sd"]
    halfway = sign * (of[poor]["mean"] + simple["mean"]) / 2
    baseline = min(halfway, target - 3 * best["sd"])
    step = 0.001 if metric == "ece" else 0.005
    span = {"baseline": _lenient(baseline, step), "target": _lenient(target, step)}
    return span | {"how": _how(of, ("lr", *POOR[metric]))}


def _lenient(signed: float, step: float) -> float:
    """Round away from better; the sign says where better is."""
    return round(abs(math.floor(signed / step + 1e-9) * step), 3)


def _up(value: float, step: float) -> float:
    return round(math.ceil(value / step - 1e-9) * step, 3)


def _how(of: Tree, others: tuple[str, ...]) -> str:
    best = of["reference"]
    told = [
        f"reference {best['mean']:.4f} sd {best['sd']:.4f}, {best['min']:.4f} to {best['max']:.4f}"
    ]
    told += [f"{name} {of[name]['mean']:.3f}" for name in (*others, "oracle")]
    return "; ".join(told)


if __name__ == "__main__":
    main()
