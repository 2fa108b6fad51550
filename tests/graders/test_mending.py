"""What `sim check --fix` does by itself, and what it leaves to a person."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graders.faults import Level
from graders.inspecting import inspect_quest
from graders.inspecting.translations import FILE
from graders.workshop.mending import mend
from simulator.cli.app import application
from tests.graders.good_quest import write_good_quest

FACTS, MESSAGES = "quest.yaml", "stages/01_rule/messages.yaml"
BRIEF, RUSSIAN = "stages/01_rule/brief.en.md", "stages/01_rule/brief.ru.md"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_good_quest(tmp_path_factory.mktemp("quests"))


@pytest.fixture
def quest(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / good.name
    shutil.copytree(good, folder)
    return folder


def put(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def codes(quest: Path) -> list[str]:
    return [fault.code for fault in inspect_quest(quest)]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (FACTS, "    estimate_minutes: 30", "    estimate_minutse: 30"),
        (FACTS, "runtime: python-ml", "runtime: python-mk"),
        (FACTS, "type: UInt8", "type: Uint8"),
        (FACTS, "requires: [rule]", "requires: [ruel]"),
        (MESSAGES, "lesson: what-roc-auc-counts", "lesson: what-roc-auc-count"),
        (MESSAGES, "Вера «обзвонит» соседей", 'Вера \\"обзвонит\\" соседей'),
        (FACTS, 'en: "Kurs, a courier service", ru', "en: Kurs, a courier service, ru"),
        ("cheats/leaves_early/work.yaml", "stage: rule", "stage: ruel"),
    ],
)
def test_a_slip_with_one_mend_is_mended_and_nothing_else_is_touched(
    quest: Path, file: str, before: str, after: str
) -> None:
    path = quest / file
    if "«" in before:
        put(path, before.replace("«", "").replace("»", ""), before)
    text = path.read_text(encoding="utf-8")
    put(path, before, after)
    assert codes(quest)
    assert [(one.path, one.line) for one in mend(quest) if one.path.name != FILE]
    assert path.read_text(encoding="utf-8") == text
    assert not [fault for fault in inspect_quest(quest) if fault.level is Level.ERROR]


def test_two_slips_of_which_one_hides_the_other_are_both_mended(quest: Path) -> None:
    put(quest / FACTS, "estimate_minutes: 30", "estimate_minutse: 30")
    put(quest / FACTS, "requires: [rule]", "requires: [ruel]")
    assert [one.code for one in mend(quest)] == ["Q102", "Q203"]
    assert codes(quest) == []


def test_a_quest_gets_the_empty_module_and_the_uuid_that_it_lacks(quest: Path) -> None:
    (quest / "__init__.py").unlink()
    text = (quest / FACTS).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("uuid:")]
    (quest / FACTS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [one.code for one in mend(quest)] == ["Q103", "L302"]
    assert codes(quest) == []


def test_what_needs_a_thought_is_left_as_it_is(quest: Path) -> None:
    put(quest / FACTS, "pass: 60", "pass: 95")
    put(quest / MESSAGES, "Vera would call", "Obviously Vera would call")
    before = {path: path.read_bytes() for path in quest.rglob("*") if path.is_file()}
    found = codes(quest)
    assert mend(quest) == []
    assert codes(quest) == found != []
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(("changed", "behind"), [(BRIEF, RUSSIAN), (RUSSIAN, BRIEF)])
def test_a_text_that_changes_in_one_language_is_told_at_the_other(
    quest: Path, changed: str, behind: str
) -> None:
    text = (quest / changed).read_text(encoding="utf-8")
    (quest / changed).write_text(f"{text.rstrip()} 2026.\n", encoding="utf-8")
    (fault,) = inspect_quest(quest)
    assert (fault.code, fault.level, fault.path) == ("T610", Level.WARNING, quest / behind)
    last = [n for n, line in enumerate(fault.path.read_text().splitlines(), 1) if line[:1] == "#"]
    assert fault.line == last[-1]
    assert mend(quest) == []  # it does not forget that one was left behind
    assert codes(quest) == ["T610"]


def test_a_message_that_changes_in_one_language_is_told_at_the_other(quest: Path) -> None:
    put(quest / MESSAGES, "Vera would call the neighbours", "Vera would ring the neighbours")
    (fault,) = inspect_quest(quest)
    line = fault.path.read_text(encoding="utf-8").splitlines()[fault.line - 1]
    assert (fault.code, "Вера обзвонит соседей" in line) == ("T610", True)


def test_a_translation_that_follows_is_no_fault_and_is_remembered(quest: Path) -> None:
    put(quest / MESSAGES, "Vera would call the neighbours", "Vera would ring the neighbours")
    put(quest / MESSAGES, "Вера обзвонит соседей", "Вера позвонит соседям")
    assert codes(quest) == ["T611"]  # an active quest: nobody has said that the new texts match
    assert [one.path.name for one in mend(quest)] == [FILE]
    assert codes(quest) == []


def test_where_nothing_had_to_be_translated_the_author_says_so(quest: Path) -> None:
    put(quest / MESSAGES, "Vera would call the neighbours", "Vera would ring the neighbours")
    ended = CliRunner().invoke(application(["check"]), ["check", str(quest), "--translated"])
    assert ended.exit_code == 2
    words = ["check", str(quest), "--fix", "--translated"]
    ended = CliRunner().invoke(application(words), words)
    assert (ended.exit_code, "T611" in ended.output) == (0, True)
    assert codes(quest) == []


def test_a_draft_that_remembers_nothing_hears_of_nothing(quest: Path) -> None:
    (quest / FILE).unlink()
    assert codes(quest) == ["T611"]
    put(quest / FACTS, "status: active", "status: wip")
    put(quest / BRIEF, "## How we", "Now.\n\n## How we")
    assert codes(quest) == []


@pytest.mark.parametrize("body", ["{", "[]", '{"texts": {"story": ["one"]}}', '{"texts": 3}'])
def test_a_file_of_translations_that_is_none_remembers_nothing(quest: Path, body: str) -> None:
    (quest / FILE).write_text(body, encoding="utf-8")
    assert codes(quest) == ["T611"]
    mend(quest)
    assert codes(quest) == []
