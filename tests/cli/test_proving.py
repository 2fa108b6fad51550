"""The author's commands end to end, in real rooms: run, verify, publish; their exit codes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import runtimes
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
Sim = Callable[..., "subprocess.CompletedProcess[str]"]
FAST = ("--shell", "bubblewrap")

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=folder)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    return folder


@pytest.fixture(scope="module")
def sim(home: Path) -> Sim:
    """Run the command as an author does."""

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "simulator.cli", *words, "--home", str(home)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def quest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quest fresh from the templates, of one stage: it proves itself as it is."""
    below = tmp_path_factory.mktemp("quests")
    command = [sys.executable, "-m", "simulator.cli", "new", "late-parcels", "--below", str(below)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return below / "late_parcels"


@pytest.fixture(scope="module")
def proven(sim: Sim, quest: Path) -> "subprocess.CompletedProcess[str]":
    return sim("verify", str(quest), *FAST)


def test_a_quest_from_the_templates_is_proven(
    proven: "subprocess.CompletedProcess[str]",
) -> None:
    assert proven.returncode == 0, proven.stdout + proven.stderr
    assert proven.stdout.splitlines()[-1] == "every work does what it must"
    assert re.search(r"^  mistakes/own_tests_catch +\d+ +✓", proven.stdout, re.MULTILINE)
    assert "reference (town 2)" in proven.stdout


def test_a_second_verification_opens_no_room(
    sim: Sim, quest: Path, proven: "subprocess.CompletedProcess[str]"
) -> None:
    again = sim("verify", str(quest), *FAST)
    assert again.returncode == 0
    assert " 0 of " in again.stdout
    assert "self-test" not in again.stderr  # no runner came up
    matrices = [
        text.partition("late-parcels: 17 works")[0] for text in (proven.stdout, again.stdout)
    ]
    assert matrices[0] == matrices[1]


@pytest.mark.parametrize(
    ("early", "said"),
    [
        ("return", "asks the work nothing"),  # seen without running anything
        (  # seen in rooms only
            "if work.files:\n        return",
            "! rule mistakes/farther_is_riskier: farther_is_riskier did not stop it: passed",
        ),
    ],
)
def test_a_check_that_returns_nothing_at_once_turns_it_red(
    early: str, said: str, sim: Sim, quest: Path
) -> None:
    path = quest / "stages/01_rule/checks.py"
    text = path.read_text()
    doc = '    """With one weight, more kilometres mean more risk"""\n'
    assert doc in text
    path.write_text(text.replace(doc, f"{doc}    {early}\n"))
    try:
        only = ("--only", "mistakes/farther_is_riskier", "--runs", "1", "--towns", "1")
        found = sim("verify", str(quest), *only, *FAST)
    finally:
        path.write_text(text)
    assert found.returncode == 1
    assert said in found.stdout


def test_a_lost_translation_turns_it_red_at_its_line(sim: Sim, quest: Path) -> None:
    path = quest / "stages/01_rule/messages.yaml"
    text = path.read_text()
    path.write_text(re.sub(r', ru: "[^"]*"', "", text, count=1))
    try:
        found = sim("verify", str(quest), *FAST)
    finally:
        path.write_text(text)
    assert found.returncode == 1
    assert re.search(r"messages\.yaml:\d+:\d+ \w+ .*ru", found.stdout)


def test_one_work_is_shown_as_a_learner_reads_it(sim: Sim, quest: Path) -> None:
    work = "mistakes/farther_is_riskier"
    told = sim("run", str(quest), work, "--json", "--language", "ru", "--scale", "tiny", *FAST)
    assert told.returncode == 0, told.stdout + told.stderr
    report = json.loads(told.stdout)
    found = {check["check"]: check for check in report["checks"]}
    assert found["farther_is_riskier"]["status"] == "failed"
    assert re.search("[а-я]{4}", found["farther_is_riskier"]["what"])
    assert report["focus"] == "farther_is_riskier"
    assert report["schema_version"] == "1"
    assert report["basis"]["data"]


def test_words_that_do_not_exist_are_refused_before_anything_runs(sim: Sim, quest: Path) -> None:
    for words in (
        ("run", str(quest), "--stage", "rulee"),
        ("verify", str(quest), "--scale", "tin"),
    ):
        told = sim(*words)
        assert told.returncode == 2
        assert "did you mean" in " ".join(told.stderr.replace("│", " ").split())


def test_what_is_proven_is_published_and_a_draft_is_not(
    sim: Sim, quest: Path, proven: "subprocess.CompletedProcess[str]"
) -> None:
    assert proven.returncode == 0
    told = sim("publish", str(quest))
    assert told.returncode == 1
    assert "not published: status is wip" in told.stdout
