"""Every code that `sim explain` knows has a quest that shows it."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from graders.explaining import register
from graders.faults import QuestError
from graders.inspecting import inspect_quest
from graders.loading import load_module, load_quest
from graders.works import find_work
from tests.graders.good_quest import write_good_quest

FACTS = "quest.yaml"
CHECKS = "stages/01_rule/checks.py"
HIDDEN = "stages/01_rule/hidden_checks.py"
MESSAGES = "stages/01_rule/messages.yaml"
BRIEF = "stages/01_rule/brief.en.md"
LESSON = "lessons/what-roc-auc-counts.en.md"
NUMBERS = "calibration.json"
GATES = "    requires: [rule]\ngates:\n  - "
GATE = "{check: finds_the_late, metric: roc_auc, pass: 0.5, merit: 0.8}\n"

# code, file, what stands there, what stands there instead; without the first, a file is added
CHANGED = [
    ("Q106", FACTS, "version: 0.1.0", "version: soon"),
    ("Q107", FACTS, 'en: "Kurs, a courier service"', "en: Kurs, a courier service"),
    ("Q202", FACTS, "  - slug: tests", "  - slug: rule"),
    ("Q204", FACTS, "merit: 90", "merit: 190"),
    ("Q205", FACTS, "database: new_quest", "database: new_quest\ngrading_scale: huge"),
    ("Q206", FACTS, "    requires: [rule]\n", GATES + GATE.replace("finds", "found")),
    ("Q207", FACTS, "runtime: python-ml", "runtime: python-mk"),
    ("Q209", FACTS, "rows: {tiny: 600,", "rows: {tini: 600,"),
    ("Q210", FACTS, "estimate_minutes: 30", "estimate_minutes: 3000"),
    ("Q215", FACTS, "type: UInt8", "type: Uint8"),
    ("Q217", FACTS, "slug: new-quest", "slug: old-quest"),
    (
        "Q218",
        FACTS,
        "people:\n",
        "people:\n  - {slug: vera, name: {en: V, ru: В}, role: {en: x, ru: х}}\n",
    ),
    ("M111", MESSAGES, "{near: float(3), far", "{near: number, far"),
    ("M113", MESSAGES, "Vera would call the neighbours", "word " * 95),
    ("M115", MESSAGES, "Вера обзвонит соседей", 'Вера \\"обзвонит\\" соседей'),
    ("M117", MESSAGES, "order_is_no_matter:", "order_is_no_matters:"),
    ("M121", MESSAGES, "minutes: 2", "minutes: 20"),
    (
        "M125",
        MESSAGES,
        "Два диспетчера с разной сортировкой позвонят разным людям.",
        "Two people.",
    ),
    ("M127", MESSAGES, "Vera would call the neighbours", "One. Two. Three. Four"),
    ("M128", MESSAGES, "In another order {changed}", "In another order {changed} parcels"),
    ("C300", CHECKS, "def order_is_no_matter(", "def order_is_no_matter(("),
    ("C302", CHECKS, 'fail("another_order"', 'fail("another" + "_order"'),
    ("C304", HIDDEN, "def finds_the_late", "def farther_is_riskier"),
    ("C305", HIDDEN, 'needs=["answers_by_contract"]', 'needs=["answers_by_contrakt"]'),
    ("C306", CHECKS, "changed=changed,", "changd=changed,"),
    ("C307", CHECKS, "def order_is_no_matter", "def order_matters"),
    ("C309", CHECKS, "production.lint(points=3)", "production.lint(point=3)"),
    ("C312", CHECKS, '    """With one weight, more kilometres mean more risk"""\n', ""),
    (
        "C315",
        CHECKS,
        'kind="directional", needs=[answers_by_contract]',
        'kind="directional", needs=["finds_the_late"]',
    ),
    (
        "C320",
        CHECKS,
        "    nothing = ",
        "    work.text('rule.py')\n    nothing = ",
    ),
    ("C321", HIDDEN, 'work.hidden("parcels"', 'work.hidden("parcel"'),
    ("T603", BRIEF, "to {{ rule.roc_auc.target|float(2) }}", "and on"),
    ("T604", BRIEF, "“Far and heavy,”", "[Far](lessons/far)"),
    ("T604", BRIEF, "“Far and heavy,”", "[Far](elsewhere.html)"),
    ("T605", BRIEF, "“Far and heavy,”", "<b>Far</b>"),
    ("T605", BRIEF, "“Far and heavy,”", "![Far](far.png)"),
    ("T607", BRIEF, "“Far and heavy,”", "✎ Say what Vera says."),
    ("T608", LESSON, "It looks at the order alone", "word " * 1200),
    (
        "T609",
        BRIEF,
        "## How we",
        "```\nrisk([1.0], [1.0])\n```\n\n## How we",
    ),
    ("T610", BRIEF, "“Far and heavy,”", "“Heavy and far,”"),
    ("N502", BRIEF, "target|float(2) }}", "target|flot }}"),
    ("N503", HIDDEN, 'work.number("rule.roc_auc.target")', 'work.number("rule.roc_auc.goal")'),
    ("N504", HIDDEN, 'work.number("rule.roc_auc.target")', 'work.gate("roc_auc").merit'),
    ("N506", NUMBERS, '"how": "twelve', '"when": "twelve'),
    ("N507", FACTS, "    requires: [rule]\n", GATES + GATE.replace("0.5", "0.8")),
    ("N508", NUMBERS, '"baseline": 0.6,', '"baseline": 0.6'),
    ("W401", "cheats/leaves_early/work.yaml", "stage: rule", "stage: ruel"),
    ("W404", "cheats/leaves_early/work.yaml", "why: I", "why: ''  # I"),
    ("L307", "stages/01_rule/checks.py", "KM = ", 'TOKEN = "ghp_' + "a1" * 18 + '"\nKM = '),
    ("L308", "data.py", "PUBLIC_SEED =", 'HOME = "/home/vera/parcels"\nPUBLIC_SEED ='),
    ("L312", MESSAGES, "lesson: what-roc-auc-counts", "lesson: elsewhere"),
    ("L314", "data.py", "def hidden(", "def hiden("),
]
ADDED = [
    ("L306", "notes.txt", "by hand\n"),
    ("L310", "stages/07_later/brief.en.md", "Later.\n"),
    ("W403", "bugs/ties/work.yaml", "stage: tests\nwhy: Ties were forgotten.\n"),
    ("W406", "variants/same/work.yaml", "stage: tests\nwhy: The same once more.\n"),
]
REMOVED = [
    ("Q100", "stages/01_rule/messages.yaml"),
    ("C303", "stages/02_tests/checks.py"),
    ("T601", "story.ru.md"),
    ("T611", "translations.json"),
    ("L302", "data.py"),
    ("W405", "starter"),
    ("W409", "mistakes/answers_by_contract"),
    ("W410", "cheats"),
]
ELSEWHERE = {"Q219", "L301", "L311", "M118", "M119", "M123", "M124", "W402"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_good_quest(tmp_path_factory.mktemp("quests"))


@pytest.fixture
def quest(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / good.name
    shutil.copytree(good, folder)
    return folder


def codes(quest: Path) -> set[str]:
    return {fault.code for fault in inspect_quest(quest)}


@pytest.mark.parametrize(
    ("code", "file", "before", "after"), CHANGED, ids=[row[0] for row in CHANGED]
)
def test_a_change_is_found(quest: Path, code: str, file: str, before: str, after: str) -> None:
    path = quest / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert code in codes(quest)


@pytest.mark.parametrize(("code", "file", "text"), ADDED, ids=[row[0] for row in ADDED])
def test_what_does_not_belong_is_found(quest: Path, code: str, file: str, text: str) -> None:
    (quest / file).parent.mkdir(parents=True, exist_ok=True)
    (quest / file).write_text(text, encoding="utf-8")
    assert code in codes(quest)


@pytest.mark.parametrize(("code", "name"), REMOVED, ids=[row[0] for row in REMOVED])
def test_what_is_missing_is_found(quest: Path, code: str, name: str) -> None:
    path = quest / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert code in codes(quest)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00\x01", b"[1, 2]\n", None])
def test_whatever_a_file_holds_is_told_and_nothing_falls(quest: Path, body: bytes | None) -> None:
    for file in (MESSAGES, CHECKS, HIDDEN, BRIEF, LESSON, NUMBERS, "data.py", FACTS):
        path = quest / file
        before = path.read_bytes()
        path.unlink()
        if body is None:
            path.mkdir()
        else:
            path.write_bytes(body)
        assert inspect_quest(quest), file
        path.rmdir() if body is None else path.unlink()
        path.write_bytes(before)


def test_stages_are_numbered_in_their_order(quest: Path) -> None:
    (quest / "stages/01_rule").rename(quest / "stages/03_rule")
    assert "L311" in codes(quest)


def test_what_no_quest_can_show_is_said_where_it_is_asked(quest: Path, tmp_path: Path) -> None:
    assert [fault.code for fault in inspect_quest(quest, only="ruel")] == ["Q219"]
    loaded = load_quest(quest)
    with pytest.raises(QuestError, match="W402"):
        find_work(loaded, loaded.stages[0], "mistakes/none")
    with pytest.raises(QuestError, match="L301"):
        load_module(tmp_path / "notes.txt", name="notes")


def test_every_code_is_shown_by_some_quest() -> None:
    folder = Path(__file__).parent / "broken"
    cases = (YAML(typ="safe").load(path.read_text(encoding="utf-8")) for path in folder.iterdir())
    shown = {code for case in cases for code in (case["code"], *case.get("also", ()))}
    shown |= {row[0] for row in (*CHANGED, *ADDED, *REMOVED)} | ELSEWHERE
    assert set(register()) - shown == set()
