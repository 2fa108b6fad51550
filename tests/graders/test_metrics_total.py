"""Every metric has a value or the learner's blame for whatever it is given, and no trick pays."""

import datetime
import decimal
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs

from graders import metrics
from graders.failures import Fail
from graders.metrics import LARGEST, aligned, aligned_bounds, band, climb, shown_before
from graders.results import CheckResult, Outcome
from tests.fakes import FakeSandbox
from tests.graders.conftest import Grade

SEEDS = range(12)
IDS = list(range(100, 106))
LABELS = [0, 1, 1, 0, 1, 0]
AMOUNTS = [3.0, 0.0, 7.5, 2.0, 1.0, 4.0]

OF_LABELS: dict[str, Callable[[list[int], object], float]] = {
    "roc_auc": metrics.roc_auc,  # type: ignore[dict-item]
    "average_precision": metrics.average_precision,  # type: ignore[dict-item]
    "recall": lambda y, s: metrics.recall_at_share(y, s, 0.5),  # type: ignore[arg-type]
    "precision": lambda y, s: metrics.precision_at_share(y, s, 0.5),  # type: ignore[arg-type]
    "lift": lambda y, s: metrics.lift_at_share(y, s, 0.5),  # type: ignore[arg-type]
    "log_loss": metrics.log_loss,  # type: ignore[dict-item]
    "brier": metrics.brier,  # type: ignore[dict-item]
    "ece": metrics.ece,  # type: ignore[dict-item]
}
OF_AMOUNTS: dict[str, Callable[[list[float], object], float]] = {
    "mae": metrics.mae,  # type: ignore[dict-item]
    "rmse": metrics.rmse,  # type: ignore[dict-item]
    "bias": metrics.bias,  # type: ignore[dict-item]
    "wape": metrics.wape,  # type: ignore[dict-item]
    "smape": metrics.smape,  # type: ignore[dict-item]
    "r2": metrics.r2,  # type: ignore[dict-item]
    "pinball": lambda y, f: metrics.pinball(y, f, quantile=0.9),  # type: ignore[arg-type]
    "winkler": lambda y, f: metrics.winkler(y, f, f, level=0.9),  # type: ignore[arg-type]
    "profit": lambda y, f: metrics.profit_at_share(y, f, 0.5),  # type: ignore[arg-type]
    "ndcg": lambda y, f: metrics.ndcg([1] * len(y), y, f, top=3),  # type: ignore[arg-type]
}
HOSTILE: dict[str, object] = {
    "nan": [math.nan] * 6,
    "infinite": [math.inf, *[0.1] * 5],
    "nothing": [],
    "short": [0.1] * 5,
    "long": [0.1] * 7,
    "none": [None, *[0.1] * 5],
    "huge": [1e308, *[0.1] * 5],
    "huge_whole": [10**400, *[0.1] * 5],
    "text": ["0.1"] * 6,
    "flags": [True] * 6,
    "complex": [0.1 + 0.1j] * 6,
    "decimal": [decimal.Decimal("0.1")] * 6,
    "dates": [datetime.date(2025, 1, 1)] * 6,
    "nested": [[0.1, 0.2]] * 6,
    "objects": [{"p": 1}] * 6,
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("metric", OF_LABELS)
def test_no_hostile_answer_has_a_score_of_labels(metric: str, hostile: str) -> None:
    with pytest.raises(Fail):
        OF_LABELS[metric](LABELS, HOSTILE[hostile])


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("metric", OF_AMOUNTS)
def test_no_hostile_answer_has_a_score_of_amounts(metric: str, hostile: str) -> None:
    with pytest.raises(Fail):
        OF_AMOUNTS[metric](AMOUNTS, HOSTILE[hostile])


@pytest.mark.parametrize("metric", OF_AMOUNTS)
def test_the_largest_answer_that_is_one_has_a_finite_score(metric: str) -> None:
    for extreme in (LARGEST, -LARGEST, 5e-324):
        assert math.isfinite(OF_AMOUNTS[metric](AMOUNTS, [extreme] * 6))


@pytest.mark.parametrize("values", [v for k, v in HOSTILE.items() if k not in ("short", "long")])
def test_no_hostile_column_is_joined(values: object) -> None:
    rows = values if isinstance(values, list) and len(values) == len(IDS) else [None] * len(IDS)
    answer = pd.DataFrame({"id": IDS, "p": pd.Series(rows, dtype=object)})
    with pytest.raises(Fail):
        aligned(answer, ids=IDS, id_column="id", column="p")


def test_shuffled_rows_under_a_misleading_index_have_the_same_score() -> None:
    scores = np.array([0.1, 0.9, 0.8, 0.2, 0.7, 0.3])
    answer = pd.DataFrame({"id": IDS, "p": scores})
    turned = answer.sample(frac=1, random_state=5).set_axis([0, 0, 5, 4, 4, 1])
    found = aligned(turned, ids=IDS, id_column="id", column="p")
    assert found.tolist() == scores.tolist()


def test_ids_beyond_a_float_are_told_apart() -> None:
    ids = [2**60, 2**60 + 1]
    answer = pd.DataFrame({"id": ids[::-1], "p": [0.2, 0.1]})
    assert aligned(answer, ids=ids, id_column="id", column="p").tolist() == [0.1, 0.2]
    lost = answer.assign(id=answer["id"].astype(float))
    with pytest.raises(Fail, match="ids_not_whole"):
        aligned(lost, ids=ids, id_column="id", column="p")


def test_abstaining_has_a_price_or_is_refused() -> None:
    answer = pd.DataFrame({"id": IDS, "p": [0.9, None, 0.9, None, 0.9, 0.1]})
    priced = aligned(answer, ids=IDS, id_column="id", column="p", empty_as=0.0)
    assert priced.tolist() == [0.9, 0.0, 0.9, 0.0, 0.9, 0.1]
    with pytest.raises(Fail, match="values_not_finite"):
        aligned(answer, ids=IDS, id_column="id", column="p")
    endless = answer.assign(p=[0.9, math.inf, 0.9, 0.1, 0.9, 0.1])
    with pytest.raises(Fail, match="values_not_finite"):
        aligned(endless, ids=IDS, id_column="id", column="p", empty_as=0.0)


def test_a_constant_answer_scores_as_the_baseline() -> None:
    labels = np.repeat([0, 1], [80, 20])
    constant = np.full(100, 0.2)
    assert metrics.roc_auc(labels, constant) == 0.5
    assert metrics.average_precision(labels, constant) == pytest.approx(0.2)
    assert metrics.lift_at_share(labels, constant, 0.1) == pytest.approx(1.0)
    assert metrics.r2([1, 2, 3], [2, 2, 2]) == 0
    assert metrics.skill(metrics.brier(labels, constant), 0.16) == pytest.approx(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_agree_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(0, 2, 60), [0, 1])
    scores = np.round(rng.random(62), 1 + seed % 3)
    amounts, told = rng.normal(size=62), np.round(rng.normal(size=62), 1)
    pairs = [
        (
            metrics.average_precision(labels, scores),
            theirs.average_precision_score(labels, scores),
        ),
        (metrics.brier(labels, scores), theirs.brier_score_loss(labels, scores)),
        (metrics.mae(amounts, told), theirs.mean_absolute_error(amounts, told)),
        (metrics.rmse(amounts, told), theirs.root_mean_squared_error(amounts, told)),
        (metrics.r2(amounts, told), theirs.r2_score(amounts, told)),
        (
            metrics.pinball(amounts, told, quantile=0.2),
            theirs.mean_pinball_loss(amounts, told, alpha=0.2),
        ),
        (
            metrics.ndcg(np.zeros(62), labels * 1.0, scores, top=10),
            theirs.ndcg_score([labels], [scores], k=10),
        ),
    ]
    for ours, known in pairs:
        assert ours == pytest.approx(known, abs=1e-12)


def test_answers_of_a_query_are_ranked_among_themselves() -> None:
    queries, relevance = [1, 1, 1, 2, 2, 3], [1, 0, 0, 0, 1, 0]
    assert metrics.recall_at(queries, relevance, [9, 1, 1, 5, 6, 0], top=1) == 1
    assert metrics.recall_at(queries, relevance, [1, 1, 1, 5, 5, 0], top=1) == pytest.approx(
        5 / 12
    )
    assert metrics.ndcg(queries, relevance, [9, 1, 1, 5, 6, 0], top=1) == 1


def test_endless_intervals_cover_everything_and_score_worst() -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(size=500)
    honest = (np.full(500, -1.64), np.full(500, 1.64))
    endless = (np.full(500, -1e9), np.full(500, 1e9))
    assert metrics.coverage(actual, *endless) == 1
    assert metrics.winkler(actual, *honest, level=0.9) < 6
    assert metrics.winkler(actual, *endless, level=0.9) > 1e9
    assert metrics.winkler(actual, *honest[::-1], level=0.9) < 6
    narrow = (np.zeros(500), np.zeros(500))
    assert metrics.winkler(actual, *narrow, level=0.9) > metrics.winkler(
        actual, *honest, level=0.9
    )


def test_bounds_that_cross_or_are_too_wide_are_refused() -> None:
    answer = pd.DataFrame({"id": IDS, "low": 0.0, "high": [1.0, 2, 3, 4, 5, 6]})
    columns = ("low", "high")
    low, high = aligned_bounds(answer, ids=IDS, id_column="id", columns=columns, widest=3.5)
    assert (low.tolist(), high.tolist()) == ([0.0] * 6, [1, 2, 3, 4, 5, 6])
    with pytest.raises(Fail) as failure:
        aligned_bounds(answer, ids=IDS, id_column="id", columns=columns, widest=3.4)
    assert (failure.value.reason, failure.value.params["width"]) == ("bounds_too_wide", 3.5)
    with pytest.raises(Fail, match="bounds_crossed"):
        aligned_bounds(answer, ids=IDS, id_column="id", columns=("high", "low"))


def test_profit_counts_what_was_chosen() -> None:
    values = [10.0, -5.0, 3.0, 0.0]
    assert metrics.profit(values, [1, 0, 1, 0]) == 13 / 4
    assert metrics.profit_at_share(values, [9, 1, 8, 0], 0.5) == 13 / 4
    assert metrics.profit_at_share(values, [1, 1, 1, 1], 0.5) == 4 / 4
    assert metrics.capture(6.0, baseline=2.0, best=10.0) == 0.5
    with pytest.raises(Fail, match="values_out_of_range"):
        metrics.profit(values, [1000, 0, 0, 0])


def test_noise_is_seeded_and_agrees_with_the_known_error_of_a_mean() -> None:
    values = np.random.default_rng(3).normal(size=900)
    found = band(lambda v: float(v.mean()), values, seed=1, times=400)
    assert found == band(lambda v: float(v.mean()), values, seed=1, times=400)
    assert found.error == pytest.approx(1 / 30, rel=0.15)
    assert found.low < found.value < found.high
    assert found.holds(found.value)
    assert not found.holds(found.value + 4 * found.error)
    assert not found.holds(math.nan)


def test_rows_of_one_customer_are_drawn_together() -> None:
    customers = np.repeat(np.arange(50), 20)
    values = np.random.default_rng(4).normal(size=50)[customers]
    mean = lambda v: float(v.mean())  # noqa: E731
    alone = band(mean, values, seed=1).error
    together = band(mean, values, seed=1, clusters=customers).error
    assert together == pytest.approx(np.sqrt(20) * alone, rel=0.25)


def test_the_noise_of_a_difference_is_that_of_pairs() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 400)
    first = labels + rng.normal(size=400)
    second = first + rng.normal(scale=0.01, size=400)
    gap = band(
        lambda y, a, b: metrics.roc_auc(y, b) - metrics.roc_auc(y, a),
        labels,
        first,
        second,
        seed=2,
    )
    assert gap.holds(0)
    assert gap.error < metrics.noise_of(metrics.roc_auc, labels, first, seed=2) / 5


def test_a_draw_without_a_positive_row_is_drawn_again_and_too_many_are_an_error() -> None:
    few = np.repeat([0, 1], [60, 2])
    assert band(metrics.roc_auc, few, np.arange(62) % 7, seed=1, times=50).error > 0
    with pytest.raises(ValueError, match="most draws"):
        band(metrics.roc_auc, np.zeros(40), np.zeros(40), seed=1, times=9)
    with pytest.raises(ValueError, match="both"):
        band(metrics.mae, [1.0, 2.0], [1.0, 2.0], seed=1, clusters=[0, 1], strata=[0, 1])


def test_two_hundred_tries_of_noise_climb_nowhere() -> None:
    """A learner who flips predictions and watches sees the same number, whatever luck brings."""
    rng = np.random.default_rng(6)
    best: float | None = None
    shown = set()
    for value in 0.7 + rng.normal(scale=0.002, size=200):
        best = climb(value, step=0.02, best=best).shown
        shown.add(best)
    assert len(shown) == 1
    rung = climb(0.76, step=0.02, best=best)
    assert rung.moved
    assert rung.shown == 0.76


def test_the_ladder_of_a_loss_climbs_down() -> None:
    first = climb(0.413, step=0.01, more_is_better=False)
    assert (first.shown, first.moved) == (0.42, True)
    assert climb(0.412, step=0.01, best=0.42, more_is_better=False).shown == 0.42
    assert climb(0.40, step=0.01, best=0.42, more_is_better=False).shown == 0.4
    assert climb(math.nan, step=0.01, best=0.42).shown == 0.42
    for value, step in ((math.inf, 0.1), (0.5, 0.0), (0.5, math.nan)):
        with pytest.raises(ValueError, match=r"shown|step"):
            climb(value, step=step)


HIDDEN = """\
from graders import metrics

def score(work):
    answer = work.call("app.model:predict", work.hidden("pairs", data="later"), data="later")
    truth = work.truth("sums")
    found = metrics.aligned(answer, ids=truth["a"], id_column="a", column="total")
    return metrics.mae(truth["total"], found)

close = metrics.scored(
    score, metric="MAE", baseline=4.0, target=1.0, step=0.5, points=30, name="close"
)
"""
TEXTS = """\
close:
  title: {en: Close, ru: Близко}
  brief: {en: Sums, ru: Суммы}
is_there:
  title: {en: There, ru: Есть}
  brief: {en: There, ru: Есть}
is_right:
  title: {en: Right, ru: Верно}
  brief: {en: Right, ru: Верно}
  reasons:
    differs:
      params: {found: int}
      what: {en: "{found}", ru: "{found}"}
"""
MODEL = """\
import pandas as pd
def add(a, b):
    return a + b
def predict(frame):
    frame = frame.to_pandas()
    return pd.DataFrame({"a": frame["a"], "total": frame["a"] + frame["b"] + OFF})
"""


@pytest.mark.parametrize(
    ("off", "outcome", "reason", "shown", "points"),
    [
        ("1", Outcome.PASSED, "metric_reached", 1.0, 30),
        ("0", Outcome.PASSED, "metric_reached", 0.0, 30),
        ("2.2", Outcome.PARTIAL, "metric_in_between", 2.5, 18),
        ("9", Outcome.FAILED, "metric_no_better", 9.0, 0),
        ("float('nan')", Outcome.FAILED, "values_not_finite", None, 0),
        ("1e300", Outcome.FAILED, "values_out_of_range", None, 0),
    ],
)
def test_a_metric_in_a_line_gives_points_from_baseline_to_target(
    graded: Grade, off: str, outcome: Outcome, reason: str, shown: float | None, points: float
) -> None:
    files = {"app/model.py": MODEL.replace("OFF", off)}
    events = graded(files, sandbox=FakeSandbox(), hidden=HIDDEN, messages=TEXTS)
    found = next(e for e in events if isinstance(e, CheckResult) and e.check == "close")
    assert (found.outcome, found.reason, found.params.get("value")) == (outcome, reason, shown)
    assert found.points == pytest.approx(points)


def test_what_was_shown_before_is_fed_in_as_plain_data(graded: Grade) -> None:
    first = graded({"app/model.py": MODEL.replace("OFF", "2.2")}, hidden=HIDDEN, messages=TEXTS)
    shown = shown_before(event for event in first if isinstance(event, CheckResult))
    assert shown == {"close": 2.5}
    again = graded(
        {"app/model.py": MODEL.replace("OFF", "2.3")}, hidden=HIDDEN, messages=TEXTS, shown=shown
    )
    assert shown_before(event for event in again if isinstance(event, CheckResult)) == shown


def test_an_author_who_spans_nothing_hears_of_it_at_once() -> None:
    for target, step in ((0.0, 0.1), (1.0, 0.0)):
        with pytest.raises(ValueError, match=r"span|step"):
            metrics.scored(
                lambda work: 0.0, metric="m", baseline=0.0, target=target, step=step, points=1
            )
    with pytest.raises(ValueError, match="points"):
        metrics.scored(lambda work: 0.0, metric="m", baseline=0, target=1, step=1, points=-1)
