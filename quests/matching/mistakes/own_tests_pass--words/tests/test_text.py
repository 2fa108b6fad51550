"""Titles: the agreed examples, and laws that hold for any title."""

import pytest

from matching.text import extract_attrs, normalize_title


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("Айфон 13 PRO 1 ТБ", "iphone 13 pro 1000gb"),
        ("КОФЕ 0,5 кг", "coffee 500g"),
        ("сhаrgе", "charge"),
        ("Монитор Philips Edge 8, 27 дюймов", "monitor philips edge 8 27 дюймов"),
        ("5 гарантия", "5 гарантия"),
        ("", ""),
    ],
)
def test_a_title_comes_out_in_one_spelling(title: str, own: str) -> None:
    assert normalize_title(title) == own


@pytest.mark.parametrize("title", ["Айфон 13 PRO 1 ТБ", "dove 0,25 л", "X-12 [новинка]", '55"'])
def test_twice_is_the_same_as_once(title: str) -> None:
    once = normalize_title(title)
    assert normalize_title(once) == once


def test_capitals_do_not_matter() -> None:
    assert normalize_title("SSD Lenovo 1ТБ") == normalize_title("ssd lenovo 1тб")


def test_siblings_differ_in_what_is_read() -> None:
    small, large = (extract_attrs(f"nova 7 {size} black") for size in ("128 гб", "256gb"))
    assert small["capacity"] == (128.0, "gb")
    assert large["capacity"] == (256.0, "gb")
    assert small["color"] == large["color"] == "black"


def test_a_bare_number_is_no_capacity() -> None:
    said = extract_attrs("dove repair 3 lite 400")
    assert said["capacity"] is None
    assert said["numbers"] == {"3", "400"}
    assert said["suffix"] == "lite"


def test_a_case_for_a_phone_is_an_accessory_and_a_phone_with_a_case_is_not() -> None:
    assert extract_attrs("чехол для iphone 13")["accessory"] is True
    assert extract_attrs("iphone 13 с чехлом в подарок")["accessory"] is False
