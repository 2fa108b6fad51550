"""A receipt holds what a replay needs, nothing that is hidden, and refuses what does not fit."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from graders import receipts
from graders.basis import Basis, _tables_digest, data_digest
from graders.datasets import Datasets
from graders.loading import load_quest
from graders.quest import Quest
from graders.receipts import CannotReplay, Receipt
from graders.results import Event, Phase, Verdict
from graders.rooms import Rooms
from graders.workshop.printing import verdict_lines
from sandbox.interface import Limits, Made
from tests.fakes import MADE, FakeSandbox
from tests.graders.conftest import Grade
from tests.graders.small_quest import write_quest

WATCHED = replace(MADE, development_only=True)
HELD = replace(MADE, development_only=False)
WORK = {"app/model.py": "def add(a, b):\n    return a + b\n"}
BYTES = {path: body.encode() for path, body in WORK.items()}


SLOW = 0.02


def slow_add(a: int, b: int) -> int:
    time.sleep(SLOW)
    return a + b


def verdict_of(events: list[Event]) -> Verdict:
    last = events[-1]
    assert isinstance(last, Verdict)
    return last


def basis_in(verdict: Verdict) -> Basis:
    assert verdict.basis is not None
    return verdict.basis


@pytest.fixture
def verdict(graded: Grade) -> Verdict:
    return verdict_of(graded(WORK, sandbox=FakeSandbox(made=HELD)))


@pytest.fixture
def receipt(verdict: Verdict) -> Receipt:
    found = receipts.receipt_of(verdict)
    assert found is not None
    return found


def test_a_verdict_knows_the_rooms_that_it_comes_from(verdict: Verdict) -> None:
    assert basis_in(verdict).rooms == (HELD,)
    assert not verdict.development_only


def test_one_room_without_a_control_group_is_enough(verdict: Verdict, datasets: Datasets) -> None:
    sandbox = FakeSandbox(made=HELD)
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    rooms.shared({}, content="project", data=None)
    sandbox.made = WATCHED
    rooms.shared({}, content="project", data="later")
    rooms.close()
    assert tuple(rooms.made) == (HELD, WATCHED)
    assert replace(basis_in(verdict), rooms=tuple(rooms.made)).development_only


def test_the_terminal_says_so(graded: Grade, quest: Quest) -> None:
    watched = verdict_of(graded(WORK, sandbox=FakeSandbox(made=WATCHED)))
    held = verdict_of(graded(WORK, sandbox=FakeSandbox(made=HELD)))
    said = ["\n".join(verdict_lines(quest.stages[0], found)) for found in (watched, held)]
    assert ["development only" in text for text in said] == [True, False]


def test_the_phases_have_clocks_that_sum_up_to_the_whole(datasets: Datasets) -> None:
    sandbox = FakeSandbox(answers={"app.model:add": slow_add})
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=Limits(), datasets=datasets)
    for phase in (Phase.PUBLIC, Phase.HIDDEN):
        rooms.enter(phase)
        room = rooms.shared({}, content="project", data=None)
        rooms.step(partial(room.call, "app.model:add", 1, 2))
    rooms.close()
    phases = rooms.watch.phases()
    assert [entry.phase for entry in phases] == [Phase.PUBLIC, Phase.HIDDEN]
    assert all(entry.clocks.running >= SLOW for entry in phases)
    assert sum(e.clocks.running for e in phases) == pytest.approx(rooms.watch.running, abs=0.01)


def test_how_long_hidden_data_took_is_told_in_half_seconds(verdict: Verdict) -> None:
    assert [entry.phase for entry in verdict.phases] == [Phase.PUBLIC, Phase.HIDDEN]
    hidden = verdict.phases[-1].clocks
    for seconds in (hidden.starting, hidden.running, hidden.judging):
        assert (2 * seconds).is_integer()
    assert verdict.phases[0].clocks.judging > 0


def test_a_receipt_is_read_as_it_was_written(receipt: Receipt, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(receipts.write_receipt(receipt))
    assert receipts.read_receipt(path) == receipt


def test_a_receipt_names_no_hidden_dataset(receipt: Receipt, datasets: Datasets) -> None:
    text = receipts.write_receipt(receipt)
    assert datasets.public in text
    for name, key in datasets.hidden.items():
        assert key not in text
        assert f'"{name}"' not in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("[]", "is no receipt: the file"),
        ("{", "is no receipt: the file"),
        ('{"schema_version": "2"}', "is no receipt: schema_version"),
    ],
)
def test_what_is_no_receipt_is_refused(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CannotReplay, match=said):
        receipts.read_receipt(path)


def test_a_key_that_nobody_knows_is_refused(receipt: Receipt, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(json.loads(receipts.write_receipt(receipt)) | {"extra": 1}))
    with pytest.raises(CannotReplay, match="extra"):
        receipts.read_receipt(path)


def test_what_was_graded_fits(receipt: Receipt, datasets: Datasets, tmp_path: Path) -> None:
    again = load_quest(write_quest(tmp_path / "again"))
    receipts.fit_quest(receipt, again)
    receipts.fit_work(receipt, BYTES)
    receipts.fit_data(receipt, datasets)
    receipts.fit_rooms(receipt, HELD)


Fit = Callable[[Receipt, Quest, Datasets], None]
MISFITS: dict[str, tuple[Fit, str]] = {
    "another quest": (
        lambda receipt, quest, _: receipts.fit_quest(
            receipt, quest.model_copy(update={"slug": "large"})
        ),
        "of the quest small; this is large",
    ),
    "a changed quest": (
        lambda receipt, quest, _: receipts.fit_quest(
            receipt, quest.model_copy(update={"digest": "0" * 64})
        ),
        "the quest has changed",
    ),
    "another work": (
        lambda receipt, *_: receipts.fit_work(receipt, BYTES | {"app/b.py": b""}),
        "the work is another one",
    ),
    "other public data": (
        lambda receipt, _, data: receipts.fit_data(receipt, replace(data, public="small-2")),
        "the public data differ",
    ),
    "other hidden data": (
        lambda receipt, _, data: receipts.fit_data(receipt, replace(data, hidden={"later": "x"})),
        "the hidden data differ",
    ),
    "another runtime": (
        lambda receipt, *_: receipts.fit_rooms(receipt, replace(HELD, digest="another")),
        "the runtime differs",
    ),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_was_not_graded_is_refused_with_a_sentence(
    name: str, receipt: Receipt, quest: Quest, datasets: Datasets
) -> None:
    fit, said = MISFITS[name]
    with pytest.raises(CannotReplay, match=said):
        fit(receipt, quest, datasets)


def test_the_same_verdict_has_no_differences(receipt: Receipt, verdict: Verdict) -> None:
    assert receipts.differences(receipt, verdict) == []
    slower = replace(verdict, clocks=replace(verdict.clocks, running=99.0))
    assert receipts.differences(receipt, slower) == []


def test_another_verdict_is_told_check_by_check(receipt: Receipt, graded: Grade) -> None:
    wrong = {"app/model.py": "def add(a, b):\n    return a - b\n"}
    told = receipts.differences(receipt, verdict_of(graded(wrong)))
    assert any(line.startswith("score: 100.0 in the receipt, ") for line in told)
    assert any(line.startswith("is_right: passed ") and "failed 0/" in line for line in told)
    assert not any(line.startswith("is_there") for line in told)


def test_another_version_of_what_counts_is_a_remark(receipt: Receipt, verdict: Verdict) -> None:
    basis = basis_in(verdict)
    assert list(receipts.remarks(receipt, basis)) == []
    other = replace(basis, judge="0" * 64, versions={**basis.versions, "numpy": "0.1"})
    judge, numpy = receipts.remarks(receipt, other)
    assert "judge's code" in judge
    assert numpy.startswith("numpy was ")
    assert numpy.endswith("is 0.1")


def test_a_verdict_of_before_has_no_receipt(verdict: Verdict) -> None:
    old = replace(verdict, basis=None)
    assert receipts.receipt_of(old) is None
    assert not old.development_only


def test_made_is_what_the_rooms_said(receipt: Receipt) -> None:
    assert receipt.basis.rooms == (Made(**vars(HELD)),)


def test_a_receipt_says_what_the_data_and_the_rooms_are_made_of(
    receipt: Receipt, datasets: Datasets
) -> None:
    basis = receipt.basis
    digests = (basis.work, basis.quest_digest, basis.hidden_data, basis.data, basis.judge)
    assert all(len(digest) == 64 for digest in (*digests, basis.inside))
    assert {"simulator", "python", "machine", "numpy", "pyarrow"} <= set(basis.versions)
    assert basis.limits == Limits(wall_seconds=180, cpu_seconds=120)


@pytest.mark.parametrize("table", ["truth/small/sums", "warehouse/small-later/pairs"])
def test_other_labels_under_the_same_names_are_noticed(
    table: str, datasets: Datasets, tmp_path: Path
) -> None:
    before = data_digest(datasets)
    copy = tmp_path / "other"
    shutil.copytree(datasets.truth.parents[1], copy)
    moved = replace(
        datasets,
        public_folder=copy / "warehouse" / "small-public",
        truth=copy / "truth" / "small",
    )
    assert data_digest(moved) == before
    path = copy / f"{table}.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    _tables_digest.cache_clear()
    assert data_digest(moved) != before


def test_what_may_explain_another_verdict_is_named(receipt: Receipt) -> None:
    then = replace(receipt.basis, data="0" * 64, inside="1" * 64, judge="2" * 64)
    told = [*receipts.remarks(receipt.model_copy(update={"basis": then}), receipt.basis)]
    assert len(told) == 3
    older = replace(receipt.basis, data="", inside="")
    assert [*receipts.remarks(receipt.model_copy(update={"basis": older}), receipt.basis)] == []
