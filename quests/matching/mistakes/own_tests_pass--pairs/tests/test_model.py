"""The model: a few hundred invented pairs, and what must not change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from matching.calibrated import GroupCalibratedClassifier
from matching.model import PairModel
from matching.pairs import FEATURES, pair_features


def invented(rows: int = 240) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    pairs = pd.DataFrame(draw.random((rows, len(FEATURES))), columns=FEATURES)
    y = (pairs["score"] + 0.2 * draw.standard_normal(rows) > 0.5).astype(int).to_numpy()
    return pairs, y, np.arange(rows) // 6


@pytest.fixture(scope="module")
def model() -> PairModel:
    return PairModel(seed=3).fit(*invented())


def test_saved_and_loaded_it_is_the_same_model(tmp_path: Path, model: PairModel) -> None:
    pairs, _, _ = invented()
    model.save(tmp_path / "model")
    again = PairModel.load(tmp_path / "model")
    assert (again.predict_proba(pairs) == model.predict_proba(pairs)).all()


def test_a_row_alone_gets_the_answer_it_gets_among_others(model: PairModel) -> None:
    pairs, _, _ = invented()
    assert model.predict_proba(pairs.iloc[5:6])[0] == model.predict_proba(pairs)[5]


def test_a_missing_feature_is_refused_by_name(model: PairModel) -> None:
    pairs, _, _ = invented()
    with pytest.raises(ValueError, match="price_ratio"):
        model.predict_proba(pairs.drop(columns="price_off"))


def test_groups_that_know_the_answer_do_not_make_the_classifier_sure() -> None:
    draw = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 5)
    y = draw.integers(0, 2, 60)[groups]
    X = np.column_stack([draw.standard_normal(60)[groups], draw.standard_normal(300)])
    honest = GroupCalibratedClassifier(DecisionTreeClassifier(random_state=0)).fit(X, y, groups)
    assert np.abs(honest.predict_proba(X)[:, 1] - 0.5).mean() < 0.3


def test_a_pair_knows_whether_capacity_and_barcode_agree() -> None:
    offers = pd.DataFrame(
        {
            "offer_id": [1],
            "title": ["nova 7 128 гб"],
            "attrs_raw": [""],
            "price": [1000.0],
            "ean": [5.0],
        }
    )
    products = pd.DataFrame(
        {
            "product_id": [7, 8],
            "title": ["phone sony nova 7 128gb black", "phone sony nova 7 256gb black"],
            "attrs": ["capacity=128gb;code=AB-1234", "capacity=256gb;code=AB-1234"],
            "brand": ["sony", "sony"],
            "price_rub": [1000.0, 1200.0],
            "ean": [5.0, 6.0],
        }
    )
    candidates = pd.DataFrame({"offer_id": [1, 1], "product_id": [7, 8], "rank": [1, 2], "score": [0.9, 0.8]})
    found = pair_features(offers, products, candidates)
    assert found["capacity_same"].tolist() == [1.0, 0.0]
    assert found["capacity_differs"].tolist() == [0.0, 1.0]
    assert found["ean_same"].tolist() == [1.0, 0.0]
    assert found["ean_elsewhere"].tolist() == [0.0, 1.0]
