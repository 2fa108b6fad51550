"""Who gets a letter, on made-up customers: no warehouse needed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.data import FEATURES
from churn.metrics import expected_gain
from churn.policy import RetentionPolicy
from churn.uplift import UpliftModel


def town(size: int = 400, seed: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.poisson(3.0, (size, len(FEATURES))), columns=FEATURES).astype(float)
    frame["price_rub"] = draw.choice([990.0, 1990.0, 3990.0], size)
    frame["progress_pct"] = draw.uniform(0, 1, size)
    frame.loc[::5, "nps"] = np.nan
    frame.insert(0, "user_id", draw.permutation(size) + 1)
    return frame


@pytest.fixture(scope="module")
def policy() -> RetentionPolicy:
    rows = town(1_200)
    draw = np.random.default_rng(8)
    treated = draw.integers(0, 2, len(rows))
    moved = treated * (rows["coupons_lifetime"] > 3) * 0.4
    left = draw.random(len(rows)) < 0.5 - moved
    return RetentionPolicy(UpliftModel(seed=1).fit(rows, treated, left))


@pytest.mark.parametrize("size", [1, 6, 7, 20, 133])
def test_the_limit_is_rounded_down(policy: RetentionPolicy, size: int) -> None:
    answer = policy.decide(town(size))
    assert (answer["action"] == "discount30").sum() <= int(0.15 * size)


def test_no_letter_is_sent_at_a_loss(policy: RetentionPolicy) -> None:
    answer = policy.decide(town())
    assert len(answer)


def test_the_gain_is_that_of_the_money_function(policy: RetentionPolicy) -> None:
    batch = town()
    chances = policy.uplift.predict(batch)
    gain = pd.Series(expected_gain(chances["p0"], chances["p1"], batch["price_rub"]), batch["user_id"])
    said = policy.decide(batch).set_index("user_id")["expected_gain_rub"]
    np.testing.assert_allclose(said.reindex(gain.index), gain)


def test_what_the_plan_rules_out_gets_no_letter(policy: RetentionPolicy) -> None:
    silent = town(200).assign(lessons_84d=1.0, coupons_lifetime=6.0)
    assert (policy.decide(silent)["action"] == "none").all()


def test_rows_in_another_order_get_the_same_answers(policy: RetentionPolicy) -> None:
    batch = town()
    turned = batch.sample(frac=1, random_state=2)
    first, second = policy.decide(batch).set_index("user_id"), policy.decide(turned).set_index("user_id")
    assert (first["action"] == second["action"].reindex(first.index)).all()


def test_a_missing_price_is_refused(policy: RetentionPolicy) -> None:
    with pytest.raises(ValueError, match="price"):
        policy.decide(town(10).assign(price_rub=np.nan))


def test_saved_and_loaded_it_is_the_same_policy(policy: RetentionPolicy, tmp_path: Path) -> None:
    policy.save(tmp_path / "policy")
    pd.testing.assert_frame_equal(
        RetentionPolicy.load(tmp_path / "policy").decide(town()), policy.decide(town())
    )
