"""What a check may use, and how a learner's endings reach it."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from graders.datasets import Datasets
from graders.failures import Ended, Fail, fail
from graders.quest import Quest
from graders.results import Location, Outcome, Phase
from graders.rooms import Rooms
from graders.tables import UnfitTable, to_frame
from graders.workspace import Workspace
from sandbox.interface import Finished, Limits, Returned, Stopped
from tests.fakes import FakeRoom, FakeSandbox

TRAIN = b"""\
import pathlib
pathlib.Path("../artifacts/model.txt").write_text("weights")
print("loss 0.4")
"""
SERVE = b"""\
import pathlib
def weights():
    return pathlib.Path("../artifacts/model.txt").read_text()
"""


def workspace(
    quest: Quest,
    datasets: Datasets,
    files: dict[str, bytes] | None = None,
    sandbox: FakeSandbox | None = None,
) -> Workspace:
    rooms = Rooms(
        sandbox=sandbox or FakeSandbox(),
        runtime="python-ml",
        limits=Limits(wall_seconds=20),
        datasets=datasets,
    )
    rooms.enter(Phase.PUBLIC)
    return Workspace(quest=quest, stage=quest.stages[0], files=files or {}, rooms=rooms)


def test_what_training_leaves_is_in_every_later_room(quest: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    work = workspace(quest, datasets, {"train.py": TRAIN, "serve.py": SERVE}, sandbox)
    with pytest.raises(Ended):
        work.call("serve:weights")
    finished = work.train("python", "train.py")
    assert finished.stdout == b"loss 0.4\n"
    assert work.call("serve:weights") == "weights"
    work.rooms.enter(Phase.HIDDEN)
    assert work.call("serve:weights", data="later") == "weights"
    assert work.artifact("model.txt") == b"weights"
    work.rooms.close()


def test_calls_of_one_phase_share_a_room_and_the_next_phase_has_a_fresh_one(
    quest: Quest, datasets: Datasets
) -> None:
    files = {"app.py": b"seen = []\ndef see(x):\n    seen.append(x)\n    return len(seen)\n"}
    work = workspace(quest, datasets, files)
    assert [work.call("app:see", n) for n in range(3)] == [1, 2, 3]
    work.rooms.enter(Phase.HIDDEN)
    assert work.call("app:see", 0) == 1
    work.rooms.close()


def test_the_quests_driver_stands_above_a_learners_file_of_its_name(
    quest: Quest, datasets: Datasets
) -> None:
    (quest.folder / "driver").mkdir()
    (quest.folder / "driver" / "model.py").write_text("def who():\n    return 'judge'\n")
    files = {"driver/model.py": b"def who():\n    return 'learner'\n", "driver/other.py": b""}
    work = workspace(quest, datasets, files)
    assert work.call("driver.model:who") == "judge"
    with pytest.raises(Ended):
        work.call("driver.other:who")
    work.rooms.close()


def test_frames_cross_as_tables_in_both_directions(quest: Quest, datasets: Datasets) -> None:
    sent: list[object] = []

    def score(table: object) -> pa.Table:
        sent.append(table)
        return pa.table({"user_id": [1, 2], "p": pa.array([0.1, 0.2], pa.float32())})

    sandbox = FakeSandbox(answers={"app:score": score})
    work = workspace(quest, datasets, {}, sandbox)
    answer = work.call("app:score", pd.DataFrame({"user_id": [1, 2]}, index=[7, 8]))
    assert isinstance(answer, pd.DataFrame)
    assert answer["p"].tolist() == pytest.approx([0.1, 0.2])
    assert isinstance(sent[0], pa.Table)
    assert sent[0].column_names == ["user_id"]
    work.rooms.close()


def test_an_object_cannot_be_sent_into_a_room(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets, {"app.py": b"def f(x):\n    return x\n"})
    with pytest.raises(TypeError, match="cannot cross"):
        work.call("app:f", Path())
    work.rooms.close()


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        (pa.table({"a": [[1], [2]]}), "column_not_plain"),
        (pa.table({"a": [{"b": 1}]}), "column_not_plain"),
        (pa.table({"a": [b"\xff"]}), "text_not_utf8"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), "column_named_twice"),
        (pa.table({str(n): [1] for n in range(600)}), "table_too_large"),
    ],
)
def test_a_table_that_is_not_plain_is_refused(table: pa.Table, rule: str) -> None:
    with pytest.raises(UnfitTable, match=rule):
        to_frame(table)


def test_a_tables_own_word_on_how_to_read_it_is_not_taken() -> None:
    table = pa.Table.from_pandas(pd.DataFrame({"a": [1]}, index=pd.Index([5], name="i")))
    assert list(to_frame(table).columns) == ["a", "i"]


@pytest.mark.parametrize(
    ("returned", "outcome", "reason"),
    [
        (Returned(stopped=Stopped.WALL), Outcome.TIMEOUT, "wall_seconds"),
        (Returned(stopped=Stopped.CPU), Outcome.TIMEOUT, "cpu_seconds"),
        (Returned(stopped=Stopped.MEMORY), Outcome.LIMIT, "memory_mb"),
        (Returned(stopped=Stopped.PROCESSES), Outcome.LIMIT, "processes"),
        (Returned(stopped=Stopped.DISK), Outcome.LIMIT, "scratch_mb"),
        (Returned(stopped=Stopped.FILES), Outcome.LIMIT, "scratch_files"),
        (Returned(stopped=Stopped.OUTPUT), Outcome.LIMIT, "output_kb"),
        (Returned(crashed="SIGSEGV"), Outcome.ERROR, "crashed"),
        (Returned(rejected="not plain data"), Outcome.ERROR, "rejected"),
    ],
)
def test_every_end_of_a_call_has_its_outcome_and_reason(
    quest: Quest, datasets: Datasets, returned: Returned, outcome: Outcome, reason: str
) -> None:
    work = workspace(quest, datasets, {}, FakeSandbox(answers={"app:f": lambda: returned}))
    with pytest.raises(Ended) as ended:
        work.call("app:f")
    assert (ended.value.outcome, ended.value.reason) == (outcome, reason)
    work.rooms.close()


def test_a_name_that_is_not_there_is_told_as_such(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets, {"app.py": b"x = 1\n"})
    with pytest.raises(Ended) as ended:
        work.call("app:predict")
    assert ended.value.reason == "not_found"
    work.rooms.close()


def test_a_command_that_fails_is_an_error_with_its_last_lines(
    quest: Quest, datasets: Datasets
) -> None:
    files = {"bad.py": b"import sys\nprint('no data', file=sys.stderr)\nsys.exit(3)\n"}
    work = workspace(quest, datasets, files)
    with pytest.raises(Ended) as ended:
        work.run("python", "bad.py")
    assert ended.value.params == {"command": "bad.py", "exit_code": 3}
    assert "no data" in ended.value.output
    assert work.run("python", "bad.py", may_fail=True).exit_code == 3
    work.rooms.close()


def test_a_command_killed_by_a_signal_has_crashed(quest: Quest, datasets: Datasets) -> None:
    def die(room: FakeRoom) -> Finished:
        return Finished(exit_code=None, signal=11)

    work = workspace(quest, datasets, {}, FakeSandbox(commands={"app": die}))
    with pytest.raises(Ended) as ended:
        work.run("app")
    assert ended.value.params == {"target": "app", "ending": "signal-11"}
    work.rooms.close()


def test_a_step_may_have_a_limit_of_its_own(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets, {"slow.py": b"import time\ntime.sleep(30)\n"})
    with pytest.raises(Ended) as ended:
        work.run("python", "slow.py", seconds=0.3)
    assert ended.value.params == {"target": "slow.py", "limit": 0.3}
    work.rooms.close()


def test_numbers_are_found_by_their_dotted_key(quest: Quest, datasets: Datasets) -> None:
    (quest.folder / "exact.json").write_text('{"gain": {"basic": {"value": 1.5, "how": "hand"}}}')
    (quest.folder / "calibration.json").write_text('{"noise.auc": 0.01, "rows": 7}')
    work = workspace(quest, datasets)
    assert [work.number(key) for key in ("gain.basic", "noise.auc", "rows")] == [1.5, 0.01, 7]
    with pytest.raises(KeyError):
        work.number("gain")
    assert work.gate("roc_auc").pass_ == 0.7


def test_tables_of_the_judge(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets)
    assert work.truth("sums")["total"].tolist() == [4, 6]
    assert "total" not in work.hidden("pairs", data="later").columns
    assert len(work.table("sums")) == 2


def test_a_file_that_is_not_text_is_the_learners_failure(quest: Quest, datasets: Datasets) -> None:
    work = workspace(quest, datasets, {"a.py": b"\xff"})
    with pytest.raises(Fail, match="file_not_text"):
        work.text("a.py")


def test_a_failure_takes_numpy_numbers_and_a_place() -> None:
    frame = pd.DataFrame({"a": [1.5]})
    with pytest.raises(Fail) as failure:
        fail("differs", at="app/model.py:12", found=frame["a"].max())
    assert failure.value.locations == (Location(path="app/model.py", line=12),)
    assert type(failure.value.params["found"]) is float


def test_the_clocks_tell_starting_running_and_judging_apart(
    quest: Quest, datasets: Datasets
) -> None:
    work = workspace(quest, datasets, {"a.py": b"import time\ntime.sleep(0.2)\n"})
    work.run("python", "a.py")
    clocks = work.rooms.watch.clocks()
    assert clocks.running >= 0.2
    assert clocks.starting >= 0
    assert clocks.judging >= 0
    work.rooms.close()
