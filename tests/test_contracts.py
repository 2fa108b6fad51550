"""Every import contract holds, and every one can fail: a wall nobody ran into is not a wall."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINT = Path(sys.executable).with_name("lint-imports")

# contract, file that breaks it, the line that does
VIOLATIONS = [
    ("packages", "graders/results.py", "import simulator.environment"),
    ("packages", "sandbox/interface.py", "import graders.results"),
    ("site", "simulator/accounts/models.py", "import simulator.attempts.models"),
    ("site", "simulator/catalog/models.py", "import simulator.warehouse"),
    ("django-stays-home", "graders/results.py", "import django"),
    ("django-stays-home", "sandbox/interface.py", "import celery"),
    ("command-line", "simulator/cli/app.py", "import django"),
    ("command-line", "simulator/cli/commands/check.py", "import simulator.catalog.models"),
    ("shell-door", "sandbox/client.py", "import sandbox.docker_shell"),
    ("shell-door", "simulator/attempts/models.py", "import sandbox.bubblewrap_shell"),
    ("room-door", "simulator/catalog/models.py", "import sandbox.client"),
    ("docker-sdk", "simulator/attempts/models.py", "import docker"),
    ("docker-sdk", "graders/results.py", "import docker"),
    ("authors-words", "quests/churn/data.py", "import graders.grading"),
    ("authors-words", "quests/churn/data.py", "import sandbox.interface"),
    ("quests-are-loaded", "simulator/catalog/models.py", "import quests.churn.data"),
    ("no-circles", "sandbox/interface.py", "import sandbox.client"),
]


def _lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for package in ("simulator", "graders", "sandbox", "quests"):
        shutil.copytree(
            ROOT / package,
            copy / package,
            ignore=shutil.ignore_patterns("static", "locale", "*.pyc"),
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_contracts_hold(tree: Path) -> None:
    finished = _lint(tree)
    assert finished.returncode == 0, finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_broken_contract_fails_by_name(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    before = path.read_text(encoding="utf-8")
    names = _names()
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        finished = _lint(tree)
    finally:
        path.write_text(before, encoding="utf-8")
    assert finished.returncode == 1
    assert f"{names[contract]} BROKEN" in finished.stdout


def test_every_contract_has_a_violation() -> None:
    assert set(_names()) == {contract for contract, _, _ in VIOLATIONS}


def _names() -> dict[str, str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        contract["id"]: contract["name"]
        for contract in settings["tool"]["importlinter"]["contracts"]
    }
