"""Candidates: a catalogue of a few cards, and what must not change the answer."""

import pandas as pd
import pytest

from matching.blocking import Blocker

CARDS = pd.DataFrame(
    {
        "product_id": [11, 12, 13, 14],
        "title": [
            "smartphone samsung nova 7 pro 128gb black",
            "smartphone samsung nova 7 pro 256gb black",
            "coffee kimbo gold 9 250g beans",
            "shampoo dove repair 3 400ml mint",
        ],
    }
)


def offers(*titles: str) -> pd.DataFrame:
    return pd.DataFrame({"offer_id": range(1, len(titles) + 1), "title": titles})


def test_a_misspelt_title_finds_its_card_first() -> None:
    found = Blocker().fit(CARDS).candidates(offers("самсунг nvoa 7 Pro 256 гб"))
    assert found.loc[found["rank"] == 1, "product_id"].tolist() == [12]


def test_there_are_no_more_than_asked_and_ranks_have_no_gaps() -> None:
    found = Blocker().fit(CARDS).candidates(offers("nova 7 black beans mint"), k=3)
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["score"].is_monotonic_decreasing


def test_the_offers_beside_it_do_not_change_an_offers_candidates() -> None:
    blocker = Blocker().fit(CARDS)
    alone = blocker.candidates(offers("nova 7 pro 128gb"))
    together = blocker.candidates(offers("nova 7 pro 128gb", "dove mint", "nova nova nova"))
    pd.testing.assert_frame_equal(alone, together[together["offer_id"] == 1])


def test_equal_scores_go_to_the_smaller_number_whatever_the_order_of_cards() -> None:
    twins = CARDS.assign(title="coffee kimbo gold 9 250g beans")
    for cards in (twins, twins.iloc[::-1]):
        assert Blocker().fit(cards).candidates(offers("kimbo 9"))["product_id"].tolist() == [
            11,
            12,
            13,
            14,
        ]


def test_an_empty_title_has_no_candidates() -> None:
    assert Blocker().fit(CARDS).candidates(offers("", "!!!")).empty


def test_a_card_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="each product_id once"):
        Blocker().fit(pd.concat([CARDS, CARDS.head(1)]))
