"""What the learner's command is made of: words, sign-ins, the packages it needs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from django.utils import translation
from typer.testing import CliRunner

from simulator.cli import app, reference
from simulator.cli.learning import accounts, words
from simulator.cli.learning.accounts import Account
from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code
from simulator.pages import words as on_site

ROOT = Path(__file__).resolve().parents[2]
PAIRS = (
    (words.OUTCOMES, on_site.OUTCOMES),
    (words.SEVERITIES, on_site.SEVERITIES),
    (words.GROUPS, on_site.GROUPS),
    (words.PHASES, on_site.PHASES),
    (words.READINESS, on_site.READINESS),
)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_command_speaks_the_words_of_the_site(language: str) -> None:
    with translation.override(language):
        for own, sites in PAIRS:
            assert {name: said[language] for name, said in own.items()} == {  # type: ignore[index]
                name: str(said) for name, said in sites.items()
            }
        parts = {said["en"]: said[language] for said in words.PARTS.values()}  # type: ignore[index]
        assert parts == {english: translation.gettext(english) for english in parts}


def test_every_sentence_is_there_in_both_languages() -> None:
    for name, said in words.SAID.items():
        slots = {language: set(re.findall(r"{(\w+)}", text)) for language, text in said.items()}
        assert set(slots) == {"en", "ru"}, name
        assert slots["en"] == slots["ru"], name
        assert all(said.values()), name


def test_what_learners_install_is_a_part_of_what_is_locked_for_the_site() -> None:
    listed = _names(ROOT / "requirements/command.in")
    locked = _names(ROOT / "requirements/site.txt")
    # The keyring is of a desktop: no server has one, and without one a file is used.
    assert listed - locked == {"keyring"}
    assert not {"django", "celery", "redis"} & listed
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    dynamic = project["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"]["file"] == ["requirements/command.in"]


def _names(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


def test_a_command_whose_packages_are_missing_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ruamel.yaml.nodes", None)
    for name in ("simulator.cli.commands.new", "simulator.cli.scaffolding"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(SystemExit) as ended:
        app.application(["new"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "`sim new` needs packages that are not installed here (ruamel.yaml.nodes)" in said
    assert "pip install '.[site]'" in said


def test_the_learners_commands_ask_for_nothing_of_the_full_set() -> None:
    """Each is imported where the packages of the site cannot be."""
    forbidden = ("django", "celery", "redis", "sklearn", "clickhouse_connect", "uvicorn")
    program = (
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({forbidden!r}))\n"
        "from simulator.cli.app import LEARNERS\n"
        "for name in LEARNERS:\n"
        "    importlib.import_module(f'simulator.cli.commands.{name}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for sign-ins, and a terminal without wishes."""
    for name in ("SIM_SITE", "SIM_TOKEN", "SIM_LANGUAGE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIM_SETTINGS", str(tmp_path))
    return tmp_path


def test_two_sites_have_two_sign_ins(settings_folder: Path) -> None:
    accounts.keep(Account(address="https://one", username="ada", token="1"))
    accounts.keep(Account(address="https://two", username="ada", token="2", language="ru"))
    assert accounts.current().address == "https://two"
    assert accounts.current("https://one").token == "1"
    assert accounts.language() == "ru"
    accounts.forget("https://two")
    assert accounts.current().address == "https://one"


def test_a_build_machine_signs_in_by_its_environment(
    settings_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_SITE", "https://site/")
    monkeypatch.setenv("SIM_TOKEN", "secret")
    account = accounts.current()
    assert (account.address, account.token) == ("https://site", "secret")


def test_a_keyring_keeps_the_token_out_of_the_file(
    settings_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[tuple[str, str], str] = {}
    ring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    ring.__spec__ = errors.__spec__ = type("Spec", (), {})()
    ring.get_password = lambda *name: kept.get(name)  # type: ignore[attr-defined]
    ring.set_password = lambda *entry: kept.update({entry[:2]: entry[2]})  # type: ignore[attr-defined]
    ring.delete_password = lambda *name: kept.pop(name)  # type: ignore[attr-defined]
    errors.KeyringError = RuntimeError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert accounts.keep(Account(address="https://one", token="secret")) == "keyring"
    assert "secret" not in (settings_folder / "sites.json").read_text()
    assert accounts.current().token == "secret"
    accounts.forget("https://one")
    assert kept == {}


def test_a_file_of_sign_ins_that_cannot_be_read_is_said(settings_folder: Path) -> None:
    (settings_folder / "sites.json").write_text("{")
    with pytest.raises(Trouble, match="cannot be read"):
        accounts.current()
    ended = CliRunner().invoke(app.application(["report"]), ["report", "--json"])
    assert ended.exit_code == 2


def test_every_command_has_json_and_plain() -> None:
    for name in app.LEARNERS:
        said = CliRunner().invoke(app.application([name]), [name, "--help"], color=False).output
        assert "--json" in said, name
        assert "--plain" in said, name


def test_the_exit_codes_are_told_in_the_documents() -> None:
    told = reference.PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d) \|", told, re.MULTILINE) == [str(int(code)) for code in Code]


def test_the_page_of_commands_is_what_help_says() -> None:
    """After a change: `make docs`."""
    told = reference.PAGE.read_text(encoding="utf-8")
    assert reference.written(told) == told
    assert all(f"### `sim {name} " in told for name in app.LEARNERS)
