"""Metrics agree with scikit-learn, and no answer can slip past their contract."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from graders.failures import Fail
from graders.metrics import (
    aligned,
    as_values,
    ece,
    ladder,
    log_loss,
    noise_of,
    reaches,
    recall_at_share,
    roc_auc,
    share_between,
)

SEEDS = range(25)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes and scores with ties, of some length."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 400))
    labels = rng.integers(0, 2, rows)
    labels[:2] = (0, 1)
    scores = np.round(rng.random(rows), int(rng.integers(1, 6)))
    return labels, scores


def reason(failure: pytest.ExceptionInfo[Fail]) -> str:
    return failure.value.reason


@pytest.mark.parametrize("seed", SEEDS)
def test_roc_auc_agrees_with_scikit_learn(seed: int) -> None:
    labels, scores = drawn(seed)
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_log_loss_agrees_with_scikit_learn_on_clipped_probabilities(seed: int) -> None:
    labels, scores = drawn(seed)
    clipped = np.clip(scores, 1e-4, 1 - 1e-4)
    expected = sklearn_log_loss(labels, clipped, labels=[0, 1])
    assert log_loss(labels, scores) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_metric_depends_on_the_order_of_rows(seed: int) -> None:
    labels, scores = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    for metric in (roc_auc, log_loss, ece, lambda y, s: recall_at_share(y, s, 0.3)):
        assert metric(labels, scores) == pytest.approx(metric(labels[order], scores[order]))


@pytest.mark.parametrize("seed", SEEDS)
def test_ranking_metrics_do_not_depend_on_the_scale_of_scores(seed: int) -> None:
    labels, scores = drawn(seed)
    assert roc_auc(labels, scores) == pytest.approx(roc_auc(labels, 3 * scores - 7))
    assert roc_auc(labels, scores) == pytest.approx(1 - roc_auc(labels, -scores))


def test_calibration_error_by_hand() -> None:
    labels = [0, 1, 1, 1]
    probabilities = [0.1, 0.3, 0.8, 1.0]
    # Two bins of two: |0.5 - 0.2| and |1 - 0.9|, each with half of the rows.
    assert ece(labels, probabilities, bins=2) == pytest.approx(0.2)


def test_calibrated_probabilities_have_a_small_error_and_inflated_ones_a_large_one() -> None:
    rng = np.random.default_rng(7)
    probabilities = rng.random(20_000)
    labels = (rng.random(20_000) < probabilities).astype(int)
    assert ece(labels, probabilities) < 0.02
    assert ece(labels, np.sqrt(probabilities)) > 0.1


def test_recall_at_a_share_by_hand_with_a_tie_at_the_border() -> None:
    labels = [1, 0, 1, 0, 1]
    scores = [0.9, 0.5, 0.5, 0.5, 0.1]
    # Two places: the first is sure; one of three ties, of which one is positive.
    assert recall_at_share(labels, scores, 0.4) == pytest.approx((1 + 1 / 3) / 3)
    assert recall_at_share(labels, scores, 1.0) == pytest.approx(1)


def test_points_are_linear_from_baseline_to_target_and_flat_above() -> None:
    shares = [share_between(v, baseline=0.6, target=0.8) for v in (0.5, 0.6, 0.7, 0.8, 0.99)]
    assert shares == pytest.approx([0, 0, 0.5, 1, 1])
    assert share_between(0.45, baseline=0.5, target=0.4) == pytest.approx(0.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_earns_nothing_and_reaches_nothing(value: float) -> None:
    assert share_between(value, baseline=0, target=1) == 0
    assert not reaches(value, 0.5)
    assert not reaches(value, 0.5, more_is_better=False)


def test_the_bootstrap_agrees_with_the_known_error_of_a_mean() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], 500)
    scores = rng.normal(size=1000)
    error = noise_of(lambda _, s: float(s.mean()), labels, scores, seed=1, times=400)
    assert error == pytest.approx(scores.std() / math.sqrt(1000), rel=0.15)


def test_a_shown_value_climbs_whole_steps_only() -> None:
    assert ladder(0.7349, step=0.005) == 0.73
    assert ladder(0.735, step=0.005) == 0.735
    assert ladder(0.7349, step=0.005, best=0.7301) == 0.7301
    assert ladder(0.7402, step=0.005, best=0.73) == 0.74


IDS = [10, 20, 30]


def test_an_answer_is_joined_by_id_whatever_its_order() -> None:
    answer = pd.DataFrame({"user_id": [30, 10, 20], "p": [0.3, 0.1, 0.2], "extra": 0})
    assert aligned(answer, ids=IDS, id_column="user_id", column="p").tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("ids", "values", "said"),
    [
        ([10, 20], [0.1, 0.2], "ids_missing"),
        ([10, 20, 30, 30], [0.1, 0.2, 0.3, 0.3], "ids_twice"),
        ([10, 20, 40], [0.1, 0.2, 0.3], "ids_unknown"),
        ([10.5, 20, 30], [0.1, 0.2, 0.3], "ids_not_whole"),
        ([10, 20, None], [0.1, 0.2, 0.3], "ids_not_whole"),
        (["10", "20", "30"], [0.1, 0.2, 0.3], "ids_not_whole"),
        (IDS, ["0.1", "0.2", "0.3"], "values_not_numbers"),
        (IDS, [True, False, True], "values_not_numbers"),
        (IDS, [[1], [2], [3]], "values_not_numbers"),
        (IDS, [0.1, None, 0.3], "values_not_finite"),
        (IDS, [0.1, math.inf, 0.3], "values_not_finite"),
        (IDS, [0.1, 1.0001, 0.3], "values_out_of_range"),
        (IDS, [-0.1, 1.0, 0.3], "values_out_of_range"),
    ],
)
def test_a_row_that_breaks_the_contract_is_a_failure_and_never_dropped(
    ids: list[object], values: list[object], said: str
) -> None:
    answer = pd.DataFrame({"user_id": ids, "p": values})
    with pytest.raises(Fail) as failure:
        aligned(answer, ids=IDS, id_column="user_id", column="p", low=0, high=1)
    assert reason(failure) == said


def test_an_answer_without_the_column_or_that_is_no_table_is_a_failure() -> None:
    with pytest.raises(Fail) as failure:
        aligned(pd.DataFrame({"user_id": IDS}), ids=IDS, id_column="user_id", column="p")
    assert reason(failure) == "columns_missing"
    with pytest.raises(Fail) as failure:
        aligned({"p": 1}, ids=IDS, id_column="user_id", column="p")
    assert reason(failure) == "not_a_table"


def test_numbers_in_the_order_that_was_sent() -> None:
    assert as_values(pd.DataFrame({"value": [1, 2]}), rows=2).tolist() == [1, 2]
    assert as_values([0.5, 1], rows=2).tolist() == [0.5, 1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([0.1], "rows_differ"),
        ([0.1, math.nan], "values_not_finite"),
        (["a", "b"], "values_not_numbers"),
        ([True, False], "values_not_numbers"),
        (pd.DataFrame({"a": [1, 2], "b": [1, 2]}), "not_one_column"),
        ("0.1", "not_a_table"),
        (None, "not_a_table"),
    ],
)
def test_numbers_out_of_form_are_a_failure(answer: object, said: str) -> None:
    with pytest.raises(Fail) as failure:
        as_values(answer, rows=2)
    assert reason(failure) == said


def test_labels_out_of_form_are_the_graders_own_slip() -> None:
    for labels in ([0, 2], [0, math.nan], []):
        with pytest.raises(ValueError, match="labels"):
            roc_auc(labels, [0.1, 0.2])
    with pytest.raises(ValueError, match="both classes"):
        roc_auc([1, 1], [0.1, 0.2])


def test_scores_that_are_not_numbers_fail_in_every_metric() -> None:
    for metric in (roc_auc, log_loss, ece):
        with pytest.raises(Fail) as failure:
            metric([0, 1], [0.1, math.nan])
        assert reason(failure) == "values_not_finite"
        with pytest.raises(Fail) as failure:
            metric([0, 1], [0.1])
        assert reason(failure) == "rows_differ"
