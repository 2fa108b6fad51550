"""The ready-made checks of production-readiness find what they are for, and nothing else."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graders import production
from graders.checking import Check
from graders.datasets import Datasets
from graders.failures import Fail
from graders.messages import library_texts
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox
from tests.needs import need

GOOD = '''\
"""A model."""

import logging

import simkit

logger = logging.getLogger(__name__)


def add(left: float, right: float) -> float:
    """Return the sum of two numbers in roubles."""
    logger.info("adding")
    return left + right


class Model:
    """A model that predicts nothing."""

    def fit(self, rows: list[float], *, weight: float = 1.0) -> "Model":
        """Return the model itself."""
        return self

    def _inside(self, anything):
        return simkit.query("SELECT * FROM users WHERE id = {id:UInt32}", {"id": anything})
'''

RUFF = Path(sys.executable).with_name("ruff")

CHECKS = [
    production.package_layout(points=1),
    production.lint(points=1),
    production.formatted(points=1),
    production.documented(points=1),
    production.annotated(points=1),
    production.pinned(points=1),
    production.no_secrets(points=1),
    production.no_absolute_paths(points=1),
    production.binds_sql(points=1),
    production.logs(points=1),
]


@pytest.fixture
def project(quest: Quest, datasets: Datasets) -> Workspace:
    files = {
        "app/__init__.py": b"",
        "app/model.py": GOOD.encode(),
        "requirements.txt": b"numpy==2.1.0  # fixed\npandas[x]==2.2.3 \\\n  --hash=sha256:ab\n",
    }
    rooms = Rooms(sandbox=FakeSandbox(), runtime="python-ml", limits=Limits(), datasets=datasets)
    return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)


def with_file(work: Workspace, path: str, text: str) -> Workspace:
    return replace(work, files={**work.files, path: text.encode()}, _found={})


def failure_of(check: Check, work: Workspace) -> Fail:
    with pytest.raises(Fail) as failure:
        check(work)
    work.rooms.close()
    return failure.value


def uses_ruff(check: Check) -> None:
    if check.name in ("lint", "formatted"):
        need("ruff", present=RUFF.is_file())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_tidy_project_passes_every_one(check: Check, project: Workspace) -> None:
    uses_ruff(check)
    assert check(project) is None
    project.rooms.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_has_its_texts_and_its_phase(check: Check) -> None:
    assert check.phase is Phase.STATIC
    assert check.name in library_texts().checks


@pytest.mark.parametrize(
    ("check", "path", "text", "reason", "line"),
    [
        (production.lint(points=1), "app/a.py", "import os\nx=1\n", "findings", 1),
        (
            production.lint(points=1),
            "app/a.py",
            "# ruff: noqa\nimport os  # noqa\n",
            "findings",
            2,
        ),
        (production.formatted(points=1), "app/a.py", "x=1\n", "not_formatted", None),
        (
            production.documented(points=1),
            "app/a.py",
            "def f(x: int) -> int:\n    return x\n",
            "undocumented",
            1,
        ),
        (
            production.annotated(points=1),
            "app/a.py",
            'def f(x) -> int:\n    """X"""\n    return x\n',
            "unannotated",
            1,
        ),
        (production.pinned(points=1), "requirements.txt", "numpy>=2\n", "not_pinned", 1),
        (production.pinned(points=1), "requirements.txt", "a==1\nb==2.*\n", "not_pinned", 2),
        (production.pinned(points=1), "requirements.txt", "# none\n", "no_requirements", None),
        (production.no_secrets(points=1), ".env", "DB=1\n", "secrets", 1),
        (production.no_secrets(points=1), "app/a.py", 'x = 1\npassword = "s"\n', "secrets", 2),
        (production.no_secrets(points=1), "a.py", 'connect(api_key="s")\n', "secrets", 1),
        (production.no_secrets(points=1), "a.py", 'x = {"token": "s"}\n', "secrets", 1),
        (
            production.no_secrets(points=1),
            "a.ini",
            "[db]\nurl=postgres://bob:hunter22@db/x\n",
            "secrets",
            2,
        ),
        (
            production.no_absolute_paths(points=1),
            "app/a.py",
            'X = "/home/bob/data.csv"\n',
            "absolute_paths",
            1,
        ),
        (
            production.no_absolute_paths(points=1),
            "app/a.py",
            'X = "C:\\\\data.csv"\n',
            "absolute_paths",
            1,
        ),
        (
            production.binds_sql(points=1),
            "app/a.py",
            'def q(d):\n    return f"SELECT * FROM t WHERE d < {d}"\n',
            "pasted_sql",
            2,
        ),
        (
            production.binds_sql(points=1),
            "app/a.py",
            'Q = "SELECT * FROM t WHERE d < %s" % 1\n',
            "pasted_sql",
            1,
        ),
        (
            production.binds_sql(points=1),
            "app/a.py",
            'Q = "SELECT a FROM t WHERE d < {}".format(1)\n',
            "pasted_sql",
            1,
        ),
        (production.logs(points=1), "app/a.py", "print(1)\n", "prints", 1),
        (production.package_layout(points=1), "eda.ipynb", "{}", "notebooks", None),
    ],
)
def test_each_finds_what_it_is_for(
    check: Check, path: str, text: str, reason: str, line: int | None, project: Workspace
) -> None:
    uses_ruff(check)
    failure = failure_of(check, with_file(project, path, text))
    assert failure.reason == reason
    if failure.locations:
        assert (failure.locations[0].path, failure.locations[0].line) == (path, line)
    declared = library_texts().checks[check.name].reasons[reason]
    assert set(declared.types) <= set(failure.params)


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (production.no_secrets(points=1), ".env.example", "DB=\n"),
        (production.no_secrets(points=1), "a.py", 'password = os.environ["DB_PASSWORD"]\n'),
        (production.no_secrets(points=1), "tests/test_a.py", 'token = "made up"\n'),
        (production.no_secrets(points=1), "README.md", "postgres://user@host/db\n"),
        (production.no_absolute_paths(points=1), "a.py", '"""Reads /home/bob/x."""\n'),
        (production.no_absolute_paths(points=1), "a.py", 'X = "/health"\n'),
        (production.binds_sql(points=1), "a.py", 'Q = "SELECT a FROM t " "WHERE x = {x:Int8}"\n'),
        (production.binds_sql(points=1), "a.py", 'X = f"from {1} where"\n'),
        (production.logs(points=1), "scripts/a.py", "print(1)\n"),
        (production.documented(points=1), "app/a.py", "def _f(): ...\n"),
    ],
)
def test_what_only_looks_like_it_is_let_through(
    check: Check, path: str, text: str, project: Workspace
) -> None:
    work = with_file(project, path, text)
    assert check(work) is None
    work.rooms.close()


def test_ruffs_settings_in_the_project_change_nothing(project: Workspace) -> None:
    need("ruff", present=RUFF.is_file())
    lax = "[tool.ruff]\nextend-exclude = ['app']\n[tool.ruff.lint]\nselect = []\n"
    work = with_file(with_file(project, "pyproject.toml", lax), "app/a.py", "import os\n")
    assert failure_of(production.lint(points=1), work).params["rules"] == "F401"


def test_a_few_findings_cost_a_part_of_the_points(project: Workspace) -> None:
    need("ruff", present=RUFF.is_file())
    work = with_file(project, "app/a.py", "import os\nimport sys\n")
    assert failure_of(production.lint(points=1), work).share == pytest.approx(0.8)


def test_an_undocumented_name_costs_its_share(project: Workspace) -> None:
    work = with_file(project, "app/a.py", "def f() -> None: ...\n")
    failure = failure_of(production.documented(points=1), work)
    assert failure.params == {"name": "f", "found": 1, "total": 4}
    assert failure.share == pytest.approx(0.75)


def test_a_file_of_the_contract_that_is_missing_is_named(project: Workspace) -> None:
    failure = failure_of(production.package_layout(points=1, files=["app/data.py"]), project)
    assert failure.params == {"path": "app/data.py", "missing": 1}


def test_nothing_of_the_project_can_be_imported_by_the_tool(
    project: Workspace, tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    evil = f"open({str(mark)!r}, 'w')\n"
    work = with_file(with_file(project, "ast.py", evil), "re.py", evil)
    production.project_facts(work)
    work.rooms.close()
    assert not mark.exists()


TRAIN = "import os, pathlib\npathlib.Path('x').write_text('1')\n"


def test_two_trainings_that_differ_are_told(project: Workspace) -> None:
    work = with_file(project, "train.py", TRAIN)
    answers = iter([[0.1, 0.2, 0.3], [0.1, 0.25, 0.3]])
    with pytest.raises(Fail) as failure:
        production.same_after_retraining(
            work, "python", "train.py", answer=lambda _: next(answers)
        )
    assert failure.value.params["rows"] == 1
    assert failure.value.params["largest"] == pytest.approx(0.05)


def test_two_trainings_that_agree_are_fine(project: Workspace) -> None:
    work = with_file(project, "train.py", TRAIN)
    production.same_after_retraining(work, "python", "train.py", answer=lambda _: [0.5])
