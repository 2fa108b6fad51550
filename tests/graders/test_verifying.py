"""A quest is proven: what must hold holds, and whatever is broken in it turns the proof red."""

import ast
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from graders.data import SHOWN
from graders.datasets import Datasets
from graders.faults import QuestError
from graders.loading import load_quest
from graders.quest import Quest
from graders.workshop.keeping import Kept
from graders.workshop.matrix import duplicates, problems, untested
from graders.workshop.proving import sound_quest
from graders.workshop.verifying import Progress, Prover, towns
from tests.fakes import FakeSandbox
from tests.graders.small_quest import CHECKS, HIDDEN_CHECKS, MESSAGES, QUEST_YAML, write_quest

RIGHT = "def add(a, b):\n    return a + b\n"
OTHER_WAY = "def add(a, b):\n    return sum([a, b])\n"
OFF = "def add(a, b):\n    return a - b\n"
FIVE = "def add(a, b):\n    return 5\n"
WORKS = {
    "starter/README.md": "start\n",
    "reference/app/model.py": RIGHT,
    "variants/sums/work.yaml": "stage: model\nwhy: another way\n",
    "variants/sums/app/model.py": OTHER_WAY,
    "mistakes/is_right/work.yaml": "stage: model\nwhy: a sign\n",
    "mistakes/is_right/app/model.py": OFF,
    "mistakes/holds_for_hidden/work.yaml": "stage: model\nwhy: the public example only\n",
    "mistakes/holds_for_hidden/app/model.py": FIVE,
    "cheats/zero/work.yaml": "stage: model\nwhy: nothing at all\n",
    "cheats/zero/app/model.py": "def add(a, b):\n    return 0\n",
}


def quest_in(folder: Path, works: Mapping[str, str] = WORKS, /, **changed: str) -> Quest:
    place = write_quest(folder, **changed)
    for path, text in works.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    return load_quest(place)


@pytest.fixture
def many(tmp_path: Path) -> Datasets:
    """Hidden sums, enough of them for a label to be told from luck."""
    home = tmp_path / "home"
    rows = range(60)
    sums = pd.DataFrame({"a": [n * 7 % 13 for n in rows], "b": [n * 5 % 11 for n in rows]})
    truth = sums.assign(total=sums["a"] + sums["b"], luck=[n / 7.0 for n in rows])
    for name, frame in (
        ("warehouse/small-public/sums", sums.head(3)),
        ("warehouse/small-later/pairs", sums),
        ("truth/small/sums", truth),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(home / f"{name}.parquet")
    return Datasets(
        public="small-public",
        public_folder=home / "warehouse" / "small-public",
        truth=home / "truth" / "small",
        hidden={"later": "small-later"},
        scale="tiny",
    )


def proven(
    quest: Quest, data: Datasets, *, home: Path, only: Sequence[str] = (), runs: int = 1
) -> tuple[list[str], list[Progress]]:
    """What does not hold, and how the results came about."""
    told: list[Progress] = []
    with towns([data]) as places:
        prover = Prover(
            quest=quest,
            sandbox=FakeSandbox(),
            towns=places,
            kept=Kept(folder=home),
            jobs=1,
            runs=runs,
        )
        rows = prover.rows(prover.trials(quest.stages, only), tell=told.append)
    never = [] if only else [f"nothing tests {check}" for check in untested(rows)]
    return [*problems(rows), *never], told


def test_a_sound_quest_is_proven(tmp_path: Path, many: Datasets) -> None:
    found, told = proven(quest_in(tmp_path), many, home=tmp_path / "kept", runs=2)
    assert found == []
    assert len(told) == 12  # six works, each twice
    assert all(progress.fresh for progress in told)


# ------------------------------------------------------------------ breaking turns it red
def checks_in(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def without(text: str, check: str) -> str:
    """The file with one check that returns nothing at once."""
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == check:
            node.body = [ast.Return(value=None)]
    return ast.unparse(ast.fix_missing_locations(tree))


BREAKABLE = [
    pytest.param(file, text, check, id=check)
    for file, text in (("checks", CHECKS), ("hidden", HIDDEN_CHECKS))
    for check in checks_in(text)
]


@pytest.mark.parametrize(("file", "text", "check"), BREAKABLE)
def test_breaking_any_one_check_turns_it_red(
    file: str, text: str, check: str, tmp_path: Path, many: Datasets
) -> None:
    quest = quest_in(tmp_path, **{file: without(text, check)})
    found, _ = proven(quest, many, home=tmp_path / "kept")
    assert any(check in line for line in found), found


def test_every_check_of_the_small_quest_is_broken_above() -> None:
    assert [param.id for param in BREAKABLE] == ["is_there", "is_right", "holds_for_hidden"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"messages": MESSAGES.replace(', ru: "Суммы попадают в счёт."', "")}, "ru"),
        ({"messages": MESSAGES.replace("passed:", "pased:")}, "pased"),
        ({"quest": QUEST_YAML.replace("merit: 90", "merrit: 90")}, "merrit"),
    ],
)
def test_a_lost_translation_or_a_wrong_key_is_refused_with_its_place(
    changed: dict[str, str], said: str, tmp_path: Path
) -> None:
    folder = write_quest(tmp_path, **changed)
    with pytest.raises(QuestError) as error:
        sound_quest(folder)
    assert said in str(error.value)
    assert ".yaml:" in str(error.value)


def test_a_mistake_that_no_check_stops_is_red(tmp_path: Path, many: Datasets) -> None:
    works = WORKS | {"mistakes/is_right/app/model.py": OTHER_WAY}
    found, _ = proven(quest_in(tmp_path, works), many, home=tmp_path / "kept")
    assert "model mistakes/is_right: is_right did not stop it: passed" in found


def test_a_mistake_that_another_blocker_stops_is_red_unless_its_author_says_so(
    tmp_path: Path, many: Datasets
) -> None:
    blocking = {"checks": CHECKS.replace("points=30", 'points=30, severity="blocker"')}
    works = WORKS | {
        "mistakes/holds_for_hidden/app/model.py": OFF,
        "mistakes/is_there/work.yaml": "stage: model\nwhy: x\nalso: [is_right]\n",
        "mistakes/is_there/app/model.py": OFF,
    }
    found, _ = proven(quest_in(tmp_path, works, **blocking), many, home=tmp_path / "kept")
    assert "model mistakes/holds_for_hidden: another blocker stops it too: is_right (differs)" in (
        found
    )
    assert not any("is_there: another blocker" in line for line in found)


def test_a_variant_that_is_refused_is_red(tmp_path: Path, many: Datasets) -> None:
    works = WORKS | {"variants/sums/app/model.py": OFF}
    found, _ = proven(quest_in(tmp_path, works), many, home=tmp_path / "kept")
    assert any(line.startswith("model variants/sums: does not pass") for line in found)


def test_a_starter_with_points_is_red(tmp_path: Path, many: Datasets) -> None:
    works = WORKS | {"starter/app/model.py": "def add(a, b):\n    return None\n"}
    found, _ = proven(quest_in(tmp_path, works), many, home=tmp_path / "kept")
    assert any("points before a learner did anything" in line for line in found)


def test_a_check_that_says_two_things_of_one_work_is_red(tmp_path: Path, many: Datasets) -> None:
    judged = "TIMES.append(1)\n    if answer != 5 or len(TIMES) == 2:"
    flaky = CHECKS.replace("if answer != 5:", judged)
    flaky = flaky.replace("\n\n@check", "\n\nTIMES: list[int] = []\n\n\n@check", 1)
    quest = quest_in(tmp_path, checks=flaky)
    found, _ = proven(quest, many, home=tmp_path / "kept", runs=2)
    said = "is_right differs between two runs: passed 30, then failed 0 differs"
    assert any(said in line for line in found)


def test_checks_that_stop_the_same_works_are_named_together(
    tmp_path: Path, many: Datasets
) -> None:
    twin = CHECKS + CHECKS[CHECKS.index('@check(group="metrics"') :].replace("is_right", "adds")
    text = MESSAGES + MESSAGES[MESSAGES.index("is_right:") : MESSAGES.index("holds_for")].replace(
        "is_right:", "adds:"
    )
    quest = quest_in(tmp_path, checks=twin, messages=text)
    with towns([many]) as places:
        prover = Prover(
            quest=quest,
            sandbox=FakeSandbox(),
            towns=places,
            kept=Kept(folder=tmp_path / "kept"),
            jobs=1,
            runs=1,
        )
        rows = prover.rows(prover.trials(quest.stages))
    assert ("is_right", "adds") in duplicates(rows)


# ------------------------------------------------------------------ what is kept
def test_what_has_not_changed_is_not_judged_again(tmp_path: Path, many: Datasets) -> None:
    quest = quest_in(tmp_path)
    first, _ = proven(quest, many, home=tmp_path / "kept")
    second, told = proven(quest, many, home=tmp_path / "kept")
    assert (first, second) == ([], [])
    assert not any(progress.fresh for progress in told)


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("story.en.md", "Once upon a time\n", set()),
        ("stages/01_model/brief.en.md", "Add\n", set()),
        ("mistakes/is_right/app/model.py", OFF + "# still\n", {"mistakes/is_right"}),
        ("exact.json", "{}", {"reference", "starter", "cheats/zero"}),
        ("stages/01_model/checks.py", CHECKS + "\n", {"reference", "starter", "cheats/zero"}),
    ],
)
def test_only_what_follows_from_a_change_is_judged_again(
    path: str, text: str, again: set[str], tmp_path: Path, many: Datasets
) -> None:
    folder = quest_in(tmp_path).folder
    proven(load_quest(folder), many, home=tmp_path / "kept")
    (folder / path).write_text(text)
    _, told = proven(load_quest(folder), many, home=tmp_path / "kept")
    fresh = {progress.row.work.name for progress in told if progress.fresh}
    assert fresh == again or (len(again) > 1 and again <= fresh)


def test_a_damaged_result_is_judged_again(tmp_path: Path, many: Datasets) -> None:
    quest, home = quest_in(tmp_path), tmp_path / "kept"
    proven(quest, many, home=home)
    for path in home.rglob("*.json"):
        path.write_text('{"verdict": {"score": "high"}, "refused": "", "leaks": []}')
    found, told = proven(quest, many, home=home)
    assert found == []
    assert all(progress.fresh for progress in told)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("model", {*("reference", "starter", "variants/sums", "cheats/zero")}),
        ("is_right", {"reference", "variants/sums", "mistakes/is_right"}),
        ("cheats/*", {"cheats/zero"}),
        ("nothing", set()),
    ],
)
def test_works_are_chosen_by_stage_by_name_and_by_check(
    word: str, meant: set[str], tmp_path: Path, many: Datasets
) -> None:
    _, told = proven(quest_in(tmp_path), many, home=tmp_path / "kept", only=[word])
    names = {progress.row.work.name for progress in told}
    assert meant <= names
    assert bool(names) == bool(meant)


# ------------------------------------------------------------------ canaries
RAW = '(work.rooms.datasets.truth / "sums.parquet").read_bytes()'


def leaking(line: str) -> dict[str, str]:
    start = "    good = ["
    return {"hidden": HIDDEN_CHECKS.replace(start, f"    {line}\n{start}", 1)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('work.call("app.model:add", list(map(float, work.truth("sums")["total"])), [])', "total"),
        ('work.call("app.model:add", work.truth("sums")["luck"].tolist()[:9], [])', "fraction"),
        (f'work.call("app.model:add", {RAW}.decode("latin-1"), "")', "canary"),
    ],
)
def test_labels_that_a_check_hands_to_a_room_are_found(
    line: str, said: str, tmp_path: Path, many: Datasets
) -> None:
    found, _ = proven(quest_in(tmp_path, **leaking(line)), many, home=tmp_path / "kept")
    assert any("a call of app.model:add holds" in one and said in one for one in found), found


@pytest.mark.parametrize(
    "line",
    [
        'work.call("app.model:add", work.hidden("pairs", data="later")["a"].tolist(), [])',
        'answers = [work.call("app.model:add", a, 1) for a in work.truth("sums")["a"]]',
    ],
)
def test_what_a_room_may_know_is_no_leak(line: str, tmp_path: Path, many: Datasets) -> None:
    found, _ = proven(quest_in(tmp_path, **leaking(line)), many, home=tmp_path / "kept")
    assert not any("of the truth" in one for one in found)


def test_what_a_world_lets_be_seen_is_no_leak(tmp_path: Path, many: Datasets) -> None:
    truth = tmp_path / "truth"
    shutil.copytree(many.truth, truth)
    table = pq.read_table(truth / "sums.parquet")
    place = table.schema.get_field_index("total")
    marked = table.schema.set(place, table.schema.field("total").with_metadata(SHOWN))
    pq.write_table(table.cast(marked), truth / "sums.parquet")
    line = 'work.call("app.model:add", list(map(float, work.truth("sums")["total"])), [])'
    quest, datasets = quest_in(tmp_path, **leaking(line)), replace(many, truth=truth)
    found, _ = proven(quest, datasets, home=tmp_path / "kept")
    assert not any("of the truth" in one for one in found)


def test_a_cheat_that_finds_the_truth_and_tells_is_found(tmp_path: Path, many: Datasets) -> None:
    """A fake room has no walls: this cheat does get out, and the canary tells on it."""
    thief = (
        "import pathlib\n\n\ndef add(a, b):\n"
        f"    folder = pathlib.Path({str(many.truth.parent)!r})\n"
        "    raise ValueError([p.read_text() for p in folder.rglob('canary.txt')])\n"
    )
    works = WORKS | {"cheats/zero/app/model.py": thief}
    found, _ = proven(quest_in(tmp_path, works), many, home=tmp_path / "kept")
    leaks = [line for line in found if line.startswith("model cheats/zero: ")]
    assert any("the answer of app.model:add holds the canary" in line for line in leaks), found


def test_the_canary_goes_with_the_proof(tmp_path: Path, many: Datasets) -> None:
    proven(quest_in(tmp_path), many, home=tmp_path / "kept")
    assert [path.name for path in many.truth.parent.iterdir()] == [many.truth.name]
