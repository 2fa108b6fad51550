"""The tools of the static phase in real rooms: what they find, and what they survive."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from graders import __main__ as command
from graders import dockerfile, production
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Ended, Fail
from graders.loading import load_quest
from graders.messages import library_texts
from graders.quest import Quest
from graders.results import Outcome, Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.graders.small_quest import small_datasets, write_quest
from tests.graders.test_dockerfile import GOOD as GOOD_DOCKERFILE
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

LIMITS = Limits(cpu_seconds=30, wall_seconds=60, memory_mb=1024, processes=64, scratch_mb=64)
TYPES = production.types(points=1)
IMPORTS = production.imports(points=1, seconds=2)
LINTED = dockerfile.linted(points=1)
DATA = '''\
"""Rows."""

import pandas as pd


def load(path: str) -> pd.DataFrame | None:
    """Read rows, or nothing."""
    return pd.read_csv(path) if path else None


def share(rows: pd.DataFrame, most: float = 1.0) -> float:
    """How much of the rows."""
    return float(min(most, rows["a"].mean()))


class Model:
    """A model."""

    def fit(self, rows: pd.DataFrame) -> "Model":
        """Fit."""
        for moment, part in rows.groupby("moment"):
            pd.Timestamp(moment)
            moment.to_pydatetime()
            part["b"] = part["a"].dt.days
        return self
'''


class Bench:
    """A quest, its data and a sandbox, to judge small projects by one check."""

    def __init__(self, quest: Quest, datasets: Datasets, sandbox: RunnerSandbox) -> None:
        self._quest, self._datasets, self._sandbox = quest, datasets, sandbox

    def judge(self, check: Check, files: Mapping[str, str]) -> Fail | Ended | None:
        """What a check says."""
        return self.judge_all([check], files)[0]

    def judge_all(
        self, checks: Sequence[Check], files: Mapping[str, str]
    ) -> list[Fail | Ended | None]:
        """What checks of a phase say, in its one room; another exception is an error of ours."""
        rooms = Rooms(
            sandbox=self._sandbox, runtime="python-ml", limits=LIMITS, datasets=self._datasets
        )
        rooms.enter(checks[0].phase or Phase.STATIC)
        sent = {"app/__init__.py": b"", **{path: body.encode() for path, body in files.items()}}
        work = Workspace(quest=self._quest, stage=self._quest.stages[0], files=sent, rooms=rooms)
        with closing(rooms):
            return [self._said(check, work) for check in checks]

    @staticmethod
    def _said(check: Check, work: Workspace) -> Fail | Ended | None:
        try:
            check(work)
        except (Fail, Ended) as failure:
            return failure
        return None

    def lines(self, check: Check, files: Mapping[str, str]) -> list[int | None]:
        """The lines that a check complains about."""
        failure = self.judge(check, files)
        return [place.line for place in failure.locations] if failure else []


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home: Path = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    datasets = small_datasets(home)
    quest = load_quest(write_quest(tmp_path_factory.mktemp("quests")))
    with command.runner(home, kind="bubblewrap") as socket:
        yield Bench(quest, datasets, RunnerSandbox(socket))


def test_types_that_hold_pass_however_strict_a_library_is(bench: Bench) -> None:
    tidy = (
        "from app.data import Model, load\n\nrows = load('a')\n"
        "if rows is not None:\n    Model().fit(rows)\n"
    )
    assert bench.judge(TYPES, {"app/data.py": DATA, "app/main.py": tidy}) is None


def test_calls_that_contradict_the_projects_own_types_are_found(bench: Bench) -> None:
    sloppy = (
        "from app import data\nfrom app.data import Model, load, share\n\n"
        "rows = load('a')\n"
        "share(rows)\n"  # 5: it may be None
        "share('text')\n"
        "share(rows, most='x', extra=1)\n"
        "Model().fti(rows)\n"
        "rows['a']\n"
        "data.shares(rows)\n"
        "x: int = 'a'\n"
    )
    files = {"app/data.py": DATA, "app/main.py": sloppy}
    assert set(bench.lines(TYPES, files)) == {5, 6, 7, 8, 9, 10, 11}
    failure = bench.judge(TYPES, files)
    assert failure
    assert failure.reason == "contradictions"


def test_a_contradiction_is_silenced_by_a_named_reason_and_by_nothing_else(bench: Bench) -> None:
    slip = "from app.data import share\n\nshare('a')"
    files = {"app/data.py": DATA, "app/main.py": f"{slip}  # type: ignore[arg-type]\n"}
    assert bench.judge(TYPES, files) is None
    loud = {
        "pyproject.toml": "[tool.pyrefly]\nproject-excludes = ['**']\n[tool.pyrefly.errors]\n"
        "bad-argument-type = false\n",
        "pyrefly.toml": "project-excludes = ['**']\n",
        ".gitignore": "*\n",
    }
    for text in (f"{slip}  # type: ignore\n", f"# pyrefly: ignore-errors\n{slip}\n"):
        assert bench.judge(TYPES, {**files, **loud, "app/main.py": text}) is not None
    often = "from app.data import share\n" + "share('a')  # type: ignore[arg-type]\n" * 7
    assert len(bench.lines(TYPES, {**files, "app/main.py": often})) == 2


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 3_000 + "]" * 3_000,
        "x = " + " | ".join(f"int{n}" for n in range(3_000)),
        "def f(): return " + "f(" * 800 + ")" * 800,
        "x = 1\n" * 10_000,
        "a: int = 'x'\n" * 3_000,
        "class A(A): ...\nclass B(C): ...\nclass C(B): ...\n",
        "from app.odd import *\nimport app.odd as odd\nodd.odd.odd\n",
        "x = '\\ud800'\n\N{RIGHT-TO-LEFT OVERRIDE} = 1\n",
        "import simkit as os, re\nre.compile('(a+)+$')\n",
    ],
    ids=lambda text: ascii(text[:16]),
)
def test_hostile_modules_end_in_a_verdict_of_every_tool(bench: Bench, text: str) -> None:
    tools = [
        TYPES,
        production.lint(points=1),
        production.formatted(points=1),
        production.documented(points=1),
        production.configured(points=1),
        production.no_secrets(points=1),
    ]
    for failure in bench.judge_all(tools, {"app/odd.py": text}):
        if isinstance(failure, Ended):
            assert failure.outcome in (Outcome.LIMIT, Outcome.TIMEOUT)


def test_hadolint_finds_what_it_is_for(bench: Bench) -> None:
    assert bench.judge(LINTED, {"Dockerfile": GOOD_DOCKERFILE}) is None
    sloppy = (
        "FROM python:latest\nRUN cd /srv && sudo pip install x==1\n"
        "# hadolint ignore=DL3020\nADD app /srv/app\nCMD python a.py\n"
    )
    failure = bench.judge(LINTED, {"Dockerfile": sloppy, ".hadolint.yaml": "ignored: [DL3007]\n"})
    assert failure
    assert failure.reason == "findings"
    rules = str(failure.params["rules"]).split(", ")
    assert {"DL3007", "DL3004", "DL3020", "DL3025"} <= set(rules)
    kind = library_texts().checks["dockerfile_lint"].reasons["findings"].types["rules"]
    assert "?" not in str(kind.clean(failure.params["rules"]))


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "a && " * 400 + "b\n",
        "FROM a\nRUN " + "$(" * 100 + ")" * 100 + "\n",
        "FROM a\nENV " + "A=${B:-" * 5_000 + "\n",
        "FROM a\nRUN <<EOF\n" + "x\n" * 3_000 + "EOF\n",
        "FROM a\nLABEL a=\N{RIGHT-TO-LEFT OVERRIDE}\0\n",
        "FROM a\nCOPY \\\n",
        "FROM a\nONBUILD ONBUILD FROM b\n",
        "FROM a\nRUN [\"a\", 'b']\n",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_hostile_dockerfiles_end_in_a_verdict(bench: Bench, text: str) -> None:
    failure = bench.judge(LINTED, {"Dockerfile": text})
    if isinstance(failure, Ended):
        assert failure.outcome in (Outcome.LIMIT, Outcome.TIMEOUT)


def test_every_module_is_imported_and_the_first_trouble_told(bench: Bench) -> None:
    assert (
        bench.judge(IMPORTS, {"app/data.py": DATA, "app/sub/one.py": "import app.data\n"}) is None
    )
    failure = bench.judge(IMPORTS, {"app/main.py": "import json\n\nimport app.nowhere\n"})
    assert failure
    assert failure.params == {"module": "app.main", "error": "ModuleNotFoundError"}
    assert [(place.path, place.line) for place in failure.locations] == [("app/main.py", 3)]
    slow = bench.judge(IMPORTS, {"app/main.py": "import time\ntime.sleep(2.5)\n"})
    assert slow
    assert slow.reason == "import_works"
    command_only = {"app/__main__.py": "raise SystemExit\n"}
    assert bench.judge(IMPORTS, command_only) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise SystemExit\n", "import_failed"),
        ("class E(BaseException): ...\nraise E\n", "import_failed"),
        ("import os\nos._exit(0)\n", "crashed"),
        ("import _imports\n_imports.first_trouble = None\nraise KeyError\n", "import_failed"),
        ("import builtins\nbuiltins.type = None\nraise KeyError\n", None),
        ("import sys\nsys.modules['app'] = 3\n", None),
    ],
)
def test_no_module_ends_the_judge(bench: Bench, text: str, reason: str | None) -> None:
    failure = bench.judge(IMPORTS, {"app/evil.py": text})
    if reason:
        assert failure
        assert failure.reason == reason


def test_a_result_that_depends_on_the_order_of_a_set_is_found(bench: Bench) -> None:
    train = (
        "import pathlib\nwords = {str(n) for n in range(50)}\n"
        "pathlib.Path('/artifacts/model.txt').write_text(' '.join({}))\n"
    )
    check = production.reproducible("python", "train.py", points=1, artifacts=["model.txt"])
    failure = bench.judge(check, {"train.py": train.replace("{})", "words)")})
    assert failure
    assert failure.reason == "artifact_differs"
    assert bench.judge(check, {"train.py": train.replace("{})", "sorted(words))")}) is None
