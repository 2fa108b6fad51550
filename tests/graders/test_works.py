"""A quest proves itself: its works are what they say, and the matrix tells what does not hold."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from graders.datasets import Datasets
from graders.faults import QuestError
from graders.grading import grade
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import CheckResult, Verdict
from graders.works import Work, find_work, overlays, reference, starter
from graders.workshop.matrix import Row, problems, rows_of, untested
from graders.workshop.printing import matrix_lines, result_lines, verdict_lines
from tests.fakes import FakeSandbox
from tests.graders.small_quest import QUEST_YAML, write_quest

TWO_STAGES = QUEST_YAML.replace(
    "gates:",
    """\
  - slug: serve
    kind: code
    title: {en: Serve, ru: Сервис}
    summary: {en: One service, ru: Один сервис}
    files: ["service/**"]
    estimate_minutes: 10
    pass: 60
    merit: 90
    requires: [model]
gates:""",
)
RIGHT = "def add(a, b):\n    return a + b\n"
OFF = "def add(a, b):\n    return a - b\n"
LUCKY = "def add(a, b):\n    return 5\n"

WORKS = {
    "starter/README.md": "start\n",
    "starter/app/model.py": "def add(a, b):\n    raise NotImplementedError\n",
    "starter/service/main.py": "START = 1\n",
    "reference/app/model.py": RIGHT,
    "reference/service/main.py": "DONE = 1\n",
    "reference/notes.txt": "of no stage\n",
    "reference/__pycache__/x.pyc": "left behind",
    "mistakes/is_right/work.yaml": "stage: model\nwhy: a sign\n",
    "mistakes/is_right/app/model.py": OFF,
    "cheats/constant/work.yaml": "stage: model\nwhy: the public example only\n",
    "cheats/constant/app/model.py": "def add(a, b):\n    return 0\n",
}


def quest_with(tmp_path: Path, works: Mapping[str, str]) -> Quest:
    folder = write_quest(tmp_path, quest=TWO_STAGES)
    for path, body in {**WORKS, **works}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
    return load_quest(folder)


def text(work: Work) -> dict[str, str]:
    return {path: body.decode() for path, body in work.files.items()}


def test_a_reference_is_its_files_of_this_stage_and_all_before(tmp_path: Path) -> None:
    quest = quest_with(tmp_path, {})
    model, serve = quest.stages
    assert text(reference(quest, model)) == {
        "README.md": "start\n",
        "app/model.py": RIGHT,
        "service/main.py": "START = 1\n",
        "notes.txt": "of no stage\n",
    }
    assert text(reference(quest, serve))["service/main.py"] == "DONE = 1\n"


def test_a_starter_is_what_a_learner_has_when_the_stage_opens(tmp_path: Path) -> None:
    quest = quest_with(tmp_path, {})
    model, serve = quest.stages
    assert "NotImplementedError" in text(starter(quest, model))["app/model.py"]
    assert text(starter(quest, serve))["app/model.py"] == RIGHT
    assert text(starter(quest, serve))["service/main.py"] == "START = 1\n"


def test_overlays_lie_over_the_reference_of_their_stage(tmp_path: Path) -> None:
    quest = quest_with(tmp_path, {})
    mistake, cheat = overlays(quest)
    assert (mistake.name, mistake.stopped_by, mistake.stage.slug) == (
        "mistakes/is_right",
        "is_right",
        "model",
    )
    assert text(mistake)["app/model.py"] == OFF
    assert "work.yaml" not in mistake.files
    assert cheat.stopped_by is None
    assert overlays(quest, quest.stages[1]) == []


def test_a_second_mistake_for_a_check_has_a_note_in_its_name(tmp_path: Path) -> None:
    again = {"mistakes/is_right--lucky/work.yaml": "stage: model\nwhy: luck\n"}
    quest = quest_with(tmp_path, again)
    assert find_work(quest, quest.stages[0], "mistakes/is_right--lucky").stopped_by == "is_right"


def test_a_work_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    quest = quest_with(tmp_path, {})
    with pytest.raises(QuestError, match='did you mean "mistakes/is_right"'):
        find_work(quest, quest.stages[0], "mistakes/is_rigth")


def test_an_overlay_for_no_stage_is_told_at_its_line(tmp_path: Path) -> None:
    quest = quest_with(tmp_path, {"cheats/constant/work.yaml": "why: x\nstage: modle\n"})
    with pytest.raises(QuestError, match=r'work.yaml:2:8 W401 no stage "modle"; did you mean "mo'):
        overlays(quest)


def matrix(quest: Quest, datasets: Datasets) -> list[Row]:
    def judged(work: Work) -> Row:
        events = list(
            grade(quest, work.stage, work.files, sandbox=FakeSandbox(), datasets=datasets)
        )
        last = events[-1]
        assert isinstance(last, Verdict)
        return Row(work=work, verdict=last)

    return list(rows_of(quest, quest.stages[:1], judged))


def test_a_quest_that_proves_itself_has_no_problem(tmp_path: Path, datasets: Datasets) -> None:
    folder = quest_with(tmp_path, {}).folder
    (folder / "starter" / "app" / "model.py").unlink()
    rows = matrix(load_quest(folder), datasets)
    assert [row.work.name for row in rows] == [
        "reference",
        "starter",
        "mistakes/is_right",
        "cheats/constant",
    ]
    assert problems(rows) == []
    assert untested(rows) == ["holds_for_hidden"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("reference/app/model.py", OFF, "model reference: does not pass: 10.0"),
        ("reference/app/model.py", LUCKY, "model reference: holds_for_hidden is failed"),
        ("starter/app/model.py", RIGHT, "model starter: passes with 100.0"),
        ("starter/app/model.py", OFF, "model starter: has 10.0 points before a learner did"),
        ("mistakes/is_right/app/model.py", LUCKY, "is_right did not stop it: passed"),
        ("cheats/constant/app/model.py", LUCKY, "earns points: is_right 30"),
        ("cheats/constant/app/model.py", RIGHT, "model cheats/constant: passes with 100.0"),
    ],
)
def test_what_does_not_hold_is_told(
    tmp_path: Path, datasets: Datasets, path: str, body: str, said: str
) -> None:
    told = problems(matrix(quest_with(tmp_path, {path: body}), datasets))
    assert any(said in line for line in told), told


def test_a_mistake_named_after_no_check_is_told(tmp_path: Path, datasets: Datasets) -> None:
    works = {"mistakes/is_rite/work.yaml": "stage: model\nwhy: x\n"}
    told = problems(matrix(quest_with(tmp_path, works), datasets))
    assert any('stage model has no check "is_rite"' in line for line in told)


def test_the_matrix_is_printed_works_by_checks(tmp_path: Path, datasets: Datasets) -> None:
    quest = quest_with(tmp_path, {})
    lines = list(matrix_lines(quest.stages[0], matrix(quest, datasets)))
    assert any(line.split() == ["reference", "100", "✓", "✓", "✓"] for line in lines)
    assert any(line.split() == ["mistakes/is_right", "10", "✓", "✗", "·"] for line in lines)


def test_a_verdict_is_printed_with_the_four_parts_of_what_needs_work(
    tmp_path: Path, datasets: Datasets
) -> None:
    quest = quest_with(tmp_path, {})
    mistake = next(row for row in matrix(quest, datasets) if row.work.kind == "mistakes")
    assert mistake.verdict is not None
    found = next(r for r in mistake.verdict.results if r.check == "is_right")
    printed = "\n".join(result_lines(quest, quest.stages[0], found, "ru"))
    for part in ("Что произошло", "Почему это важно", "Как повторить", "Где узнать"):
        assert part in printed
    head = next(iter(verdict_lines(quest.stages[0], mistake.verdict)))
    assert head == "model: 10/100, pilot, failed"


def test_every_result_can_be_printed(tmp_path: Path, datasets: Datasets) -> None:
    quest = quest_with(tmp_path, {})
    for row in matrix(quest, datasets):
        assert row.verdict is not None
        for result in row.verdict.results:
            assert isinstance(result, CheckResult)
            for language in ("en", "ru"):
                assert list(result_lines(quest, quest.stages[0], result, language))
