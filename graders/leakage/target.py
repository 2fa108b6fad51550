"""Do features know the outcome? One that tells it alone, or that changes with it, does.

A leak is found by what it does, not by its name: a renamed column is still too good to be true.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from graders.failures import Fail
from graders.metrics import roc_auc
from graders.metrics.answers import Numbers, Vector
from graders.results import Param
from graders.sql import differences, joined

_FEWEST = 10  # rows of each outcome: with fewer, chance alone can look like a leak
_BINS = 20


def strengths(features: pd.DataFrame, target: Vector) -> dict[str, float]:
    """How well each feature alone orders the outcomes, 0 to 1, the strongest first.

    Of a yes-or-no target the ROC-AUC, whichever way round; of an amount the absolute rank
    correlation (Spearman, 1904). Each feature is looked at as it is, by whether it is missing, and
    by the mean outcome of its values or of 20 bins of them, learnt on the other half of the rows:
    so a code, a U-shape or a gap that tells the outcome is found, and an id is not.
    """
    y = np.asarray(target, dtype=np.float64)
    binary = bool(np.isin(y, (0.0, 1.0)).all())
    enough = min(int(y.sum()), int((1 - y).sum())) if binary else len(y)
    if len(y) != len(features) or not np.isfinite(y).all() or enough < _FEWEST:
        raise ValueError("a target is finite, of one length with the features, and of some rows")
    found = {
        str(name): max(_strength(score, y, binary=binary) for score in _views(features[name], y))
        for name in features.columns
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def no_target_leak(
    features: pd.DataFrame, target: Vector, *, most: float, ignore: Sequence[str] = ()
) -> None:
    """Fail when one feature alone orders the outcomes better than `most`.

    `features` are the learner's, a row for each of the grader's `target`, in its order; `ignore`
    names keys. `most` lies well above the strongest honest feature: take it from the reference's,
    by `strengths`. Reason: target_in_features.
    """
    asked = features.drop(columns=[name for name in ignore if name in features.columns])
    found = strengths(asked, target)
    strong = [name for name, strength in found.items() if strength > most]
    if strong:
        facts: dict[str, Param] = {"strength": found[strong[0]], "most": most}
        counts = {"columns": len(strong), "total": len(found)}
        raise Fail("target_in_features", {"column": strong[0], **counts, **facts})


def same_without_target(
    ask: Callable[[pd.DataFrame], object],
    rows: pd.DataFrame,
    *,
    target: str,
    keys: Sequence[str],
) -> None:
    """Fail when features of a decision change with its outcome.

    `ask` makes the learner's features of rows; they are made twice, the second time with the
    outcomes in the column `target` dealt out anew. For features that are known when the decision
    is made; an encoding that is learnt from outcomes belongs into the model. Reasons: target_used,
    not_a_table, columns_missing, keys_twice, rows_missing, rows_extra.
    """
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    dealt = rows.assign(**{target: rows[target].to_numpy()[order]})
    if dealt[target].equals(rows[target]):
        raise ValueError(f"all outcomes in {target} are the same")
    left, right = (_keyed(frame, keys) for frame in (ask(rows), ask(dealt)))
    if right.duplicated(list(keys)).any():
        twice = int(right.duplicated(list(keys)).sum())
        raise Fail("keys_twice", {"rows": twice, "keys": ", ".join(keys)})
    left, right = joined(left, right, keys)
    changed = {name: count for name, count in differences(left, right).items() if count}
    if changed:
        worst = max(changed, key=lambda name: changed[name])
        facts = {"rows": changed[worst], "total": len(right), "columns": len(changed)}
        raise Fail("target_used", {"column": worst, **facts})


def _keyed(frame: object, keys: Sequence[str]) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise Fail("not_a_table", {"found": type(frame).__name__})
    absent = [key for key in keys if key not in frame.columns]
    if absent:
        raise Fail("columns_missing", {"columns": ", ".join(absent), "missing": len(absent)})
    return frame


def _views(column: pd.Series, target: Numbers) -> list[Numbers]:
    """A feature as scores of the outcome."""
    empty = np.asarray(column.isna(), dtype=np.float64)
    groups, views = _plain(column), [empty]
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.nan_to_num(values, nan=np.nan, posinf=1e300, neginf=-1e300)
        low = np.nanmin(values, initial=0.0) - 1
        views.append(np.where(np.isnan(values), low, values))
        if len(np.unique(values)) > _BINS:
            ranks = pd.Series(values).rank(pct=True)
            groups = (ranks * _BINS).fillna(-1).astype(int)
    return [*views, _means_of_others(groups, target)]


def _plain(column: pd.Series) -> pd.Series:
    return column.reset_index(drop=True).astype(object).map(str, na_action="ignore").fillna("")


def _means_of_others(groups: pd.Series, target: Numbers) -> Numbers:
    """The mean outcome of a row's group among the rows of the other half."""
    half = np.random.default_rng(len(target)).permutation(len(target)) % 2
    scores = np.empty(len(target))
    for side in (0, 1):
        there, here = half != side, half == side
        above = target[there] - target[there].mean()  # or the half itself would tell a little
        means = pd.Series(above).groupby(groups[there].to_numpy()).mean()
        scores[here] = groups[here].map(means).fillna(0.0).to_numpy(np.float64).round(12)
    return scores


def _strength(score: Numbers, target: Numbers, *, binary: bool) -> float:
    if binary:
        area = roc_auc(target, np.clip(score, -1e15, 1e15))
        return max(area, 1 - area)
    ranks = [pd.Series(values).rank().to_numpy() for values in (score, target)]
    if any(np.ptp(values) == 0 for values in ranks):
        return 0.0
    return abs(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))
