"""The service's contract, with a policy made for the test: no training, no network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import simkit

from churn.data import FEATURES
from churn.policy import RetentionPolicy
from churn.uplift import UpliftModel

pytest.importorskip("fastapi")

from fastapi.testclient import TestClient  # noqa: E402 - where there is one

from churn.service import app  # noqa: E402


def customers(size: int) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.uniform(1.0, 6.0, (size, len(FEATURES))), columns=FEATURES)
    frame["price_rub"], frame["progress_pct"], frame["lessons_84d"] = 1990.0, 0.4, 30.0
    frame.insert(0, "user_id", draw.permutation(size) + 1)
    return frame


@pytest.fixture(scope="module")
def policy() -> RetentionPolicy:
    rows = customers(600)
    draw = np.random.default_rng(1)
    treated = draw.integers(0, 2, 600)
    left = draw.random(600) < 0.6 - 0.4 * treated
    return RetentionPolicy(UpliftModel(seed=1).fit(rows, treated, left))


@pytest.fixture
def client(policy: RetentionPolicy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    policy.save(tmp_path / "policy")
    monkeypatch.setattr(simkit, "artifacts", lambda: tmp_path)
    with TestClient(app) as made:
        yield made


def test_the_service_says_what_the_policy_says(client: TestClient, policy: RetentionPolicy) -> None:
    batch = customers(40)
    answer = client.post("/v1/decide", json={"items": batch.to_dict("records")}).json()
    said = pd.DataFrame(answer["decisions"]).set_index("user_id")
    own = policy.decide(batch).set_index("user_id").loc[said.index]
    assert said["action"].tolist() == own["action"].tolist()
    np.testing.assert_allclose(said["expected_gain_rub"], own["expected_gain_rub"])


def test_an_item_without_a_price_is_named(client: TestClient) -> None:
    items = customers(3).to_dict("records")
    del items[2]["price_rub"]
    refused = client.post("/v1/decide", json={"items": items})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "items", 2, "price_rub"]


def test_gaps_are_answered(client: TestClient) -> None:
    items = customers(2).assign(nps=None, progress_pct=None).to_dict("records")
    assert client.post("/v1/decide", json={"items": items}).status_code == 200


def test_without_a_policy_nobody_is_decided_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simkit, "artifacts", lambda: tmp_path)
    with TestClient(app) as client:
        assert client.get("/health").status_code == 503
        items = customers(1).to_dict("records")
        assert client.post("/v1/decide", json={"items": items}).status_code == 503
