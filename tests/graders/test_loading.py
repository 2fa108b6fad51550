"""A quest that is not well formed is told where, what, and the nearest word."""

from pathlib import Path

import pytest

from graders.faults import QuestError
from graders.loading import digest_of, find_quests, inspect, load_checks, load_quest
from graders.results import Phase
from tests.graders.small_quest import CHECKS, HIDDEN_CHECKS, MESSAGES, QUEST_YAML, write_quest


def faults_of(tmp_path: Path, **changed: str) -> list[str]:
    folder = write_quest(tmp_path, **changed)
    return [str(fault).replace(f"{folder}/", "") for fault in inspect(folder)]


def test_a_well_formed_quest_has_nothing_to_mend(tmp_path: Path) -> None:
    assert faults_of(tmp_path) == []


def test_quests_are_found_by_their_quest_yaml(tmp_path: Path) -> None:
    folder = write_quest(tmp_path)
    (tmp_path / "notes").mkdir()
    assert find_quests(tmp_path) == [folder]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "    estimate_minutes: 10",
            "    estimate_minutse: 10",
            'quest.yaml:24:5 Q102 stages[0].estimate_minutse is not a key here; did you mean "est',
        ),
        ("difficulty: easy", "difficulty: hrad", 'Q105 difficulty: "hrad"; did you mean "hard"?'),
        ("    kind: code", "    kind: cod", 'Q105 stages[0].kind: "cod"; did you mean "code"?'),
        ("title: {en: Small, ru: Малый}", "title: {en: Small}", "Q104 title has no text in: ru"),
        ("uuid: 3f0b4a9e", "uid: 3f0b4a9e", "Q103 uuid is missing"),
        ("    merit: 90", "    merit: 50", "Q204 0 <= pass <= merit <= 100 must hold"),
        ("grading_scale: tiny", "grading_scale: tny", 'Q205 there is no scale "tny"; did you'),
        ("check: is_right", "check: is_rihgt", 'Q206 there is no check "is_rihgt"; did you mean'),
        ("version: 1.0.0", "version: soon", "Q106 version: String should match pattern"),
        ("concepts: [testing]", "concepts: [testing", "Q101 not YAML"),
        ("slug: small", "slug: small\nfolder: /tmp", "Q102 folder is not for the file to state"),
    ],
)
def test_a_slip_in_quest_yaml_is_told_with_its_place(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in QUEST_YAML
    told = faults_of(tmp_path, quest=QUEST_YAML.replace(before, after))
    assert any(said in line for line in told), told


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('fail("differs",', 'fail("difers",', 'C301 is_right: "difers" has no message'),
        ("found=answer", "fond=answer", 'C306 "differs" declares no param "fond"; did you mean'),
        ("found=answer, ", "", 'C308 "differs" needs the param "found"'),
        ('fail("differs"', 'fail("dif" + "fers"', "C302 write the reason out"),
        ("needs=[is_there]", 'needs=["is_ther"]', 'C305 is_right needs "is_ther", which is no'),
        ("needs=[is_there]", "needs=[is_ther]", "checks.py:12:1 C309 importing it raises NameErr"),
    ],
)
def test_a_check_and_its_messages_must_fit(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in CHECKS
    told = faults_of(tmp_path, checks=CHECKS.replace(before, after))
    assert any(said in line for line in told), told


def test_a_reason_named_in_a_helper_belongs_to_the_checks_that_call_it(tmp_path: Path) -> None:
    checks = CHECKS.replace(
        '        fail("differs", found=answer, at="app/model.py:2")', "        _differs(answer)"
    )
    checks += '\n\ndef _differs(answer: int) -> None:\n    fail("nowhere", found=answer)\n'
    told = faults_of(tmp_path, checks=checks)
    assert any('C301 is_right: "nowhere" has no message' in line for line in told), told


def test_a_check_without_texts_is_told_the_nearest_ones(tmp_path: Path) -> None:
    checks = CHECKS.replace("def is_right(", "def is_rigth(")
    told = faults_of(tmp_path, checks=checks)
    assert any(
        'C307 is_rigth has no texts (title, brief); did you mean "is_right"' in x for x in told
    )


@pytest.mark.parametrize(
    "said",
    [
        'graders.fail("differs", fond=answer)',
        'raise Fail("differs", {"fond": answer})',
        'return graders.praise("differs", fond=answer)',
    ],
)
def test_every_way_to_name_a_reason_is_read(tmp_path: Path, said: str) -> None:
    checks = CHECKS.replace('fail("differs", found=answer, at="app/model.py:2")', said)
    checks = checks.replace("from graders import", "import graders\nfrom graders import Fail,")
    told = faults_of(tmp_path, checks=checks)
    assert any('C306 "differs" declares no param "fond"' in line for line in told), told


def test_parameters_that_are_not_written_out_are_left_to_the_run(tmp_path: Path) -> None:
    checks = CHECKS.replace("found=answer, ", "**{'found': answer}, ")
    assert faults_of(tmp_path, checks=checks) == []


def test_a_blocker_says_why(tmp_path: Path) -> None:
    messages = MESSAGES.replace('      why: {en: "Sums go to the invoice.", ', "#")
    assert messages != MESSAGES
    checks = CHECKS.replace("points=30,", 'points=30, severity="blocker",')
    told = faults_of(tmp_path, checks=checks, messages=messages)
    assert any("M118 is_right.differs" in line for line in told), told


def test_texts_for_nobody_are_told(tmp_path: Path) -> None:
    messages = MESSAGES.replace("is_there:", "is_their:")
    told = faults_of(tmp_path, messages=messages)
    assert any(
        x.endswith('yaml:1:1 M117 there is no check "is_their"; did you mean "is_there"?')
        for x in told
    )


def test_checks_know_their_phase_by_their_file(tmp_path: Path) -> None:
    quest = load_quest(write_quest(tmp_path))
    phases = {check.name: check.phase for check in load_checks(quest, quest.stages[0])}
    assert phases == {
        "is_there": Phase.PUBLIC,
        "is_right": Phase.PUBLIC,
        "holds_for_hidden": Phase.HIDDEN,
    }


def test_a_stage_without_checks_is_refused(tmp_path: Path) -> None:
    quest = load_quest(write_quest(tmp_path, checks="", hidden="", messages="{}"))
    with pytest.raises(QuestError, match="no checks"):
        load_checks(quest, quest.stages[0])


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    hidden = HIDDEN_CHECKS.replace("holds_for_hidden", "is_there")
    told = faults_of(tmp_path, hidden=hidden)
    assert any("C304 there are two checks named is_there" in line for line in told)


def test_checks_that_are_not_python_are_told_with_their_line(tmp_path: Path) -> None:
    told = faults_of(tmp_path, checks="from graders import check\n\ndef oops(:\n")
    assert any("checks.py:3:" in line and "C300" in line for line in told)


def test_the_digest_follows_every_file_but_not_what_tools_leave(tmp_path: Path) -> None:
    folder = write_quest(tmp_path)
    before = digest_of(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert digest_of(folder) == before
    (folder / "stages/01_model/checks.py").write_text(CHECKS + "\n")
    assert digest_of(folder) != before


def test_a_changed_quest_is_read_again(tmp_path: Path) -> None:
    folder = write_quest(tmp_path)
    quest = load_quest(folder)
    assert len(load_checks(quest, quest.stages[0])) == 3
    (folder / "stages/01_model/hidden_checks.py").unlink()
    messages = MESSAGES.partition("holds_for_hidden")[0]
    (folder / "stages/01_model/messages.yaml").write_text(messages)
    again = load_quest(folder)
    assert len(load_checks(again, again.stages[0])) == 2
