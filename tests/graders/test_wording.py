"""The lint of messages: parts, parameters, plural forms, jargon; held to by our own libraries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.explaining import levelled
from graders.faults import Level
from graders.inspecting import inspect_quest
from graders.inspecting.wording import library_faults
from graders.quest import Status
from tests.graders.small_quest import CHECKS, MESSAGES, write_quest

Told = Callable[[str, str], set[str]]
WHAT = '{en: "`add(2, 3)` returned {found}.", ru: "`add(2, 3)` вернула {found}."}'
WHY = '{en: "Sums go to the invoice.", ru: "Суммы попадают в счёт."}'


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The codes of a small quest's messages after a change."""

    def codes(before: str, after: str) -> set[str]:
        assert before in MESSAGES
        quest = write_quest(tmp_path, messages=MESSAGES.replace(before, after))
        return {fault.code for fault in inspect_quest(quest) if fault.path.name == "messages.yaml"}

    return codes


def test_the_libraries_keep_the_rules_that_they_ask_of_authors() -> None:
    found = [levelled(fault, Status.ACTIVE) for fault in library_faults()]
    assert [str(fault) for fault in found if fault.level is Level.ERROR] == []


def test_the_small_quest_lacks_a_lesson_and_what_its_hidden_check_leaves_out(told: Told) -> None:
    assert told(WHAT, WHAT) == {"M118", "M119", "M120"}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (WHY, '{en: "Sums go out.", ru: "Sums go out."}', "M125"),
        (WHY, '{en: "Суммы go out.", ru: "Суммы уходят."}', "M125"),
        (WHY, '{en: "We leverage sums.", ru: "Суммы попадают в счёт."}', "M126"),
        (WHY, '{en: "Sums go out.", ru: "Имплементация ломается."}', "M126"),
        (WHY, '{en: "One. Two. Three. Four.", ru: "Суммы попадают в счёт."}', "M127"),
        ("returned {found}.", "returned nothing.", "M123"),
        ("params: {found: int}", "params: {found: int, other: int}", "M124"),
        ("returned {found}.", "returned {found} rows.", "M128"),
        ("вернула {found}.", "вернула {found} строк.", "M128"),
        ("minutes: 3", "minutes: 20", "M121"),
        ("    differs:\n", "    unheard_of:\n      what: " + WHY + "\n    differs:\n", "M122"),
    ],
)
def test_a_message_that_a_reader_stumbles_over_is_told(
    told: Told, before: str, after: str, code: str
) -> None:
    assert code in told(before, after)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '      reproduce: python -c "from app.model import add; print(add(2, 3))"\n',
            "M119 is_right.differs does not say how to see it again",
        ),
        (f"      why: {WHY}\n", "M118 is_right.differs: say why it matters in production"),
    ],
)
def test_a_major_reason_says_why_and_how_to_see_it_again(
    tmp_path: Path, line: str, said: str
) -> None:
    assert line in MESSAGES
    whole = write_quest(tmp_path / "whole")
    assert not any(said in str(fault) for fault in inspect_quest(whole))
    quest = write_quest(tmp_path / "part", messages=MESSAGES.replace(line, ""))
    assert any(said in str(fault) for fault in inspect_quest(quest))


def test_a_good_word_needs_neither(tmp_path: Path) -> None:
    checks = CHECKS.replace("check, fail", "check, fail, praise").replace(
        "    return None\n", '    return praise("adds")\n'
    )
    praise = '      adds:\n        what: {en: "It adds, twice.", ru: "Складывает, дважды."}\n'
    messages = MESSAGES.replace("      differs:", "      differs:").replace(
        "    differs:\n", praise.replace("      adds", "    adds", 1) + "    differs:\n"
    )
    quest = write_quest(tmp_path, checks=checks, messages=messages)
    lines = [str(fault) for fault in inspect_quest(quest) if ".adds" in fault.message]
    assert lines == []
