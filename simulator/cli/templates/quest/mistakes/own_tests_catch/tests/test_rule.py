"""What the rule does."""

from new_quest.rule import risk


def test_there_is_one_number_a_parcel():
    assert len(risk([5.0, 18.0], [2.0, 30.0])) == 2


def test_it_is_a_share():
    assert 0 <= risk([5.0], [2.0])[0] <= 1


def test_far_and_near_differ():
    near, far = risk([10.0, 60.0], [8.0, 8.0])
    assert far != near
