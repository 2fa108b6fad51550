"""The decision after the experiment, written before it."""

import pytest

from churn.launch import decide_launch

SEEN = {"effect": 90.0, "low": 30.0, "high": 150.0, "srm_p": 0.4, "guardrails_breached": []}


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, "ship"),
        ({"low": -10.0}, "stop"),
        ({"effect": -90.0, "low": -150.0, "high": -30.0}, "stop"),
        ({"srm_p": 0.00001}, "hold"),
        ({"guardrails_breached": ["contact_share"]}, "hold"),
    ],
)
def test_the_decision_follows_the_readout(change: dict[str, object], decision: str) -> None:
    assert decide_launch(SEEN | change) == decision
