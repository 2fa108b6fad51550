"""YAML keeps its places and its types, and what would be lost in silence is a fault."""

from pathlib import Path

import pytest

from graders.faults import QuestError
from graders.marked import Marked, read_marked


def read(tmp_path: Path, text: str) -> Marked:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return read_marked(path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1", 1),
        ("1_000", 1000),
        ("0x1f", 31),
        ("0o17", 15),
        ("-2.5", -2.5),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("'1'", "1"),
        ("2024-06-01", "2024-06-01"),
        ("1.2.3", "1.2.3"),
        ("[a, 2]", ["a", 2]),
        ("«ёлочки»", "«ёлочки»"),
    ],
)
def test_a_value_keeps_its_type(tmp_path: Path, written: str, meant: object) -> None:
    found = read(tmp_path, f"key: {written}\n").data["key"]
    assert found == meant
    assert type(found) is type(meant)


def test_an_anchor_is_what_it_names(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_key_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(QuestError) as error:
        read(tmp_path, "a:\n  b: 1\n  c: 2\n  b: 3\n")
    (fault,) = error.value.faults
    assert (fault.line, fault.column, fault.code) == (4, 3, "Q108")
    assert "first in line 2" in fault.message


def test_a_fault_is_at_the_key_the_value_or_a_word_of_it(tmp_path: Path) -> None:
    marked = read(tmp_path, "a:\n  - b: один два три\n")
    where = ("a", 0, "b")
    at_key = marked.fault(where, "Q106", "")
    assert (at_key.line, at_key.column, at_key.width) == (2, 5, 1)
    at_value = marked.fault(where, "Q106", "", at_value=True)
    assert (at_value.line, at_value.column, at_value.width) == (2, 8, 12)
    at_word = marked.fault(where, "Q106", "", word="два")
    assert (at_word.line, at_word.column, at_word.width) == (2, 13, 3)


def test_a_word_is_found_in_a_text_of_several_lines(tmp_path: Path) -> None:
    marked = read(tmp_path, "a: >-\n  first line\n  and a {slot}\n")
    fault = marked.fault(("a",), "M112", "", word="{slot}")
    assert (fault.line, fault.column) == (3, 9)


def test_what_is_not_there_is_told_at_what_is_nearest(tmp_path: Path) -> None:
    marked = read(tmp_path, "a:\n  b: 1\n")
    assert marked.fault(("a", "missing"), "Q103", "").line == 1
    assert marked.fault(("missing",), "Q103", "").line == 1


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n"])
def test_a_file_holds_a_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(QuestError, match="must hold a mapping"):
        read(tmp_path, text)


def test_a_text_with_a_colon_is_told_to_be_quoted(tmp_path: Path) -> None:
    with pytest.raises(QuestError) as error:
        read(tmp_path, "a: one: two\n")
    assert "Put the text in quotes" in error.value.faults[0].mend


def test_a_file_that_holds_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuestError, match="not YAML"):
        read(tmp_path, "a: &x\n  b: *x\n")
