"""Measure on the generator what models and rules reach, and write calibration.json from it.

    PYTHONPATH=. python quests/churn/calibrate.py [--scale default] [--seeds 5] [--out FILE]

with the packages of requirements/site.txt and requirements/python-ml.txt. For every seed:
another public town to learn from, and other hidden customers, judged as the stage judges:
renewals without a letter, decided on one Monday. Thresholds follow from the measurements by the
rule that `_gates` states.
"""

import argparse
import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

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
LAST_MONTH = 28  # the first cohort of the last history month
MAX_SHARE = 0.15
BINS = 20

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Score = Callable[[pd.DataFrame], Floats]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What one seed gives: history to learn from, hidden customers to be judged on."""

    history: pd.DataFrame  # past renewals with features and outcome, all months
    judged: pd.DataFrame  # hidden renewals with features and truth


def main() -> None:
    """Measure, and write what was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--scale", default="default")
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--out", type=Path, default=HERE / "calibration.json")
    asked = words.parse_args()
    data, reference = _modules()
    found = []
    for seed in range(data.PUBLIC_SEED, data.PUBLIC_SEED + asked.seeds):
        found.append(_measure(data, reference, _material(data, seed, asked.scale)))
        sys.stderr.write(f"seed {seed}: {json.dumps(found[-1]['roc_auc'])}\n")
    report = _report(found, scale=asked.scale, first=data.PUBLIC_SEED)
    asked.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _modules() -> tuple[ModuleType, ModuleType]:
    """Load data.py and the reference's model from their files."""
    sys.path[:0] = [str(HERE / "reference"), str(HERE.parents[1] / "sandbox")]
    return _load("data_of_churn", HERE / "data.py"), importlib.import_module("churn.model")


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------ data
def _material(data: ModuleType, seed: int, scale: str) -> Material:
    tables = data.public_frames(seed, scale)
    staff = tables["users"].user_id[tables["users"].is_test == 1]
    rows = tables["renewals"].merge(tables["campaigns"], on=["user_id", "renewal_due"])
    rows = rows[~rows.user_id.isin(staff)]
    parts = [
        part.merge(data.features(tables, int(str(moment))), on="user_id")
        for moment, part in rows.groupby("decision_at", sort=True)
    ]
    history = pd.concat(parts, ignore_index=True)
    cohort = (history.decision_at - data.START) // data.WEEK - data.FIRST
    key = hashlib.sha256(f"calibration {seed}".encode()).digest()
    truth = {
        name: pa.Table.from_batches(batches).to_pandas()
        for name, batches in data.hidden(key, scale).truth.items()
    }
    features = truth["features"][truth["features"].as_of == truth["features"].as_of.max()]
    known = truth["renewals"].drop(columns=["price_rub", "days_inactive"])
    return Material(
        history=history.assign(cohort=cohort), judged=features.merge(known, on="user_id")
    )


# ------------------------------------------------------------------ models
def _measure(data: ModuleType, reference: ModuleType, given: Material) -> dict[str, Any]:
    names = list(data.FEATURES)
    scores = dict(_scores(names, reference, given))
    untreated = given.judged[given.judged.offer == "none"]
    last = given.history[(given.history.cohort >= LAST_MONTH) & (given.history.offer == 0)]
    answers: dict[str, Any] = {"roc_auc": {}, "log_loss": {}, "ece": {}}
    for name, score in scores.items():
        for metric, value in _quality(untreated.churned, score(untreated)).items():
            answers[metric][name] = value
    leaky = _gbm(_untreated(given), [*names, "cancel_page_views"])
    for metric, value in _quality(last.churned, leaky(last)).items():
        answers[metric]["leak_offline"] = value
    for metric, value in _quality(untreated.churned, untreated.p0.to_numpy()).items():
        answers[metric]["oracle"] = value
    answers["money"] = _money(given.judged, scores["gbm"])
    answers["rows"] = {
        "history": len(given.history),
        "untreated_history": int((given.history.offer == 0).sum()),
        "judged": len(untreated),
        "hidden_cohort": len(given.judged),
    }
    answers["shares"] = {
        "churn": float(given.judged.churned_none.mean()),
        "contacted_by_incumbent": float((given.judged.days_inactive >= 14).mean()),
        "desk": float((given.history.source == 2).mean()),
    }
    return answers


def _scores(
    names: list[str], reference: ModuleType, given: Material
) -> Iterator[tuple[str, Score]]:
    """Yield every solution by name; what follows ``leak`` is served without its column."""
    train = _untreated(given)
    mixed = given.history[given.history.cohort < LAST_MONTH]
    rate = float(train.churned.mean())
    yield "constant", lambda rows: np.full(len(rows), rate)
    yield "recency", lambda rows: rows.days_inactive.to_numpy() / 85
    yield "lessons_28d", lambda rows: 1.0 / (2.0 + rows.lessons_28d.to_numpy())
    yield "lr", _lr(train, names)
    yield "lr_balanced", _lr(train, names, weight="balanced")
    yield "lr_treated_mixed", _lr(mixed, names)
    yield "gbm", _gbm(train, names)
    yield "gbm_balanced", _gbm(train, names, weight="balanced")
    yield "gbm_treated_mixed", _gbm(mixed, names)
    yield "gbm_last_quarter", _gbm(train[train.cohort >= LAST_MONTH - 12], names)
    leaky = _gbm(train, [*names, "cancel_page_views"])
    yield "leak_served", lambda rows: leaky(rows.assign(cancel_page_views=0))
    model = reference.ChurnModel(seed=0).fit(train, train.churned)
    yield "reference", model.predict_proba


def _untreated(given: Material) -> pd.DataFrame:
    return given.history[(given.history.cohort < LAST_MONTH) & (given.history.offer == 0)]


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


def _quality(y: pd.Series, p: Floats) -> dict[str, float]:
    truth, p = y.to_numpy().astype(np.float64), np.clip(p, 1e-4, 1 - 1e-4)
    groups = np.array_split(np.argsort(p, kind="stable"), BINS)
    gaps = (abs(truth[g].mean() - p[g].mean()) * g.size for g in groups)
    return {
        "roc_auc": float(roc_auc_score(truth, p)),
        "log_loss": float(log_loss(truth, p)),
        "ece": float(sum(gaps) / len(truth)),
    }


# ------------------------------------------------------------------ money
def _money(cohort: pd.DataFrame, risk: Score) -> dict[str, Any]:
    """Price rules on the whole hidden cohort, exactly: by p0 and p1."""
    nobody = np.zeros(len(cohort), dtype=np.bool_)
    gain = cohort.gain_rub.to_numpy()
    policies = {
        "nothing": nobody,
        "everybody": ~nobody,
        "incumbent": (cohort.days_inactive >= 14).to_numpy(),
        "top_risk": _top(risk(cohort), nobody),
        "rule": _rule(cohort, nobody),
        "oracle": _top(gain, nobody) & (gain > 0),
    }
    value = {name: _value(cohort, chosen) for name, chosen in policies.items()}
    room = value["oracle"] - value["nothing"]
    capture = {name: (worth - value["nothing"]) / room for name, worth in value.items()}
    return {"roubles_per_renewal": value, "capture": capture}


def _top(score: Floats, nobody: Flags) -> Flags:
    chosen = nobody.copy()
    chosen[np.argsort(-score, kind="stable")[: int(MAX_SHARE * len(score))]] = True
    return chosen


def _rule(cohort: pd.DataFrame, nobody: Flags) -> Flags:
    """Choose as the reference's sql/rule.sql does: who looks at prices and is not lost."""
    interest = (cohort.pricing_views_30d + 2 * cohort.coupons_lifetime).to_numpy(np.float64)
    active = cohort.lessons_84d.to_numpy() > 2
    unfinished = ~(cohort.progress_pct.to_numpy() > 0.85)  # unknown counts as unfinished
    payable = cohort.failed_payments_30d.to_numpy() == 0
    eligible = (interest >= 6) & active & unfinished & payable
    chosen: Flags = _top(np.where(eligible, interest, -1.0), nobody) & eligible
    return chosen


def _value(cohort: pd.DataFrame, chosen: Flags) -> float:
    p = np.where(chosen, cohort.p1, cohort.p0)
    worth, discount = 2.1 * cohort.price_rub, 0.3 * cohort.price_rub
    return float(((1 - p) * worth - chosen * ((1 - p) * discount + 12)).mean())


# ------------------------------------------------------------------ what is written
def _report(found: list[dict[str, Any]], *, scale: str, first: int) -> dict[str, Any]:
    summary = _summed(found)
    return {
        "how": "written by calibrate.py: hidden renewals without a letter, decided on one Monday",
        "scale": scale,
        "seeds": list(range(first, first + len(found))),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pandas": pd.__version__,
            "scikit-learn": sklearn.__version__,
            "lightgbm": lightgbm.__version__,
        },
        "gates": _gates(summary),
        "measured": summary,
    }


def _summed(found: list[Any]) -> Any:  # noqa: ANN401 - a tree of numbers
    """Turn a list of equal trees of numbers into one tree of mean, sd, min and max."""
    if isinstance(found[0], Mapping):
        return {name: _summed([one[name] for one in found]) for name in found[0]}
    values = np.array(found, dtype=np.float64)
    facts = {"mean": values.mean(), "sd": values.std(ddof=1) if len(values) > 1 else 0.0}
    facts |= {"min": values.min(), "max": values.max()}
    return {name: round(float(value), 4) for name, value in facts.items()}


MUST_FAIL = {
    "roc_auc": ("constant", "recency", "lessons_28d"),
    "log_loss": ("constant", "lr_balanced", "gbm_balanced", "leak_served"),
    "ece": ("lr_balanced", "gbm_balanced", "leak_served"),
}


def _gates(measured: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Thresholds by one rule.

    Pass: what the acceptable simple solution (`lr`) reaches, less four standard deviations.
    Merit: what the reference reaches, less 1.5 standard deviations or 3 %, if that is more. A
    perfect model's calibration error is noise of small groups: it is allowed once more, half of
    it for merit. Raises ValueError if on some seed `lr` or the reference fails, or a solution
    that must fail does not.
    """
    gates = {}
    for metric, failing in MUST_FAIL.items():
        sign = 1.0 if metric == "roc_auc" else -1.0  # above or below is better
        of = measured[metric]
        noise = of["oracle"]["mean"] if metric == "ece" else 0.0
        simple, best = of["lr"], of["reference"]
        passing = sign * simple["mean"] - max(4 * simple["sd"], noise)
        merit = sign * best["mean"] - max(1.5 * best["sd"], 0.03 * best["mean"], noise / 2)
        gates[metric] = {"pass": _rounded(passing), "merit": _rounded(max(merit, passing))}
        bar = sign * gates[metric]["pass"]
        lucky, unlucky = ("max", "min") if sign > 0 else ("min", "max")
        fine = min(sign * of[name][unlucky] for name in ("lr", "reference"))
        poor = max(sign * of[name][lucky] for name in failing)
        if not poor < bar <= fine:
            raise ValueError(f"{metric}: {bar} does not lie between {poor} and {fine}")
    return gates


def _rounded(signed: float) -> float:
    """Round to a thousandth, to the lenient side."""
    return round(abs(float(np.floor(signed * 1000) / 1000)), 3)


if __name__ == "__main__":
    main()
