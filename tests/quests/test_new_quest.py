"""What `sim new` makes is whole: every work of it does what it must, in real rooms."""

from pathlib import Path

import pytest

from graders import __main__ as command
from graders.loading import load_quest
from sandbox import runtimes
from simulator.cli.scaffolding import new_quest, new_stage
from tests.needs import need


@pytest.mark.slow
@pytest.mark.bubblewrap
def test_a_new_quest_and_an_added_stage_prove_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        runtimes.find("python-ml", home=tmp_path)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    folder = new_quest("late-parcels", below=tmp_path)
    new_stage(load_quest(folder), "tell-vera")
    asked = ["--matrix", "--scale", "tiny", "--shell", "bubblewrap", "--home", str(tmp_path)]
    assert command.main([str(folder), *asked]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    for work in ("reference", "mistakes/finds_the_late", "mistakes/own_tests_catch"):
        assert work in said
    assert "no work fails" not in said
