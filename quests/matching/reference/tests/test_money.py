"""Money: the numbers of Timur's note, and laws that hold for any chances."""

import numpy as np
import pytest

from matching.money import best_action, expected, match_threshold, realised


def test_a_sure_match_earns_thirty_roubles_and_a_sure_error_costs_four_hundred() -> None:
    assert expected([1.0, 0.0], [1.0, 1.0])[:, 0].tolist() == [30.0, -400.0]


def test_a_match_pays_from_ninety_seven_percent_on() -> None:
    assert match_threshold() == pytest.approx(0.972093, abs=1e-6)
    assert best_action([0.973, 0.971], [1.0, 1.0]).tolist() == ["match", "review"]


def test_an_unknown_product_gets_a_card_of_its_own() -> None:
    assert best_action([0.01], [0.02]).tolist() == ["new"]


def test_the_chosen_action_is_never_worse_than_another() -> None:
    draw = np.random.default_rng(0)
    exists = draw.random(100)
    match = exists * draw.random(100)
    values = expected(match, exists)
    place = {"match": 0, "review": 1, "new": 2}
    chosen = [place[action] for action in best_action(match, exists)]
    assert (values[np.arange(100), chosen] >= values.max(axis=1) - 1e-9).all()


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        expected([1.2], [1.0])


def test_a_match_to_a_product_without_a_card_is_an_error() -> None:
    assert realised(["match", "new"], [7, -1], [-1, -1]).tolist() == [-400.0, 10.0]
