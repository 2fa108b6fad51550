"""The repository keeps its own rules: lengths, visible quests, a true map, clean commits."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("simulator", "graders", "sandbox", "quests")
LONGEST_FUNCTION = 50
LEARNERS = {"starter", "mistakes", "cheats", "migrations"}


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if not LEARNERS.intersection(path.relative_to(ROOT).parts):
                yield path


def test_no_function_is_longer_than_fifty_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is() -> None:
    mute = [
        str(path.relative_to(ROOT))
        for path in _sources()
        if (text := path.read_text(encoding="utf-8"))
        and "quests" not in path.relative_to(ROOT).parts
        and not ast.get_docstring(ast.parse(text))
    ]
    assert mute == []


def test_import_linter_can_see_every_quest() -> None:
    folders = {path.parent for path in (ROOT / "quests").glob("*/quest.yaml")}
    assert folders
    assert [folder.name for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_path_on_the_map_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.split("<!-- map -->")[1].split("<!-- /map -->")[0]
    paths = re.findall(r"^\s*([\w./-]+)  ", block, flags=re.MULTILINE)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_file_that_a_page_of_docs_names_exists() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        named = re.findall(
            r"(?<![\w/])(?:sandbox|graders|simulator|tests|requirements)/[\w./-]+\w", text
        )
        assert named
        assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_setting_is_in_the_readme_and_in_the_example() -> None:
    source = (ROOT / "simulator" / "environment.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"((?:SIM_|SANDBOX_)?[A-Z_]{4,})"', source))
    assert {"PORT", "SIM_HOME", "DATABASE_URL"} <= names
    for page in ("README.md", ".env.example"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [name for name in sorted(names) if name not in text] == [], page


@pytest.mark.parametrize(
    "pattern",
    [r"/work/(main|trees|shared)", r"/root/\.", r"index-url", r"\bTODO\b|\bFIXME\b|\bXXX\b"],
)
def test_no_tracked_file_names_a_machine_or_leaves_a_promise(pattern: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-lIE", pattern, "--", ".", ":!tests/test_layout.py", ":!requirements"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.split() == []
