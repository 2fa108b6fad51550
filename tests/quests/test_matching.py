"""The matching quest proves itself: every work before its checks, and the texts that could lie."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.datasets import Datasets, prepare
from graders.grading import grade
from graders.loading import inspect, load_checks, load_quest
from graders.messages import load_catalogue
from graders.quest import Language, Stage
from graders.results import Verdict
from graders.works import Work, overlays, reference, starter
from graders.workshop import workbench
from graders.workshop.matrix import Row, problems
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from simulator.catalog.numbers import with_numbers
from tests.needs import need

FOLDER = Path(__file__).resolve().parents[2] / "quests" / "matching"
QUEST = load_quest(FOLDER)
LANGUAGES: tuple[Language, ...] = ("en", "ru")
STAGES = [pytest.param(stage, id=stage.slug) for stage in QUEST.stages]
SECRET = b"the secret of the matching quest's own tests"
OWN = [work for stage in QUEST.stages for work in (reference(QUEST, stage), starter(QUEST, stage))]
LESSONS = sorted((FOLDER / "lessons").glob("*.md"))


def works(kind: str) -> list[object]:
    found = OWN if kind == "own" else [work for work in overlays(QUEST) if work.kind == kind]
    return [pytest.param(work, id=f"{work.stage.slug}-{work.name}") for work in found]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    try:
        runtimes.find(QUEST.runtime, home=folder)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    return folder


@pytest.fixture(scope="module")
def datasets(home: Path) -> Datasets:
    return prepare(QUEST, scale="tiny", secret=SECRET, home=home)


@pytest.fixture(scope="module")
def sandbox(home: Path) -> Iterator[RunnerSandbox]:
    with workbench.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket)


def graded(work: Work, *, sandbox: RunnerSandbox, datasets: Datasets) -> Row:
    events = grade(QUEST, work.stage, work.files, sandbox=sandbox, datasets=datasets, seed=1)
    return Row(work=work, verdict=next(event for event in events if isinstance(event, Verdict)))


@pytest.mark.bubblewrap
@pytest.mark.parametrize("work", [*works("own"), *works("cheats")])
def test_reference_starter_and_cheats_get_what_they_deserve(
    work: Work, sandbox: RunnerSandbox, datasets: Datasets
) -> None:
    row = graded(work, sandbox=sandbox, datasets=datasets)
    assert problems([row]) == []
    assert row.verdict is not None
    assert row.verdict.score == 100 if work.kind == "reference" else row.verdict.score < 20


@pytest.mark.bubblewrap
@pytest.mark.slow
@pytest.mark.parametrize("work", works("mistakes"))
def test_a_mistake_is_stopped_by_the_check_it_is_named_after(
    work: Work, sandbox: RunnerSandbox, datasets: Datasets
) -> None:
    assert problems([graded(work, sandbox=sandbox, datasets=datasets)]) == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_check_has_a_mistake_that_it_stops_and_points_are_a_hundred(stage: Stage) -> None:
    checks = load_checks(QUEST, stage)
    assert {check.name for check in checks} <= {work.stopped_by for work in overlays(QUEST, stage)}
    assert sum(check.points for check in checks) == 100


def test_the_quest_is_well_formed() -> None:
    assert [str(fault) for fault in inspect(FOLDER)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_brief_lists_every_check_with_its_points_and_has_all_of_its_numbers(
    stage: Stage, language: Language
) -> None:
    brief = (QUEST.stage_folder(stage) / f"brief.{language}.md").read_text(encoding="utf-8")
    assert "{{" not in with_numbers(brief, QUEST, language)
    catalogue = load_catalogue(QUEST, stage)
    rows = [line.split(" | ") for line in brief.splitlines() if line.startswith("| ")]
    points = {cells[2]: cells[0].removeprefix("| ") for cells in rows if len(cells) == 4}
    for check in load_checks(QUEST, stage):
        words = catalogue.texts(check.name)
        assert words is not None
        gate = {"en": "gate", "ru": "условие"}[language]
        assert points[words.title[language]] == (f"{check.points:g}" if check.points else gate)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
def test_a_lessons_example_runs(path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_of_the_fourth_hint_runs(stage: Stage, language: Language) -> None:
    hints = (QUEST.stage_folder(stage) / f"hints.{language}.md").read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", hints, re.M | re.S)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_examples_of_the_briefs_tables_are_those_that_are_checked() -> None:
    for stage in QUEST.stages:
        if stage.slug != "words":
            continue
        for language in LANGUAGES:
            brief = (QUEST.stage_folder(stage) / f"brief.{language}.md").read_text("utf-8")
            checks = (QUEST.stage_folder(stage) / "checks.py").read_text("utf-8")
            cells = re.findall(r"^\| \d+ \| `([^`]+)`", brief, re.M)
            assert len(cells) > 20
            assert all(cell in checks for cell in cells)
