"""Numbers and words in two languages."""

import pytest

from graders.texts import NBSP, count_words, fill_in, param_type, show, typeset


@pytest.mark.parametrize(
    ("spelled", "value", "en", "ru"),
    [
        ("int", 12345, "12,345", f"12{NBSP}345"),
        ("id", 12345, "12345", "12345"),
        ("float", 0.7004, "0.7", "0,7"),
        ("float(2)", 0.736, "0.74", "0,74"),
        ("percent", 0.123, f"12.3{NBSP}%", f"12,3{NBSP}%"),
        ("money", -1343.31, "-₽1,343", f"-1{NBSP}343{NBSP}₽"),
        ("seconds", 4.25, f"4.2{NBSP}s", f"4,2{NBSP}с"),
        ("megabytes", 512, f"512{NBSP}MB", f"512{NBSP}МБ"),
        ("enum[late, early]", "late", "late", "late"),
    ],
)
def test_a_parameter_is_shown_in_the_readers_language(
    spelled: str, value: float | str, en: str, ru: str
) -> None:
    kind = param_type(spelled)
    assert show(kind.clean(value), kind, "en") == en
    assert show(kind.clean(value), kind, "ru") == ru


@pytest.mark.parametrize(
    ("count", "word"),
    [(1, "строка"), (2, "строки"), (5, "строк"), (11, "строк"), (21, "строка"), (112, "строк")],
)
def test_a_word_agrees_with_its_number(count: int, word: str) -> None:
    text = fill_in("{rows|строка|строки|строк}", {"rows": count}, {}, "ru")
    assert text == word
    assert fill_in("{rows|row|rows}", {"rows": count}, {}, "en") == (
        "row" if count == 1 else "rows"
    )


def test_a_clickhouse_parameter_in_a_text_stays_as_it_is() -> None:
    assert fill_in("`{as_of:DateTime}` and {n}", {"n": 2}, {}, "en") == "`{as_of:DateTime}` and 2"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "hidden row 17"])
def test_a_number_must_be_a_finite_number(value: float | str) -> None:
    with pytest.raises(TypeError):
        param_type("float").clean(value)


def test_free_text_cannot_pass_as_a_name() -> None:
    assert param_type("identifier").clean("user 17 left; label=1") == "?"
    assert param_type("path").clean("app/model.py") == "app/model.py"
    assert param_type("identifiers").clean("a, b c, d") == "a, ?, d"


def test_a_word_outside_the_enum_is_refused() -> None:
    with pytest.raises(ValueError, match="none of"):
        param_type("enum[a, b]").clean("c")


def test_a_misspelled_type_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match='did you mean "percent"'):
        param_type("percents")


def test_russian_lines_do_not_end_before_a_unit_or_a_dash_or_after_a_preposition() -> None:
    assert typeset("в среднем 5 % — это `a — b`", "ru") == (
        f"в{NBSP}среднем 5{NBSP}%{NBSP}— это `a — b`"
    )


def test_a_piece_of_code_is_one_word() -> None:
    assert count_words("Run `python -m churn.train --out x` — twice.") == 3
