"""The judge with real rooms: the author's command, and what only a real room can show."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from graders import __main__ as command
from graders import production
from graders.datasets import Datasets, prepare
from graders.failures import Ended, Fail
from graders.intake import parse_in_room
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.workshop import workbench
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.graders.small_quest import CHECKS, QUEST_YAML, write_quest
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

DATA = """\
import pyarrow as pa

from graders.data import Hidden

PUBLIC_SEED = 1


def _pairs(columns):
    return [pa.record_batch(columns, names=list("ab"))]


def generate(seed, scale):
    return {"pairs": _pairs([pa.array([1, 2], pa.uint32()), pa.array([3, 4], pa.uint32())])}


def hidden(key, scale):
    pairs = _pairs([pa.array([5, 6], pa.uint32()), pa.array([7, 8], pa.uint32())])
    sums = pa.record_batch([[5, 6], [7, 8], [12, 14]], names=["a", "b", "total"])
    return Hidden(datasets={"later": {"pairs": pairs}}, truth={"sums": [sums]})
"""
TABLES = """\
tables:
  pairs:
    meaning: {en: Pairs, ru: Пары}
    order_by: [a]
    columns:
      a: {type: UInt32, meaning: {en: One, ru: Одно}}
      b: {type: UInt32, meaning: {en: Other, ru: Другое}}
"""
WORKS = {
    "data.py": DATA,
    "starter/app/__init__.py": "",
    "starter/app/model.py": "def add(a, b):\n    raise NotImplementedError\n",
    "reference/app/model.py": "def add(a, b):\n    return a + b\n",
    "mistakes/is_right/work.yaml": "stage: model\nwhy: a sign\n",
    "mistakes/is_right/app/model.py": "def add(a, b):\n    return a - b\n",
    "cheats/remembers/work.yaml": "stage: model\nwhy: remembers what it saw\n",
    "cheats/remembers/app/model.py": (
        "import glob\n\n\ndef add(a, b):\n    return len(glob.glob('/truth/**/*')) or -1\n"
    ),
}
LIMITS = Limits(cpu_seconds=10, wall_seconds=20, memory_mb=1024, processes=32, scratch_mb=64)


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Quest:
    """A quest with data and works of its own."""
    quest = QUEST_YAML.replace("tables: {}\n", TABLES)
    checks = CHECKS.replace("points=10", "points=5").replace("points=30", "points=35")
    folder = write_quest(tmp_path_factory.mktemp("quests"), quest=quest, checks=checks)
    for path, body in WORKS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
    return load_quest(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for data; the runtime is the one that this machine has built."""
    folder = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=folder)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    return folder


@pytest.fixture(scope="module")
def sandbox(home: Path) -> Iterator[RunnerSandbox]:
    with workbench.runner(home, kind="bubblewrap") as socket:
        yield RunnerSandbox(socket)


def workspace(
    quest: Quest, datasets: Datasets, sandbox: RunnerSandbox, files: dict[str, str]
) -> Workspace:
    rooms = Rooms(sandbox=sandbox, runtime="python-ml", limits=LIMITS, datasets=datasets)
    rooms.enter(Phase.PUBLIC)
    sent = {path: body.encode() for path, body in files.items()}
    return Workspace(quest=quest, stage=quest.stages[0], files=sent, rooms=rooms)


@pytest.fixture(scope="module")
def made(proven: Quest, home: Path) -> Datasets:
    return prepare(proven, scale="tiny", secret=os.urandom(32), home=home)


def test_a_quest_proves_itself_in_real_rooms(
    proven: Quest, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(proven.folder), "--matrix", "--home", str(home), "--shell", "bubblewrap"]
    assert command.main(words) == 0
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line.split()}
    assert rows["reference"] == ["100", "✓", "✓", "✓"]
    assert rows["starter"] == ["5", "✓", "✗", "·"]
    assert rows["mistakes/is_right"] == ["5", "✓", "✗", "·"]
    assert rows["cheats/remembers"] == ["5", "✓", "✗", "·"]


def test_a_starter_alone_is_printed_in_the_authors_language(
    proven: Quest, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(proven.folder), "--work", "starter", "--language", "ru"]
    assert command.main([*words, "--home", str(home), "--shell", "bubblewrap"]) == 0
    printed = capsys.readouterr().out
    assert "`app.model:add` завершилась с `NotImplementedError`" in printed
    assert "app/model.py:2" in printed


def test_a_quest_that_is_not_well_formed_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_quest(tmp_path, quest=QUEST_YAML.replace("kind: code", "kind: cod"))
    assert command.main([str(folder), "--home", str(tmp_path / "home")]) == 2
    assert 'did you mean "code"?' in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"x = 1\n", None),
        (b"def f(:\n", "syntax_error"),
        (b"x = '\0'", "syntax_error"),
        (b"(" * 100_000, "syntax_error"),
        (b"-" * 200_000 + b"1", "syntax_error"),
        (b"x = '\xff'", "not_text"),
    ],
)
def test_a_strangers_text_is_parsed_in_a_room(
    sandbox: RunnerSandbox, body: bytes, code: str | None
) -> None:
    problem = parse_in_room({"a.py": body}, sandbox=sandbox, runtime="python-ml")
    assert (problem.code if problem else None) == code


def test_a_query_is_answered_and_counted_by_the_engine(
    proven: Quest, made: Datasets, sandbox: RunnerSandbox
) -> None:
    files = {
        "sql/sums.sql": "SELECT a, a + b AS total FROM pairs WHERE a >= {least:UInt32} ORDER BY a",
        "simkit/__init__.py": "raise RuntimeError('the project answers')",
        "simkit/_judge.py": "def run_sql(*args):\n    return None\n",
    }
    work = workspace(proven, made, sandbox, files)
    public = work.sql("sql/sums.sql", {"least": 2})
    hidden = work.sql("sql/sums.sql", {"least": 1}, data="later")
    assert public.frame["total"].tolist() == [6]
    assert hidden.frame["total"].tolist() == [12, 14]
    assert public.rows_read >= 1
    work.rooms.close()


def test_a_query_that_the_engine_refuses_is_told_with_its_words(
    proven: Quest, made: Datasets, sandbox: RunnerSandbox
) -> None:
    work = workspace(proven, made, sandbox, {"sql/a.sql": "SELECT nothing_like_it FROM pairs"})
    with pytest.raises(Ended) as ended:
        work.sql("sql/a.sql")
    assert ended.value.reason == "query_failed"
    assert "nothing_like_it" in ended.value.output
    work.rooms.close()


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        ("while True:\n        pass", Outcome.TIMEOUT, "wall_seconds"),
        ("import os\n    os._exit(3)", Outcome.ERROR, "crashed"),
        ("import os\n    os.kill(os.getpid(), 11)", Outcome.ERROR, "crashed"),
        ("return object()", Outcome.ERROR, "rejected"),
        ("return [0] * 3_000_000_000", Outcome.LIMIT, "memory_mb"),
        ("raise KeyError('x')", Outcome.ERROR, "raised"),
    ],
)
def test_every_end_of_real_code_has_its_outcome(
    proven: Quest,
    made: Datasets,
    sandbox: RunnerSandbox,
    body: str,
    outcome: Outcome,
    reason: str,
) -> None:
    work = workspace(proven, made, sandbox, {"app.py": f"def f():\n    {body}\n"})
    # Only the endless loop may end by the clock: a loaded machine takes seconds over a gigabyte.
    seconds = 2 if reason == "wall_seconds" else LIMITS.wall_seconds
    with closing(work.rooms), pytest.raises(Ended) as ended:
        work.call("app:f", seconds=seconds)
    assert (ended.value.outcome, ended.value.reason) == (outcome, reason)


def test_what_training_left_is_served_from_a_fresh_room(
    proven: Quest, made: Datasets, sandbox: RunnerSandbox
) -> None:
    files = {
        "train.py": (
            "import simkit\n\n(simkit.artifacts() / 'w.txt').write_text(str(simkit.seed()))\n"
        ),
        "serve.py": (
            "import simkit\n\n\ndef w():\n    return (simkit.artifacts() / 'w.txt').read_text()\n"
        ),
    }
    work = workspace(proven, made, sandbox, files)
    work.train("python", "train.py")
    assert work.artifact("w.txt") == b"0"
    assert work.call("serve:w") == "0"
    work.rooms.enter(Phase.HIDDEN)
    assert work.call("serve:w", data="later") == "0"
    work.rooms.close()


def test_ruff_and_the_static_tool_work_in_a_room(
    proven: Quest, made: Datasets, sandbox: RunnerSandbox
) -> None:
    files = {"app/__init__.py": "", "app/a.py": "import os\nprint( 1 )\n"}
    work = workspace(proven, made, sandbox, files)
    reasons = {}
    for check in (
        production.lint(points=1),
        production.formatted(points=1),
        production.logs(points=1),
    ):
        with pytest.raises(Fail) as failure:
            check(work)
        place = failure.value.locations[0]
        reasons[failure.value.reason] = (place.path, place.line)
    assert reasons == {
        "findings": ("app/a.py", 1),
        "not_formatted": ("app/a.py", None),
        "prints": ("app/a.py", 2),
    }
    work.rooms.close()
