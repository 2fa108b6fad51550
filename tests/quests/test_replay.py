"""A grading of the churn quest, repeated from its receipt in real rooms."""

import os
from pathlib import Path

import pytest

from graders import __main__ as command
from graders.datasets import prepare
from graders.grading import grade
from graders.loading import load_quest
from graders.receipts import Receipt, read_receipt, receipt_of, write_receipt
from graders.results import Verdict
from graders.works import overlay, reference
from graders.workshop import workbench
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from tests.needs import need

QUEST = load_quest(Path(__file__).resolve().parents[2] / "quests" / "churn")
STAGE = QUEST.stage("baseline")
SEED = int(QUEST.digest[:7], 16)  # not the command's own

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "secret").write_bytes(os.urandom(32))
    try:
        runtimes.find("python-ml", home=folder)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    return folder


@pytest.fixture(scope="module")
def receipt(home: Path) -> Path:
    """What a site would have kept of the reference."""
    secret = (home / "secret").read_bytes()
    datasets = prepare(QUEST, scale="tiny", secret=secret, home=home)
    files = reference(QUEST, STAGE).files
    with workbench.runner(home, kind="bubblewrap") as socket:
        sandbox = RunnerSandbox(socket)
        events = grade(QUEST, STAGE, files, sandbox=sandbox, datasets=datasets, seed=SEED)
        verdict = [*events][-1]
    assert isinstance(verdict, Verdict)
    kept = receipt_of(verdict)
    assert kept is not None
    path = home / "receipt.json"
    path.write_text(write_receipt(kept))
    return path


def replay(home: Path, receipt: Path, *words: str) -> int:
    given = [str(QUEST.folder), "--home", str(home), "--shell", "bubblewrap"]
    return command.main([*given, "--receipt", str(receipt), *words])


def changed(receipt: Path, tmp_path: Path, **basis: object) -> Path:
    """The receipt with other facts."""
    kept = read_receipt(receipt)
    facts = kept.model_dump(mode="json")
    facts["basis"] |= basis
    path = tmp_path / "changed.json"
    path.write_text(write_receipt(Receipt.model_validate(facts)))
    return path


def test_a_replay_gives_the_same_verdict(
    home: Path, receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = read_receipt(receipt)
    assert (kept.basis.scale, kept.basis.seed, kept.basis.stage) == ("tiny", SEED, "baseline")
    assert kept.verdict.passed
    assert replay(home, receipt) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "the same verdict"


def test_a_receipt_that_claims_another_verdict_is_found_out(
    home: Path, receipt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = read_receipt(receipt)
    better = kept.verdict.model_copy(update={"score": kept.verdict.score - 1})
    path = tmp_path / "claimed.json"
    path.write_text(write_receipt(kept.model_copy(update={"verdict": better})))
    assert replay(home, path) == 1
    assert "! score: " in capsys.readouterr().out


def test_another_work_is_not_graded(
    home: Path, receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = overlay(QUEST, QUEST.folder / "mistakes" / "rule_earns")
    assert other.stage.slug == "baseline"
    assert replay(home, receipt, "--work", other.name) == 2
    assert "the work is another one" in capsys.readouterr().out


def test_another_runtime_or_quest_is_refused(
    home: Path, receipt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = read_receipt(receipt)
    rooms = [{**vars(made), "digest": "another"} for made in kept.basis.rooms]
    assert replay(home, changed(receipt, tmp_path, rooms=rooms)) == 2
    assert "the runtime differs" in capsys.readouterr().out
    assert replay(home, changed(receipt, tmp_path, quest_digest="0" * 64)) == 2
    assert "the quest has changed" in capsys.readouterr().out


def test_another_installations_hidden_data_are_refused(
    home: Path, receipt: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIM_SECRET", os.urandom(32).hex())
    assert replay(home, receipt) == 2
    assert "the hidden data differ" in capsys.readouterr().out
