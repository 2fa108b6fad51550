"""Broken quests, each a small good one with a single slip: the fault is told with its mend."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from graders.explaining import advice
from graders.faults import Fault, Level
from graders.inspecting import inspect_quest
from tests.graders.good_quest import write_good_quest

CASES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One slip, and what must be said of it."""

    file: str  # where the fault is told
    code: str
    says: str  # a part of the message
    mend: str  # a part of the advice
    under: str = ""  # the caret stands under the first place of this text in the file
    before: str = ""  # a text of the file, which must be there …
    after: str = ""  # … and what stands there instead
    remove: str = ""
    add: dict[str, str] = field(default_factory=dict)
    copy: dict[str, str] = field(default_factory=dict)
    under_in: dict[str, str] = field(default_factory=dict)  # told in another file than changed
    also: list[str] = field(default_factory=list)  # codes of faults that follow from the slip

    def lay_over(self, quest: Path) -> None:
        if self.before:
            path = quest / self.file
            text = path.read_text(encoding="utf-8")
            assert self.before in text
            path.write_text(text.replace(self.before, self.after, 1), encoding="utf-8")
        if self.remove:
            (quest / self.remove).unlink()
        for name, text in self.add.items():
            (quest / name).parent.mkdir(parents=True, exist_ok=True)
            (quest / name).write_text(text, encoding="utf-8")
        for source, target in self.copy.items():
            (quest / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(quest / source, quest / target)

    def place(self, quest: Path) -> tuple[Path, int, int]:
        """The file, line and column that must be told."""
        path = quest / self.under_in.get("file", self.file)
        word = self.under_in.get("text", self.under)
        if not word:
            return path, 1, 1
        lines = path.read_text(encoding="utf-8").splitlines()
        line = next(number for number, text in enumerate(lines, 1) if word in text)
        return path, line, lines[line - 1].index(word) + 1


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_good_quest(tmp_path_factory.mktemp("quests"))


def errors(quest: Path) -> list[Fault]:
    return [fault for fault in inspect_quest(quest) if fault.level is Level.ERROR]


def test_the_good_quest_has_nothing_to_mend(good: Path) -> None:
    assert [str(fault) for fault in inspect_quest(good)] == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_slip_is_told_with_file_line_and_the_mend(
    path: Path, good: Path, tmp_path: Path
) -> None:
    quest = tmp_path / good.name
    shutil.copytree(good, quest)
    case = Case(**YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    case.lay_over(quest)
    found = errors(quest)
    told = "\n".join(str(fault) for fault in found)
    fault = next((fault for fault in found if fault.code == case.code), None)
    assert fault is not None, told
    assert case.says in fault.message
    assert (fault.path, fault.line, fault.column) == case.place(quest)
    assert case.mend in advice(fault)
    assert {fault.code for fault in found} <= {case.code, *case.also}, told


def test_there_are_enough_broken_quests_of_every_family() -> None:
    codes = {YAML(typ="safe").load(path.read_text(encoding="utf-8"))["code"] for path in CASES}
    assert len(codes) >= 20
    assert {code[0] for code in codes} == set("QMCTNWL")
