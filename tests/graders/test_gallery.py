"""The gallery shows every message in both languages, with every plural form and every word."""

from pathlib import Path

import pytest

from graders.loading import load_quest
from graders.messages import library_texts
from graders.workshop.gallery import Example, common, gallery
from tests.graders.small_quest import CHECKS, MESSAGES, write_quest

TAKES_MORE = MESSAGES.replace(
    "      params: {found: int}\n"
    '      what: {en: "`add(2, 3)` returned {found}.", ru: "`add(2, 3)` вернула {found}."}\n',
    "      params: {found: int, kind: 'enum[a, b, c, d]'}\n"
    "      what:\n"
    '        en: "{found} {found|row|rows} of {kind}."\n'
    '        ru: "{found} {found|строка|строки|строк}, {kind}."\n',
)


def examples(folder: Path, check: str, reason: str) -> tuple[Example, ...]:
    quest = load_quest(folder)
    hung = {one.name: one for one in gallery(quest, quest.stages[0])}
    return next(one.examples for one in hung[check].reasons if one.reason == reason)


def test_every_check_hangs_with_every_reason_and_its_pass(tmp_path: Path) -> None:
    quest = load_quest(write_quest(tmp_path))
    found = {
        one.name: [shown.reason for shown in one.reasons]
        for one in gallery(quest, quest.stages[0])
    }
    assert found == {
        "is_there": ["passed"],
        "is_right": ["passed", "differs"],
        "holds_for_hidden": ["passed", "none_right"],
    }


def test_an_example_is_read_in_both_languages_without_a_hole(tmp_path: Path) -> None:
    (example,) = examples(write_quest(tmp_path), "is_right", "differs")
    assert example.messages["en"].what == "`add(2, 3)` returned 37."
    assert example.messages["ru"].what == "`add(2, 3)` вернула 37."
    assert example.messages["ru"].why


def test_plural_forms_and_words_are_all_shown(tmp_path: Path) -> None:
    assert TAKES_MORE != MESSAGES
    checks = CHECKS.replace("found=answer", 'found=answer, kind="a"')
    folder = write_quest(tmp_path, messages=TAKES_MORE, checks=checks)
    shown = examples(folder, "is_right", "differs")
    read = [example.messages["ru"].what.replace("\N{NO-BREAK SPACE}", " ") for example in shown]
    assert read == ["1 строка, a.", "2 строки, b.", "5 строк, c.", "1 строка, d."]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_everybody_may_say_hangs_too(language: str, tmp_path: Path) -> None:
    quest = load_quest(write_quest(tmp_path))
    shown = common(quest, quest.stages[0])
    assert {one.reason for one in shown} == set(library_texts().reasons)
    texts = [
        m.what
        for one in shown
        for e in one.examples
        for k, m in e.messages.items()
        if k == language
    ]
    assert all(texts)
    assert not any("{" in text for text in texts)
