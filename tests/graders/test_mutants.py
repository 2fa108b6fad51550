"""Generated mutants: made from a reference, kept when its tests kill them, drawn by a seed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from graders import mutants, mutating, own_tests
from graders.datasets import Datasets
from graders.failures import Fail
from graders.faults import QuestError
from graders.loading import load_quest
from graders.mutants import Mutant, MutantKind
from graders.quest import Quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox.interface import Limits
from tests.fakes import FakeSandbox
from tests.graders.small_quest import write_quest

PRICE = """\
def price(age, full):
    if age < 0:
        raise ValueError(age)
    if age <= 12 or age > 64:
        return full / 2
    return full + 0
"""
SUITE = """\
import pytest

from app.price import price


@pytest.mark.parametrize(("age", "wanted"), [(0, 5), (12, 5), (13, 10), (64, 10), (65, 5)])
def test_borders(age, wanted):
    assert price(age, 10) == wanted


def test_nobody_is_younger_than_born():
    with pytest.raises(ValueError):
        price(-1, 10)
"""
WEAK = "from app.price import price\ndef test_a():\n    assert price(30, 10) == 10\n"


@pytest.fixture
def small(tmp_path: Path) -> Quest:
    folder = write_quest(tmp_path)
    for path, body in {
        "starter/app/__init__.py": "",
        "reference/app/price.py": PRICE,
        "reference/tests/test_price.py": SUITE,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body)
    return load_quest(folder)


@pytest.fixture
def rooms(datasets: Datasets) -> Iterator[Rooms]:
    limits = Limits(wall_seconds=20)
    rooms = Rooms(sandbox=FakeSandbox(), runtime="python-ml", limits=limits, datasets=datasets)
    rooms.enter(Phase.OWN_TESTS)
    with closing(rooms):
        yield rooms


def handed_in(quest: Quest, rooms: Rooms, suite: str) -> Workspace:
    files = {"app/price.py": PRICE.encode(), "tests/test_mine.py": suite.encode()}
    return Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)


def mutant(line: int, kind: MutantKind, was: str, becomes: str) -> Mutant:
    return Mutant(path="app/price.py", line=line, kind=kind, was=was, becomes=becomes)


BORDER = mutant(2, "boundary", "    if age < 0:", "    if age <= 0:")
TURNED = mutant(4, "condition", "    if age <= 12 or age > 64:", "    if age <= 12 and age > 64:")
NO_BUG = mutant(6, "arithmetic", "    return full + 0", "    return full - 0")


def test_every_kind_of_change_is_of_one_line_and_is_still_python() -> None:
    source = PRICE + (
        "\n\ndef total(items):\n    found = 0\n    for item in items:\n"
        "        try:\n            found += price(*item)\n"
        "        except ValueError:\n            continue\n    return found\n"
    )
    found = list(mutating.changes("app/price.py", source))
    assert {one.kind for one in found} == set(mutants.KINDS)
    assert BORDER in found
    assert len({(one.line, one.becomes) for one in found}) == len(found)
    for one in found:
        compile(mutants.applied(one, source.encode()), "mutant", "exec")
    assert found == list(mutating.changes("app/price.py", source))


def test_only_what_the_references_own_tests_kill_is_kept(small: Quest, rooms: Rooms) -> None:
    hangs = mutant(3, "loop", "        raise ValueError(age)", "        return None")
    broken = mutant(1, "condition", "def price(age, full):", "def prize(age, full):")
    every = [BORDER, TURNED, NO_BUG, hangs, broken]
    found = mutating.killed(small, small.stages[0], every, rooms=rooms)
    assert found == [BORDER, TURNED, hangs]  # one is no bug, one cannot be imported


def test_no_mutants_are_made_from_a_reference_that_is_red(small: Quest, rooms: Rooms) -> None:
    (small.folder / "reference/tests/test_price.py").write_text("def test_a():\n    assert 0\n")
    with pytest.raises(QuestError, match=r"W406 the reference's tests must be green"):
        mutating.killed(small, small.stages[0], [BORDER], rooms=rooms)


def test_the_file_is_read_as_it_was_written(small: Quest) -> None:
    mutating.write(small, small.stages[0], [TURNED, BORDER])
    assert mutants.kept(small, small.stages[0]) == [BORDER, TURNED]


def test_a_mutant_of_a_text_that_has_changed_is_the_authors_fault(small: Quest) -> None:
    mutating.write(small, small.stages[0], [BORDER])
    (small.folder / "reference/app/price.py").write_text("# new\n" + PRICE)
    with pytest.raises(QuestError, match=r"mutants\.yaml:2:3 W405 .*make them anew"):
        mutants.kept(small, small.stages[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: []\n", 'no stage "modle"; did you mean "model"'),
        ("model:\n- {path: a, line: 1, kind: border, was: a, becomes: b}\n", "boundary"),
        ("model:\n- {path: a, line: 1, kind: loop, was: a, became: b}\n", '"becomes"'),
    ],
)
def test_a_slip_in_the_file_is_told(small: Quest, text: str, words: str) -> None:
    (small.folder / "bugs").mkdir()
    (small.folder / mutants.FILE).write_text(text)
    with pytest.raises(QuestError, match=words):
        mutants.kept(small, small.stages[0])


def test_the_seed_draws_from_every_kind_and_from_many_lines() -> None:
    every = [mutant(10 + n % 6, "constant", "a", f"{n}") for n in range(30)]
    every += [BORDER, TURNED]
    drawn = mutants.drawn(every, seed=5, most=8)
    assert drawn == mutants.drawn(every, seed=5, most=8)
    assert drawn != mutants.drawn(every, seed=6, most=8)
    assert {one.kind for one in drawn} == {"boundary", "condition", "constant"}
    assert len({one.line for one in drawn if one.kind == "constant"}) == 6
    assert len(mutants.drawn(every, seed=5, most=1_000)) == len(every)


def test_tests_are_judged_by_mutants_where_no_bug_is_planted(small: Quest, rooms: Rooms) -> None:
    mutating.write(small, small.stages[0], [BORDER, TURNED])
    catches = own_tests.catches(points=10)
    assert catches(handed_in(small, rooms, SUITE)) is not None
    work = handed_in(small, rooms, WEAK)
    with pytest.raises(Fail) as failure:
        catches(work)
    assert failure.value.reason == "kinds_not_caught"
    assert failure.value.params["kinds"] == "boundary, condition"
    half = SUITE.replace("(0, 5), ", "")
    with pytest.raises(Fail) as failure:
        catches(handed_in(small, rooms, half))
    assert failure.value.reason == "misses_boundary"
    assert failure.value.params["caught"] == 1


def test_a_planted_bug_is_asked_instead_of_mutants(small: Quest, rooms: Rooms) -> None:
    mutating.write(small, small.stages[0], [BORDER, TURNED])
    bug = small.folder / "bugs/free_exact"
    (bug / "app").mkdir(parents=True)
    (bug / "work.yaml").write_text("stage: model\nwhy: for nothing\n")
    (bug / "app/price.py").write_text("def price(age, full):\n    return 0\n")
    praise = own_tests.catches(points=10)(handed_in(small, rooms, SUITE))
    assert getattr(praise, "params", {})["total"] == 1


def test_without_bugs_and_mutants_the_author_is_told_what_to_run(
    small: Quest, rooms: Rooms
) -> None:
    with pytest.raises(ValueError, match=r"python -m graders\.mutating .* --stage model"):
        own_tests.catches(points=10)(handed_in(small, rooms, SUITE))
