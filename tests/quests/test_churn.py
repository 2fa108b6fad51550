"""The churn quest proves itself: every work before its checks, and every text a learner reads."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.datasets import Datasets, prepare
from graders.grading import grade
from graders.loading import inspect, load_checks, load_quest
from graders.messages import load_catalogue, render
from graders.quest import Language, Stage
from graders.results import CheckResult, Group, Kind, Outcome, Param, Phase, Severity, Verdict
from graders.works import BUG_KINDS, Work, bugs, overlays, reference, starter, variants
from graders.workshop import workbench
from graders.workshop.matrix import Row, problems
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from simulator.catalog.numbers import with_numbers
from tests.needs import need

FOLDER = Path(__file__).resolve().parents[2] / "quests" / "churn"
QUEST = load_quest(FOLDER)
LANGUAGES: tuple[Language, ...] = ("en", "ru")
STAGES = [pytest.param(stage, id=stage.slug) for stage in QUEST.stages]
SECRET = b"the secret of the churn quest's own tests"

OWN = [work for stage in QUEST.stages for work in (reference(QUEST, stage), starter(QUEST, stage))]
CHEATS = [work for work in overlays(QUEST) if work.kind == "cheats"]
# Each stage's mistakes are proven by `sim verify`; here, those of the stages that take a moment.
QUICK = ("why", "features", "baseline")
MISTAKES = [
    work for work in overlays(QUEST) if work.kind == "mistakes" and work.stage.slug in QUICK
]


def works(found: list[Work]) -> list[object]:
    return [pytest.param(work, id=f"{work.stage.slug}-{work.name}") for work in found]


# ------------------------------------------------------------------ every work before its checks
@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for runtime in ("python-ml", "python-service"):
        try:
            runtimes.find(runtime, home=folder)
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
@pytest.mark.parametrize("work", works(OWN))
def test_the_reference_has_merit_and_the_starter_next_to_nothing(
    work: Work, sandbox: RunnerSandbox, datasets: Datasets
) -> None:
    row = graded(work, sandbox=sandbox, datasets=datasets)
    assert problems([row]) == []
    assert row.verdict is not None
    if work.kind == "starter":
        assert row.verdict.score <= 5
        assert row.verdict.readiness == "not_ready"
    else:
        assert row.verdict.score == 100
        assert row.verdict.readiness == "production"


@pytest.mark.bubblewrap
@pytest.mark.parametrize("work", works(CHEATS))
def test_a_cheat_earns_nothing_and_carries_nothing_out(
    work: Work, sandbox: RunnerSandbox, datasets: Datasets
) -> None:
    row = graded(work, sandbox=sandbox, datasets=datasets)
    assert problems([row]) == []
    assert row.verdict is not None
    assert "CANARY" not in repr(row.verdict)


@pytest.mark.bubblewrap
@pytest.mark.slow
@pytest.mark.parametrize("work", works(MISTAKES))
def test_a_mistake_is_stopped_by_the_check_it_is_named_after(
    work: Work, sandbox: RunnerSandbox, datasets: Datasets
) -> None:
    assert problems([graded(work, sandbox=sandbox, datasets=datasets)]) == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_check_has_a_mistake_that_it_stops(stage: Stage) -> None:
    stopped = {work.stopped_by for work in overlays(QUEST, stage)}
    names = {check.name for check in load_checks(QUEST, stage)}
    assert names <= stopped


# ------------------------------------------------------------------ what a learner reads
def test_the_quest_is_well_formed() -> None:
    assert [str(fault) for fault in inspect(FOLDER)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_the_points_of_a_stage_are_a_hundred(stage: Stage) -> None:
    assert sum(check.points for check in load_checks(QUEST, stage)) == 100


def samples() -> Iterator[object]:
    for stage in QUEST.stages:
        for name, texts in load_catalogue(QUEST, stage).own.items():
            for reason in texts.reasons:
                yield pytest.param(stage, name, reason, id=f"{stage.slug}-{name}-{reason}")


@pytest.mark.parametrize(("stage", "name", "reason"), [*samples()])
def test_every_reason_reads_in_both_languages(stage: Stage, name: str, reason: str) -> None:
    texts = load_catalogue(QUEST, stage).own[name].reasons[reason]
    params: dict[str, Param] = {}
    for param, kind in texts.types.items():
        params[param] = kind.words[0] if kind.words else kind.clean(_sample(kind.kind))
    result = _failed(name, reason, params)
    for language in LANGUAGES:
        message = render(QUEST, stage, result, language)
        read = f"{message.title} {message.what} {message.why} {message.reproduce}"
        assert message.what
        assert not re.search(r"\{\w+(\|[^{}]*)?\}", read)
        if message.lesson:
            assert (FOLDER / "lessons" / f"{message.lesson}.{language}.md").is_file()


def _sample(kind: str) -> Param:
    return {"identifier": "nps", "identifiers": "nps", "path": "churn/data.py"}.get(kind, 2)


def _failed(name: str, reason: str, params: dict[str, Param]) -> CheckResult:
    return CheckResult(
        check=name,
        group=Group.METRICS,
        phase=Phase.PUBLIC,
        kind=Kind.EXACT,
        severity=Severity.MAJOR,
        outcome=Outcome.FAILED,
        points=0,
        max_points=10,
        reason=reason,
        params=params,
    )


def texts() -> list[Path]:
    return sorted(path for path in FOLDER.rglob("*.md") if re.search(r"\.(en|ru)\.md$", path.name))


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_every_text_has_its_other_language_and_all_of_its_numbers(path: Path) -> None:
    language: Language = "ru" if path.name.endswith(".ru.md") else "en"
    other = path.with_name(
        re.sub(r"\.(en|ru)\.md$", rf".{'en' if language == 'ru' else 'ru'}.md", path.name)
    )
    filled = with_numbers(path.read_text(encoding="utf-8"), QUEST, language)
    assert "{{" not in filled
    # The same parts in the same order, whatever they are called.
    assert _skeleton(filled) == _skeleton(
        with_numbers(other.read_text(encoding="utf-8"), QUEST, "en" if language == "ru" else "ru")
    )


def _skeleton(text: str) -> list[str]:
    return re.findall(r"^#+|^```\w*|^\|(?=-)", text, re.M)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_brief_lists_every_check_with_its_points(stage: Stage, language: Language) -> None:
    brief = (QUEST.stage_folder(stage) / f"brief.{language}.md").read_text(encoding="utf-8")
    catalogue = load_catalogue(QUEST, stage)
    listed = [line.split(" | ") for line in brief.splitlines() if line.startswith("| ")]
    points = {cells[2]: cells[0].removeprefix("| ") for cells in listed if len(cells) == 4}
    for check in load_checks(QUEST, stage):
        words = catalogue.texts(check.name)
        assert words is not None
        gate = {"en": "gate", "ru": "условие"}[language]
        assert points[words.title[language]] == (f"{check.points:g}" if check.points else gate)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_scene_is_short_and_hints_have_four_steps(stage: Stage, language: Language) -> None:
    folder = QUEST.stage_folder(stage)
    brief = (folder / f"brief.{language}.md").read_text(encoding="utf-8")
    scene = brief.split("\n## ")[0].removeprefix("## ")
    assert len(re.findall(r"\w[\w’'-]*", scene)) <= 130
    hints = (folder / f"hints.{language}.md").read_text(encoding="utf-8")
    assert [title[:2] for title in re.findall(r"^## (.*)", hints, re.M)] == [
        "H1",
        "H2",
        "H3",
        "H4",
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_brief_and_judge_agree_on_what_passes(stage: Stage) -> None:
    assert (
        with_numbers("{{ pass }} {{ merit }}", QUEST, "en") == f"{stage.pass_:g} {stage.merit:g}"
    )


LESSONS = sorted((FOLDER / "lessons").glob("*.md"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
def test_a_lesson_is_short_and_its_example_runs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert len(examples) == 1
    assert len(text.split()) <= 600
    questions = re.findall(r"^\d\. ", text.partition("\n### ")[2], re.M)
    assert len(questions) == 2
    done = subprocess.run(
        [sys.executable, "-c", examples[0]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_every_lesson_is_where_a_message_sends_its_reader() -> None:
    sent = {
        reason.learn.lesson
        for stage in QUEST.stages
        for words in load_catalogue(QUEST, stage).own.values()
        for reason in words.reasons.values()
        if reason.learn
    }
    assert sent == {path.name.split(".")[0] for path in LESSONS}


def test_the_notebook_prints_the_number_that_it_shows() -> None:
    """In the order of its counters; from top to bottom it prints another."""
    notebook = json.loads((FOLDER / "starter/notebooks/whom_it_changes.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shown = "".join(text for cell in cells for out in cell["outputs"] for text in out["text"])
    assert _printed(sorted(cells, key=lambda cell: int(cell["execution_count"]))) == shown
    assert _printed(cells) != shown
    curve = (FOLDER / "reference/tests/test_curve.py").read_text()
    assert f"NUMBER = {shown.removeprefix('area = ').strip()}" in curve


def _printed(cells: list[dict[str, Any]]) -> str:
    """What cells print, run one after the other in one memory."""
    code = "\n".join("".join(cell["source"]) for cell in cells)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_blind_runs_have_every_planted_bug_and_variant() -> None:
    stage = QUEST.stage("tests")
    found = bugs(QUEST, stage)
    assert [work.name.removeprefix("bugs/")[:3] for work in found] == [
        f"c{number:02}" for number in range(1, 15)
    ]
    assert {str(work.bug_kind) for work in found} == set(BUG_KINDS)
    assert len(variants(QUEST, stage)) == 3


def test_people_of_the_story_have_a_portrait_name_in_every_language() -> None:
    assert {person.slug for person in QUEST.people} == {"marina", "gleb", "dina", "lev"}
    for person in QUEST.people:
        assert set(person.name) == set(person.role) == {"en", "ru"}
        assert person.says
