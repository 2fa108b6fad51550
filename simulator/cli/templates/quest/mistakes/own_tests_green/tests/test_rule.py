"""What the rule does."""

from new_quest.rule import risk


def test_risk_is_rounded():
    assert risk([24.0], [3.0]) == [0.57]


def test_no_parcels_have_no_risk():
    assert risk([], []) == []


def test_farther_is_riskier():
    near, far = risk([10.0, 60.0], [8.0, 8.0])
    assert far > near
