"""What the rule does."""

from new_quest.rule import risk


def test_it_runs():
    risk([5.0], [2.0])


def test_it_runs_on_nothing():
    risk([], [])


def test_it_runs_far():
    risk([500.0], [2.0])
