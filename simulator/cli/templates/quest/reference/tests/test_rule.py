"""What the rule promises, whoever writes it."""

import pytest

from new_quest.rule import risk


def test_there_is_one_number_from_zero_to_one_a_parcel():
    found = risk([5.0, 18.0, 300.0], [2.0, 30.0, 90.0])
    assert len(found) == 3
    assert all(0 <= value <= 1 for value in found)


def test_no_parcels_have_no_risk():
    assert risk([], []) == []


def test_farther_is_riskier():
    near, far = risk([10.0, 60.0], [8.0, 8.0])
    assert far > near


def test_the_order_is_no_matter():
    there, back = risk([5.0, 60.0], [2.0, 9.0]), risk([60.0, 5.0], [9.0, 2.0])
    assert there == pytest.approx(back[::-1])
