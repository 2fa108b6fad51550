"""The laws of the contract, by kind: what must hold however the package is written."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import simkit

from churn.data import FEATURES, load_features
from churn.economics import Economics
from churn.metrics import expected_gain
from churn.model import ChurnModel
from churn.policy import RetentionPolicy
from churn.uplift import UpliftModel

LETTER = "discount30"
EVENINGS = [datetime(2024, 5, day, 20, 30, tzinfo=UTC) for day in (5, 12, 19, 26)]


def crowd(size: int, seed: int = 5) -> pd.DataFrame:
    """Customers about whom nothing is odd; `lessons_7d` tells one from another."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.uniform(2.0, 6.0, (size, len(FEATURES))), columns=FEATURES)
    frame["lessons_7d"] = 2.0 + np.arange(size) * 1e-3
    frame["lessons_84d"] = 30.0
    frame["price_rub"] = 1990.0
    frame["progress_pct"] = 0.4
    frame["failed_payments_30d"] = draw.integers(0, 3, size).astype(float)
    frame.insert(0, "user_id", draw.permutation(size) + 1)
    return frame


class Told:
    """A model whose answers are known, and that counts how often it is asked."""

    def __init__(self, p1: pd.Series, batch: pd.DataFrame, p0: float = 0.6) -> None:
        self.known = pd.DataFrame({"p0": p0, "p1": p1.to_numpy()}, index=batch["lessons_7d"])
        self.asked = 0

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        self.asked += 1
        return self.known.loc[X["lessons_7d"].to_numpy()].set_axis(X.index, axis=0)


def chosen(policy: RetentionPolicy, batch: pd.DataFrame) -> set[int]:
    answer = policy.decide(batch)
    return set(answer.loc[answer["action"] == LETTER, "user_id"])


@pytest.fixture(scope="module")
def pilot() -> pd.DataFrame:
    """A coin's letter keeps one in three."""
    rows = crowd(1_500)
    draw = np.random.default_rng(8)
    rows["treated"] = draw.integers(0, 2, len(rows))
    rows["churned"] = (draw.random(len(rows)) < 0.5 - 0.33 * rows["treated"]).astype(int)
    return rows


@pytest.fixture(scope="module")
def uplift(pilot: pd.DataFrame) -> UpliftModel:
    return UpliftModel(seed=1).fit(pilot, pilot["treated"], pilot["churned"])


# ------------------------------------------------------------------ exact
@pytest.mark.exact
def test_a_gain_computed_on_paper() -> None:
    assert expected_gain(0.40, 0.25, 1990) == pytest.approx(167.10, abs=0.005)


@pytest.mark.exact
def test_whoever_leaves_takes_no_discount() -> None:
    assert expected_gain(1.0, 1.0, 990) == pytest.approx(-12.0)


@pytest.mark.exact
def test_the_months_are_those_of_the_economics() -> None:
    longer = expected_gain(0.5, 0.2, 1000, Economics(months=6.0))
    assert longer - expected_gain(0.5, 0.2, 1000, Economics(months=3.0)) == pytest.approx(630.0)


# ------------------------------------------------------------------ directional
@pytest.mark.directional
def test_letters_go_to_the_largest_gains() -> None:
    batch = crowd(100)
    p1 = pd.Series(0.1 + 0.003 * np.random.default_rng(2).permutation(100))
    best = set(batch["user_id"][p1.nsmallest(15).index])
    assert chosen(RetentionPolicy(Told(p1, batch)), batch) == best


@pytest.mark.directional
def test_failed_charges_never_make_people_look_safer() -> None:
    rows = crowd(900)
    left = (np.random.default_rng(3).random(900) < 0.15 + 0.3 * rows["failed_payments_30d"]).astype(int)
    model = ChurnModel(seed=1).fit(rows, left)
    calm = model.predict_proba(rows.assign(failed_payments_30d=0.0)).mean()
    assert model.predict_proba(rows.assign(failed_payments_30d=2.0)).mean() > calm


# ------------------------------------------------------------------ invariance
@pytest.mark.invariance
def test_the_number_of_a_customer_is_no_feature() -> None:
    batch = crowd(60)
    renumbered = batch.assign(user_id=batch["user_id"] + 1_003)
    policy = RetentionPolicy(Told(pd.Series(np.linspace(0.1, 0.5, 60)), batch))
    before = policy.decide(batch).set_index("user_id")["expected_gain_rub"]
    after = policy.decide(renumbered).set_index("user_id")["expected_gain_rub"]
    after.index -= 1_003
    pd.testing.assert_series_equal(after.sort_index(), before.sort_index())


@pytest.mark.invariance
def test_equal_gains_go_to_the_smaller_numbers_in_any_order_of_rows() -> None:
    batch = crowd(40)
    policy = RetentionPolicy(Told(pd.Series(np.full(40, 0.1)), batch))
    assert chosen(policy, batch) == chosen(policy, batch.iloc[::-1]) == set(range(1, 7))


# ------------------------------------------------------------------ negation
@pytest.mark.negation
def test_a_letter_that_keeps_people_lowers_their_chance_to_leave(uplift: UpliftModel) -> None:
    said = uplift.predict(crowd(200, seed=6))
    assert said["p1"].mean() < said["p0"].mean() - 0.1


@pytest.mark.negation
def test_with_the_letters_swapped_it_raises_the_chance(pilot: pd.DataFrame) -> None:
    said = UpliftModel(seed=1).fit(pilot, 1 - pilot["treated"], pilot["churned"]).predict(pilot)
    assert said["p1"].mean() > said["p0"].mean() + 0.1


# ------------------------------------------------------------------ consistency
@pytest.mark.consistency
def test_one_customer_is_answered_alone_as_in_a_batch(uplift: UpliftModel) -> None:
    batch = crowd(30, seed=7)
    together = uplift.predict(batch).to_numpy()
    alone = np.vstack([uplift.predict(batch.iloc[[row]]).to_numpy() for row in range(10)])
    np.testing.assert_allclose(alone, together[:10], atol=1e-5)


@pytest.mark.consistency
def test_a_model_brought_back_answers_the_same(tmp_path) -> None:
    rows = crowd(600, seed=9)
    left = (rows["tickets_30d"] + rows["failed_payments_30d"] > 5).astype(int)
    model = ChurnModel(seed=1).fit(rows, left)
    model.save(tmp_path / "model")
    np.testing.assert_allclose(
        ChurnModel.load(tmp_path / "model").predict_proba(rows), model.predict_proba(rows)
    )


@pytest.mark.consistency
def test_a_row_that_arrived_later_was_not_known() -> None:
    late = 0
    for moment in EVENINGS:
        rows = simkit.query(
            "SELECT user_id, uniqExactIf(event_id, ingested_at <= {as_of:DateTime64(3)}) AS known,"
            " countIf(ingested_at > {as_of:DateTime64(3)}) AS late FROM events"
            " WHERE event_type = 'lesson' AND event_ts <= {as_of:DateTime64(3)}"
            " AND event_ts > {as_of:DateTime64(3)} - INTERVAL 84 DAY AND user_id IN"
            " (SELECT user_id FROM events GROUP BY user_id HAVING countIf(client = 'android-5.1') = 0)"
            " AND user_id IN (SELECT user_id FROM users WHERE NOT is_test)"
            " GROUP BY user_id HAVING late > 0",
            {"as_of": moment},
        )
        said = load_features(moment, rows["user_id"].tolist())["lessons_84d"]
        expected = rows.set_index("user_id")["known"]
        assert said.reindex(expected.index).tolist() == expected.tolist()
        late += len(rows)
    assert late


# ------------------------------------------------------------------ the usual kinds
@pytest.mark.unit
@pytest.mark.parametrize(("size", "letters"), [(1, 0), (6, 0), (7, 2), (13, 3), (20, 6)])
def test_the_limit_is_rounded_down(size: int, letters: int) -> None:
    batch = crowd(size)
    assert len(chosen(RetentionPolicy(Told(pd.Series(np.full(size, 0.1)), batch)), batch)) == letters


@pytest.mark.regression
def test_whoever_was_not_asked_is_no_detractor() -> None:
    rows = crowd(1_200)
    draw = np.random.default_rng(4)
    rows["nps"] = np.where(draw.random(1_200) < 0.6, np.nan, draw.integers(0, 11, 1_200))
    left = (draw.random(1_200) < np.where(rows["nps"] <= 4, 0.9, 0.15)).astype(int)
    model = ChurnModel(seed=1).fit(rows, left)
    unasked = model.predict_proba(rows.assign(nps=np.nan)).mean()
    assert unasked < model.predict_proba(rows.assign(nps=0.0)).mean() - 0.3


@pytest.mark.smoke
def test_a_warehouse_that_is_down_is_no_empty_week(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> pd.DataFrame:
        raise ConnectionError("the warehouse is down")

    monkeypatch.setattr(simkit, "query", down)
    with pytest.raises(ConnectionError):
        load_features(EVENINGS[0])


@pytest.mark.smoke
def test_a_week_is_asked_about_at_once() -> None:
    batch = crowd(500)
    model = Told(pd.Series(np.full(500, 0.1)), batch)
    RetentionPolicy(model).decide(batch)
    assert model.asked <= 3
