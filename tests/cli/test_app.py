"""The frame of the `sim` command: commands are files, found without importing them."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.cli import app

RUNNER = CliRunner()


def test_every_command_has_its_line_in_the_help() -> None:
    said = RUNNER.invoke(app.application([]), ["--help"]).output
    assert {"check"} <= set(app.names())
    for name in app.names():
        assert f"│ {name} " in said


def test_a_new_file_is_a_new_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new.py").write_text('"""Start a quest."""\n')
    (tmp_path / "zap_it.py").write_text('"""Do what no list names."""\n')
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(app, "HOME", tmp_path)
    assert app.names() == ["new", "zap-it"]
    said = RUNNER.invoke(app.application([]), ["--help"]).output
    assert "Do what no list names." in said


def test_the_nearest_command_is_named() -> None:
    ended = RUNNER.invoke(app.application(["chek"]), ["chek"])
    assert ended.exit_code == 2
    assert "Did you mean 'check'" in ended.output


def test_help_imports_neither_django_nor_pandas() -> None:
    program = (
        "import sys; sys.argv = ['sim', '--help']\n"
        "from simulator.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'django', 'celery', 'pandas', 'pyarrow', 'graders'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_the_version_is_the_projects() -> None:
    assert RUNNER.invoke(app.application([]), ["--version"]).output.strip() == "0.1.0"
