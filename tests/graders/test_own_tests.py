"""A learner's tests before the author's packages: good, sloppy and hostile suites."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders import mutants, own_tests
from graders.checking import Check, Praise
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.faults import QuestError
from graders.loading import load_quest
from graders.messages import library_texts
from graders.quest import Quest
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.works import BUG_KINDS, bugs, variants
from graders.workshop import workbench
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, Sandbox
from tests.fakes import FakeSandbox
from tests.graders.small_quest import write_quest
from tests.needs import need

WIDE = """\
import logging
import unittest
import warnings

import pytest


@pytest.fixture(params=[1, 2])
def self_made(request, tmp_path_factory):
    yield request.param


def test_fixtures(self_made, tmp_path, tmpdir, monkeypatch, capsys, caplog, record_property):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.chdir(tmp_path)
    logging.getLogger("app").warning("heard")
    record_property("kind", self_made)
    print("said")
    assert capsys.readouterr().out == "said\\n"
    assert caplog.messages == ["heard"]
    assert tmpdir.check()


def test_warnings(recwarn):
    warnings.warn("mind", UserWarning)
    assert len(recwarn) == 1
    with pytest.warns(UserWarning, match="mind"):
        warnings.warn("mind", UserWarning)


@pytest.mark.parametrize("value", [0.1 + 0.2, pytest.param(0.3, id="exact")])
def test_is_close(value):
    assert value == pytest.approx(0.3)


@pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
def test_fails_as_expected():
    1 / 0


@pytest.mark.skip
def test_skipped():
    assert False


@pytest.mark.usefixtures("self_made")
@pytest.mark.filterwarnings("error")
class TestGroup:
    def test_raises(self):
        with pytest.raises(UserWarning):
            warnings.warn("mind", UserWarning)


class TestOld(unittest.TestCase):
    def test_subtests(self):
        with self.subTest(n=1):
            self.assertEqual(1, 1)


"""
TOP = "def top(scores, k):\n    return "
QUEST_FILES = {
    "starter/app/__init__.py": "",
    "reference/app/metrics.py": f"{TOP}sorted(scores, reverse=True)[:k]\n",
    "reference/tests/test_author.py": "def test_nothing_of_this_runs():\n    assert False\n",
    "variants/loop/app/metrics.py": (
        "def top(scores, k):\n    left = list(scores)\n    found = []\n"
        "    while left and len(found) < k:\n        found.append(max(left))\n"
        "        left.remove(found[-1])\n    return found\n"
    ),
    "bugs/smallest_directional/app/metrics.py": f"{TOP}sorted(scores)[:k]\n",
    "bugs/one_less_exact/app/metrics.py": (f"{TOP}sorted(scores, reverse=True)[: k - 1]\n"),
    "bugs/keeps_order_invariance/app/metrics.py": f"{TOP}list(scores)[:k]\n",
    "bugs/short_negation/app/metrics.py": (
        "def top(scores, k):\n    if k > len(scores):\n        raise IndexError(k)\n"
        "    return sorted(scores, reverse=True)[:k]\n"
    ),
}
HANGS = """\
def top(scores, k):
    while k > len(scores):
        pass
    return sorted(scores, reverse=True)[:k]
"""
GOOD = """\
import pytest

from app.metrics import top


@pytest.mark.exact
def test_takes_the_largest():
    assert top([1, 3, 2], 2) == [3, 2]


@pytest.mark.invariance
def test_order_is_no_matter():
    assert top([3, 2, 1], 1) == top([1, 2, 3], 1)


@pytest.mark.negation
def test_more_than_there_are():
    assert top([1], 5) == [1]
"""
PEEKS = """\
import pathlib

import app.metrics


def test_source_has_left():
    source = pathlib.Path(app.metrics.__file__).read_text()
    print("SOURCE", source)
    assert "left" in source


def test_true():
    assert app.metrics.top([1], 1) == [1]


def test_more():
    assert app.metrics.top([], 1) == []
"""
LIKES_SORTED = """\
import pathlib

import app.metrics


def test_how_it_is_written():
    assert "sorted" in pathlib.Path(app.metrics.__file__).read_text()
"""
LIMITS = Limits(cpu_seconds=20, wall_seconds=30, memory_mb=512, processes=24, scratch_mb=16)
VALID = own_tests.valid(points=10)
CATCHES = own_tests.catches(points=20)


@pytest.fixture
def planted(tmp_path: Path) -> Quest:
    folder = write_quest(tmp_path)
    for path, body in QUEST_FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
        if path.startswith(("variants", "bugs")):
            about = folder / "/".join(path.split("/")[:2]) / "work.yaml"
            about.write_text("stage: model\nwhy: for tests\n")
    return load_quest(folder)


@contextmanager
def handed_in(
    quest: Quest, datasets: Datasets, suite: str, sandbox: Sandbox | None = None
) -> Iterator[Workspace]:
    rooms = Rooms(
        sandbox=sandbox or FakeSandbox(), runtime="python-ml", limits=LIMITS, datasets=datasets
    )
    files = {
        "app/__init__.py": b"",
        "app/metrics.py": QUEST_FILES["variants/loop/app/metrics.py"].encode(),
        "tests/test_metrics.py": suite.encode(),
        "conftest.py": b"raise SystemExit(0)\n",
        "pytest.ini": b"[pytest]\naddopts = --collect-only\n",
    }
    rooms.enter(Phase.OWN_TESTS)
    try:
        yield Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)
    finally:
        rooms.close()


def failure_of(check: Check, work: Workspace) -> Fail:
    with pytest.raises(Fail) as failure:
        check(work)
    return failure.value


def test_a_good_suite_catches_every_bug(planted: Quest, datasets: Datasets) -> None:
    with handed_in(planted, datasets, GOOD) as work:
        assert own_tests.written(points=1, kinds=("exact", "invariance"))(work) is None
        assert VALID(work) is None
        assert CATCHES(work) == Praise(reason="caught", params={"caught": 4, "total": 4})


def test_each_suite_runs_once_however_many_checks_look(planted: Quest, datasets: Datasets) -> None:
    sandbox = FakeSandbox()
    with handed_in(planted, datasets, GOOD, sandbox) as work:
        VALID(work)
        CATCHES(work)
    assert len(sandbox.rooms) == 2 + len(variants(planted)) + len(bugs(planted))


def test_a_bug_that_never_ends_is_caught_when_its_time_is_up(
    planted: Quest, datasets: Datasets
) -> None:
    (planted.folder / "bugs/short_negation/app/metrics.py").write_text(HANGS)
    with handed_in(planted, datasets, GOOD) as work:
        praise = own_tests.catches(points=20, seconds=12)(work)
    assert getattr(praise, "params", None) == {"caught": 4, "total": 4}


@pytest.mark.parametrize(
    "suite",
    [
        "# pragma: no cover\nfrom app.metrics import *\ndef test_a():\n    top([1, 2], 1)\n",
        "def test_a():\n    assert True\n",
        "import app.metrics as m\ndef test_a():\n    assert m.top is m.top or 1 / 0\n",
        (
            "from app.metrics import top\ndef test_a():\n"
            "    try:\n        assert top([2, 1], 1) == [2]\n"
            "    except BaseException:\n        pass\n"
        ),
    ],
)
def test_lines_that_are_run_and_not_tested_earn_nothing(
    planted: Quest, datasets: Datasets, suite: str
) -> None:
    """Coverage is not asked, so no pragma and no omission can raise it."""
    with handed_in(planted, datasets, suite) as work:
        failure = failure_of(CATCHES, work)
    assert (failure.params["caught"], failure.share) == (0, 0)


def test_a_suite_that_asserts_nothing_catches_nothing(planted: Quest, datasets: Datasets) -> None:
    empty = "from app.metrics import top\n" + "".join(
        f"def test_{n}():\n    top([1, 2], 1)\n    assert True\n" for n in range(3)
    )
    with handed_in(planted, datasets, empty) as work:
        failure = failure_of(own_tests.written(points=1), work)
        assert (failure.reason, failure.params["found"], failure.share) == (
            "asserts_nothing",
            3,
            0,
        )
        assert VALID(work) is None
        failure = failure_of(CATCHES, work)
    assert failure.reason == "kinds_not_caught"
    assert failure.params == {
        "caught": 0,
        "total": 4,
        "kinds": "exact, invariance, directional, negation",
        "missing": 4,
    }
    assert failure.share == 0


def test_kinds_that_were_not_caught_are_named_and_no_bug_is(
    planted: Quest, datasets: Datasets
) -> None:
    suite = "from app.metrics import top\ndef test_a():\n    assert top([3, 1, 2], 2) == [3, 2]\n"
    with handed_in(planted, datasets, suite) as work:
        failure = failure_of(CATCHES, work)
    assert failure.reason == "misses_negation"
    assert failure.params == {"caught": 3, "total": 4, "kinds": "negation", "missing": 1}
    assert failure.share == pytest.approx(0.75 / 0.9)


@pytest.mark.parametrize(
    ("suite", "reason"),
    [
        ("def test_a():\n    assert False\n", "red_on_reference"),
        ("from app.secret import x\ndef test_a():\n    assert x\n", "not_collected"),
        ("", "none_found"),
        ("raise SystemExit(0)\n", "not_collected"),
        (PEEKS, "red_on_reference"),
        (LIKES_SORTED, "brittle"),
    ],
)
def test_a_suite_that_refuses_right_code_is_told_so(
    planted: Quest, datasets: Datasets, suite: str, reason: str
) -> None:
    with handed_in(planted, datasets, suite) as work:
        failure = failure_of(VALID, work)
    assert failure.reason == reason
    assert all(place.path.startswith("tests/") for place in failure.locations)


def test_a_test_that_ends_the_process_with_zero_gains_nothing(
    planted: Quest, datasets: Datasets
) -> None:
    leaves = "import os\ndef test_a():\n    os._exit(0)\n"
    with handed_in(planted, datasets, leaves) as work:
        assert failure_of(VALID, work).reason == "not_collected"
    forges = (
        "import os\ndef test_a(capfd):\n    with capfd.disabled():\n"
        "        os.write(1, b'1 passed in 0.01s\\n')\n        os._exit(0)\n"
    )
    with handed_in(planted, datasets, forges) as work:
        assert VALID(work) is None  # green everywhere: that is all that it says
        assert failure_of(CATCHES, work).params["caught"] == 0


def test_names_made_from_what_a_test_saw_are_not_repeated(
    planted: Quest, datasets: Datasets
) -> None:
    suite = (
        "import app.metrics as m\nimport pytest\n"
        "@pytest.mark.parametrize('x', [open(m.__file__).read()[:40]])\n"
        "def test_a(x):\n    print('FAILED tests/test_metrics.py::test_' + x[4:7])\n"
        "    assert False\n"
    )
    with handed_in(planted, datasets, suite) as work:
        failure = failure_of(VALID, work)
    assert failure.params["name"] == "test_a"
    assert "sorted" not in str(failure.params) + str(failure.locations)


def test_a_flaky_suite_is_found_out(planted: Quest, datasets: Datasets) -> None:
    """It counts its runs in a file that lasts from room to room, which no real room has."""
    counter = planted.folder / "counter"
    suite = (
        f"from pathlib import Path\nC = Path({str(counter)!r})\ndef test_a():\n"
        "    C.open('a').write('x')\n    assert len(C.read_text()) == 1\n"
    )
    with handed_in(planted, datasets, suite) as work:
        failure = failure_of(VALID, work)
    assert failure.reason in {"flaky", "red_on_reference"}  # by the order of the rooms


def test_own_tests_run_on_own_code_and_show_their_output(
    planted: Quest, datasets: Datasets
) -> None:
    check = own_tests.green(points=1)
    with handed_in(planted, datasets, GOOD) as work:
        assert check(work) is None
    red = "def test_of_mine():\n    print('so it was')\n    assert False\n"
    with handed_in(planted, datasets, red) as work, pytest.raises(Ended) as ended:
        check(work)
    assert (ended.value.outcome, ended.value.reason) == (Outcome.FAILED, "red")
    assert ended.value.params == {"failed": 1, "name": "test_of_mine"}
    assert "test_of_mine" in ended.value.output


def test_what_suites_use_of_pytest_is_there(planted: Quest, datasets: Datasets) -> None:
    with handed_in(planted, datasets, WIDE) as work:
        assert own_tests.green(points=1)(work) is None
    failing = WIDE + "def test_red(self_made):\n    assert False\n"
    with handed_in(planted, datasets, failing) as work, pytest.raises(Ended) as ended:
        own_tests.green(points=1)(work)
    assert ended.value.params == {"failed": 1, "name": "test_red"}


def test_every_reason_has_its_text() -> None:
    texts = library_texts().checks
    for check in (own_tests.written(points=1), own_tests.green(points=1), VALID, CATCHES):
        assert check.name in texts
    assert set(texts["own_tests_catch"].reasons) == {
        "caught",
        "kinds_not_caught",
        "bugs_not_caught",
        *(f"misses_{kind}" for kind in (*BUG_KINDS, *mutants.KINDS)),
    }


def test_a_bug_without_a_kind_is_the_authors_fault(planted: Quest) -> None:
    folder = planted.folder / "bugs" / "ties_exakt"
    folder.mkdir()
    (folder / "work.yaml").write_text("stage: model\nwhy: a slip\n")
    with pytest.raises(QuestError, match='not "exakt"; did you mean "exact"'):
        bugs(planted)


@pytest.mark.bubblewrap
def test_the_same_in_real_rooms(planted: Quest, datasets: Datasets, tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with workbench.runner(home, kind="bubblewrap") as socket:
        sandbox = RunnerSandbox(socket)
        with handed_in(planted, datasets, GOOD, sandbox) as work:
            assert VALID(work) is None
            assert isinstance(CATCHES(work), Praise)
        with handed_in(planted, datasets, PEEKS, sandbox) as work:
            failure = failure_of(VALID, work)
        assert failure.reason == "red_on_reference"
        assert "sorted" not in str(failure.params)
    assert not socket.exists()
