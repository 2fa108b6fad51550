"""Every code that a fault can have is explained, in both languages, and none is left over."""

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import graders
from graders import editors
from graders.excerpts import count, shown, told
from graders.explaining import advice, levelled, register
from graders.faults import Fault, Level
from graders.forms import LANGUAGES
from graders.marked import read_marked
from graders.quest import Status

QUESTS = Path(__file__).resolve().parents[2] / "quests"
FAULT = Fault(path=Path("quest.yaml"), line=2, column=4, code="Q203", message="no", width=5)


def codes_in_the_source() -> set[str]:
    sources = Path(graders.__file__).parent.rglob("*.py")
    return {
        code
        for path in sources
        for code in re.findall(r'"([QMCTNWL][0-9]{3})"', path.read_text(encoding="utf-8"))
    }


def test_every_code_is_explained_and_every_explanation_is_of_a_code() -> None:
    assert codes_in_the_source() == set(register())


@pytest.mark.parametrize("code", sorted(register()))
def test_an_explanation_has_three_parts_of_one_or_two_sentences(code: str) -> None:
    explained = register()[code]
    for language in LANGUAGES:
        for part in (explained.title, explained.why, explained.mend):
            assert 2 <= len(part[language].split()) <= 45
        assert explained.why[language].endswith(".")
        assert explained.mend[language].endswith(".")
    assert not re.search(r"[А-Яа-я]", explained.title["en"] + explained.why["en"])
    assert re.search(r"[А-Яа-я]", explained.title["ru"])


def test_a_draft_is_warned_of_what_would_stop_a_published_quest() -> None:
    missing = replace(FAULT, code="T601")
    assert levelled(missing, Status.WIP).level is Level.WARNING
    assert levelled(missing, Status.BETA).level is Level.ERROR
    assert levelled(FAULT, Status.WIP).level is Level.ERROR
    assert levelled(replace(FAULT, code="L306"), Status.ACTIVE).level is Level.WARNING


def test_the_advice_is_the_faults_own_or_its_codes() -> None:
    assert advice(FAULT) == "Name a stage that stands above this one."
    assert advice(replace(FAULT, mend="Do this.")) == "Do this."


def test_a_fault_is_shown_with_its_lines_and_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "quest.yaml"
    path.write_text("one: 1\ntwo: words here\nthree: 3\n")
    lines = list(told(replace(FAULT, path=path, column=6), root=tmp_path))
    assert lines == [
        "quest.yaml:2:6 Q203 no",
        "      1 | one: 1",
        "      2 | two: words here",
        "        |      ^^^^^",
        "  mend: Name a stage that stands above this one.",
    ]


def test_the_caret_of_a_long_line_stays_in_sight(tmp_path: Path) -> None:
    path = tmp_path / "quest.yaml"
    path.write_text("key: " + "x" * 400 + " here\n")
    fault = replace(FAULT, path=path, line=1, column=407, width=4)
    _, excerpt, caret, _ = told(fault, root=tmp_path)
    assert len(excerpt) < 200
    place = caret.index("^")
    assert excerpt[place : place + 4] == "here"


def test_a_folder_is_told_without_an_excerpt(tmp_path: Path) -> None:
    assert len(list(told(replace(FAULT, path=tmp_path), root=tmp_path))) == 2


def test_the_last_line_counts(tmp_path: Path) -> None:
    soft = replace(FAULT, path=tmp_path / "b", level=Level.WARNING)
    assert count([FAULT, soft]) == "1 error, 1 warning in 2 files"
    assert list(shown([], root=tmp_path)) == ["0 errors, 0 warnings in 0 files"]


# ------------------------------------------------------------------------------ for editors
def test_the_schemas_in_the_repository_are_current() -> None:
    for name, text in editors.files().items():
        assert (editors.FOLDER / name).read_text(encoding="utf-8") == text, "run: make docs"


@pytest.mark.parametrize("path", sorted(QUESTS.glob("*/quest.yaml")), ids=lambda p: p.parent.name)
def test_the_schema_takes_every_quest(path: Path) -> None:
    data = read_marked(path).data
    jsonschema.validate(data, editors.schema("quest"))
    for messages in path.parent.glob("stages/*/messages.yaml"):
        jsonschema.validate(read_marked(messages).data, editors.schema("messages"))
    for work in path.parent.glob("*/*/work.yaml"):
        jsonschema.validate(read_marked(work).data, editors.schema("work"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("statuss", "wip"),
        ("difficulty", "esay"),
        ("version", "soon"),
        ("title", {"en": "No Russian"}),
        ("folder", "elsewhere"),
    ],
)
def test_the_schema_refuses_what_loading_refuses(key: str, value: object) -> None:
    data = dict(read_marked(QUESTS / "churn" / "quest.yaml").data)
    changed = json.loads(json.dumps(data)) | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, editors.schema("quest"))
