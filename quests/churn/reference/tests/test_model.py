"""What a model promises, on made-up rows: no warehouse needed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.data import FEATURES
from churn.model import ChurnModel
from churn.train import calibration_error, out_of_time

ROWS = 800


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.gamma(2.0, 2.0, (ROWS, len(FEATURES))), columns=FEATURES)
    frame["nps"] = np.where(rng.random(ROWS) < 0.7, np.nan, frame["nps"])
    frame["failed_payments_30d"] = rng.poisson(0.3, ROWS).astype(float)
    risk = 1 / (1 + np.exp(1.5 - 1.5 * frame["failed_payments_30d"] + 0.1 * frame["lessons_28d"]))
    frame["churned"] = (rng.random(ROWS) < risk).astype(float)
    frame["decision_at"] = pd.date_range("2024-01-01", periods=10, freq="7D", tz="UTC")[np.arange(ROWS) % 10]
    return frame


@pytest.fixture(scope="module")
def model(rows: pd.DataFrame) -> ChurnModel:
    return ChurnModel(seed=3, rounds=40).fit(rows, rows["churned"])


def test_the_same_seed_gives_the_same_model(rows: pd.DataFrame, model: ChurnModel) -> None:
    again = ChurnModel(seed=3, rounds=40).fit(rows, rows["churned"])
    np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))


def test_a_loaded_model_answers_like_the_saved_one(
    rows: pd.DataFrame, model: ChurnModel, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    loaded = ChurnModel.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))


def test_a_row_is_answered_alone_as_in_a_batch(rows: pd.DataFrame, model: ChurnModel) -> None:
    together = model.predict_proba(rows.head(20))
    alone = [model.predict_proba(rows.iloc[[row]])[0] for row in range(20)]
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)


def test_order_of_rows_and_columns_is_no_matter(rows: pd.DataFrame, model: ChurnModel) -> None:
    turned = rows.iloc[::-1, ::-1]
    np.testing.assert_array_equal(model.predict_proba(turned)[::-1], model.predict_proba(rows))


def test_gaps_get_a_probability_and_an_absent_column_an_error(rows: pd.DataFrame, model: ChurnModel) -> None:
    empty = pd.DataFrame(np.nan, index=[0], columns=FEATURES)
    assert 0 <= model.predict_proba(empty)[0] <= 1
    with pytest.raises(ValueError, match="tenure_months"):
        model.predict_proba(rows.drop(columns="tenure_months"))


def test_failed_charges_raise_the_risk(rows: pd.DataFrame, model: ChurnModel) -> None:
    calm = model.predict_proba(rows.assign(failed_payments_30d=0.0)).mean()
    alarmed = model.predict_proba(rows.assign(failed_payments_30d=2.0)).mean()
    assert alarmed > calm


def test_no_training_row_was_unknown_when_validation_began(rows: pd.DataFrame) -> None:
    split = out_of_time(rows, weeks=3)
    begun = split.valid["decision_at"].min()
    assert (split.train["decision_at"] + pd.Timedelta(days=14) <= begun).all()
    assert len(split.train)


def test_a_constant_is_calibrated_and_a_doubled_one_is_not() -> None:
    y = np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 100)
    assert calibration_error(y, np.full(500, 0.2), bins=5) == pytest.approx(0.0, abs=1e-12)
    assert calibration_error(y, np.full(500, 0.4), bins=5) == pytest.approx(0.2)
