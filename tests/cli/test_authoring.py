"""The author's commands without a sandbox: new, check, explain, schema."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from graders.inspecting import inspect_quest
from graders.loading import load_quest
from graders.works import overlays, reference
from simulator.cli.app import application
from simulator.cli.scaffolding import TEMPLATES, CannotStart, new_quest, new_stage

RUNNER = CliRunner()


def sim(*words: str) -> Result:
    return RUNNER.invoke(application(words), list(words))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh quest, for tests that only look at it."""
    return new_quest("late-parcels", below=tmp_path_factory.mktemp("quests"))


@pytest.fixture
def quest(made: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    folder = tmp_path / made.name
    shutil.copytree(made, folder)
    return folder


# ------------------------------------------------------------------------------------------ new
def test_a_new_quest_passes_the_check_at_once_and_lists_what_to_rewrite(made: Path) -> None:
    ended = sim("check", str(made))
    assert ended.exit_code == 0, ended.output
    assert "0 errors" in ended.output
    found = inspect_quest(made)
    assert {fault.code for fault in found} == {"T607"}
    assert {"quest.yaml", "story.en.md", "brief.ru.md", "hints.en.md"} <= {
        f.path.name for f in found
    }


def test_a_new_quest_has_its_own_name_everywhere(made: Path) -> None:
    quest = load_quest(made)
    assert (quest.slug, quest.package, quest.database) == ("late-parcels", *["late_parcels"] * 2)
    assert not quest.uuid.startswith("00000000")
    for path in made.rglob("*"):
        assert "new_quest" not in path.name
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "new_quest" not in text
            assert "new-quest" not in text


def test_two_new_quests_are_two(made: Path, tmp_path: Path) -> None:
    other = new_quest("late-parcels", below=tmp_path)
    assert load_quest(other).uuid != load_quest(made).uuid


def test_an_editor_finds_the_schema_of_a_new_quest(made: Path) -> None:
    for path in (made / "quest.yaml", made / "stages/01_rule/messages.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        place = first.removeprefix("# yaml-language-server: $schema=")
        assert place != first
        schema = json.loads((path.parent / place).read_text(encoding="utf-8"))
        assert schema["title"].startswith(path.name)


def test_a_stage_is_added_at_the_end_and_passes_the_check(quest: Path) -> None:
    ended = sim("new", "tell-vera", "--in", str(quest))
    assert ended.exit_code == 0, ended.output
    loaded = load_quest(quest)
    assert [stage.slug for stage in loaded.stages] == ["rule", "tests", "tell-vera"]
    assert {fault.code for fault in inspect_quest(quest)} == {"T607"}
    stage = loaded.stages[-1]
    assert "late_parcels/tell_vera.py" in reference(loaded, stage).files
    assert [work.stopped_by for work in overlays(loaded, stage)] == ["tell_vera_doubles"]


def test_a_stage_goes_before_what_follows_the_stages(quest: Path) -> None:
    facts = quest / "quest.yaml"
    rest = "\n# Kept by the rollout.\nguardrails:\n  - {metric: calls, op: '<=', value: 20}\n"
    facts.write_text(facts.read_text(encoding="utf-8") + rest, encoding="utf-8")
    new_stage(load_quest(quest), "tell-vera")
    text = facts.read_text(encoding="utf-8")
    assert text.index("slug: tell-vera") < text.index("# Kept by the rollout.")
    assert load_quest(quest).guardrails[0].metric == "calls"


def test_a_quest_of_named_stages_has_nothing_of_the_example(tmp_path: Path) -> None:
    ended = sim("new", "price-tags", "--stages", "clean, jumps", "--below", str(tmp_path))
    assert ended.exit_code == 0, ended.output
    folder = tmp_path / "price_tags"
    quest = load_quest(folder)
    assert [stage.slug for stage in quest.stages] == ["clean", "jumps"]
    assert {fault.code for fault in inspect_quest(folder)} == {"T607", "W410"}
    assert {work.name for work in overlays(quest)} == {
        "mistakes/clean_doubles",
        "mistakes/jumps_doubles",
    }
    assert not [path for path in folder.rglob("*") if "rule" in path.name]
    with pytest.raises(CannotStart, match="named twice"):
        new_quest("other", below=tmp_path, stages=["a1", "a1"])


@pytest.mark.parametrize("name", ["Late", "late parcels", "-x", "../x", "a" * 60, ""])
def test_a_name_that_is_no_slug_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="is no name"):
        new_quest(name, below=tmp_path)


def test_nothing_that_is_there_is_written_over(made: Path, quest: Path) -> None:
    with pytest.raises(CannotStart, match="is there already"):
        new_quest("late-parcels", below=made.parent)
    with pytest.raises(CannotStart, match="has a stage rule already"):
        new_stage(load_quest(quest), "rule")
    before = {path: path.read_bytes() for path in quest.rglob("*") if path.is_file()}
    (quest / "reference" / "late_parcels" / "tell_vera.py").write_text("mine = 1\n")
    ended = sim("new", "tell-vera", "--in", str(quest))
    assert ended.exit_code == 2
    assert "is there already" in ended.output
    after = {path: path.read_bytes() for path in quest.rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() - before.keys()} == {"tell_vera.py"}
    assert all(after[path] == body for path, body in before.items())


def test_the_templates_have_no_word_of_the_machine() -> None:
    assert {path.name for path in TEMPLATES.iterdir()} == {"quest", "stage"}
    assert not [path for path in TEMPLATES.rglob("*.pyc") if "__pycache__" not in path.parts]


# ---------------------------------------------------------------------------------------- check
def broken(quest: Path) -> Path:
    facts = quest / "quest.yaml"
    text = facts.read_text(encoding="utf-8")
    facts.write_text(text.replace("requires: [rule]", "requires: [rul]"), encoding="utf-8")
    return quest


def test_a_fault_is_told_as_text_with_its_mend(
    quest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(quest.parent)
    ended = sim("check", broken(quest).name)
    assert ended.exit_code == 1
    assert 'late_parcels/quest.yaml:76:16 Q203 stages[1].requires: no earlier stage "rul"' in (
        ended.output
    )
    assert "     76 |     requires: [rul]\n        |                ^^^\n" in ended.output
    assert "  mend: Name a stage that stands above this one." in ended.output


def test_a_program_reads_json(quest: Path) -> None:
    ended = sim("check", str(broken(quest)), "--format", "json")
    assert ended.exit_code == 1
    (fault,) = json.loads(ended.output)["faults"]
    assert (fault["line"], fault["column"], fault["width"]) == (76, 16, 3)
    assert (fault["code"], fault["level"]) == ("Q203", "error")
    assert fault["mend"] == "Name a stage that stands above this one."


def test_a_build_machine_reads_annotations(quest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(quest)
    ended = sim("check", "--format", "github")
    assert ended.exit_code == 0
    assert "::warning file=story.en.md,line=1,col=1,title=T607::a note to the author" in (
        ended.output
    )


def test_warnings_count_where_they_are_asked_to(made: Path) -> None:
    assert sim("check", str(made)).exit_code == 0
    assert sim("check", str(made), "--strict").exit_code == 1


def test_warnings_can_be_left_out(made: Path) -> None:
    said = sim("check", str(made), "--no-warnings").output
    assert "T607" not in said
    assert said.startswith("0 errors, 0 warnings")
    assert "T607" in sim("check", str(made), "--no-warnings", "--strict").output


def test_one_stage_is_looked_at_alone(made: Path) -> None:
    found = inspect_quest(made, only="tests")
    assert {fault.path.parent.name for fault in found} == {"02_tests"}
    ended = sim("check", str(made), "--stage", "test")
    assert ended.exit_code == 1
    assert 'there is no stage "test"; did you mean "tests"?' in ended.output


def test_every_quest_of_a_folder_is_looked_at(made: Path) -> None:
    assert "late_parcels" in sim("check", str(made.parent)).output


def test_where_there_is_no_quest_the_command_was_wrong(tmp_path: Path) -> None:
    ended = sim("check", str(tmp_path))
    assert ended.exit_code == 2
    assert "there is no quest in" in ended.output


def test_nothing_of_a_learner_is_run(quest: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for path in (*quest.glob("reference/**/*.py"), *quest.glob("*/*/*/*.py")):
        if path.parts[len(quest.parts)] != "stages":
            path.write_text(f"open({str(trace)!r}, 'w').close()\n", encoding="utf-8")
    checks = quest / "stages/01_rule/checks.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(f"{text}\nfrom late_parcels.rule import risk\n", encoding="utf-8")
    assert "C310" in {fault.code for fault in inspect_quest(quest)}
    assert not trace.exists()


# ------------------------------------------------------------------------------ explain, schema
def test_a_code_is_explained_in_both_languages() -> None:
    said = sim("explain", "m114").output
    assert said.startswith("M114  A word that blames or belittles")
    assert "Mend: Say what was observed and what was expected." in said
    assert "Что сделать:" in sim("explain", "M114", "--language", "ru").output


def test_all_codes_are_listed_and_an_unknown_one_is_refused() -> None:
    assert "Q203" in sim("explain").output
    ended = sim("explain", "Q2O3")
    assert ended.exit_code == 2
    assert 'did you mean "Q203"' in ended.output


def test_the_schemas_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    assert sim("schema", str(tmp_path / "schemas")).exit_code == 0
    names = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert names == {"quest.schema.json", "messages.schema.json", "work.schema.json"}
