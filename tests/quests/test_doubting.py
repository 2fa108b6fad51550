"""A verification is red when churn is: a check that does nothing, a word that is lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.faults import QuestError
from graders.loading import load_checks, load_quest
from graders.works import overlay, overlays
from graders.workshop.doubting import doubt, emptied
from graders.workshop.matrix import problems
from graders.workshop.proving import sound_quest
from graders.workshop.workbench import Bench, bench
from sandbox import runtimes
from tests.needs import need

CHURN = Path(__file__).resolve().parents[2] / "quests" / "churn"
# One of each sort, the quickest; `sim verify quests/churn --doubt` empties all of them.
SAMPLE = (("features", "answers_by_contract"), ("baseline", "expected_gain_by_hand"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("home")
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with bench(load_quest(CHURN), scale="tiny", home=home, shell="bubblewrap") as found:  # noqa: S604
        yield found


@pytest.fixture
def churn(tmp_path: Path) -> Path:
    folder = tmp_path / "churn"
    shutil.copytree(CHURN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def put(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_an_emptied_check_returns_nothing_for_any_work() -> None:
    text = (
        '@check(points=1)\ndef adds(it) -> float:\n    """It adds."""\n    return it.call("a")\n'
    )
    found: dict[str, object] = {}
    code = emptied(text, "adds").replace("@check(points=1)\n", "").replace(") -> float", ")")
    exec(code, found)  # noqa: S102 - a check of this file

    class Work:
        files = ("app/model.py",)

    assert found["adds"](Work()) is None  # type: ignore[operator]


@pytest.mark.bubblewrap
@pytest.mark.slow
@pytest.mark.parametrize(("slug", "check"), SAMPLE)
def test_a_check_of_churn_that_does_nothing_is_noticed(
    place: Bench, slug: str, check: str
) -> None:
    (found,) = doubt(place, place.quest.stage(slug), lambda name: name == check)
    assert found.works
    assert any(f"{check} did not stop it: passed" in line for line in found.noticed) or (
        found.noticed[-1] == f"{slug} starter: nothing tests {check}"
    )


@pytest.mark.bubblewrap
@pytest.mark.slow
def test_a_mistake_of_churn_that_no_check_stops_is_red(place: Bench, churn: Path) -> None:
    right = (CHURN / "reference" / "sql" / "features.sql").read_text()
    path = churn / "mistakes" / "answers_by_hand" / "sql" / "features.sql"
    path.write_text(f"{right}-- the same\n")
    quest = load_quest(churn)
    work = overlay(quest, churn / "mistakes" / "answers_by_hand")
    mine = Bench(quest=quest, datasets=place.datasets, sandbox=place.sandbox)
    (line,) = problems([mine.grade(work)])
    assert "answers_by_hand did not stop it: passed" in line


@pytest.mark.parametrize(
    ("file", "before", "after", "code"),
    [
        ("quest.yaml", "grading_scale:", "grading_scael:", "Q102"),
        ("stages/02_features/messages.yaml", "\n    ru: ", "\n    # ru: ", "Q104"),
        ("stages/02_features/brief.ru.md", "", "", "T601"),
    ],
)
def test_a_lost_russian_word_or_a_wrong_key_stops_a_verification_before_it_begins(
    churn: Path, file: str, before: str, after: str, code: str
) -> None:
    if before:
        put(churn / file, before, after)
    else:
        (churn / file).unlink()
    with pytest.raises(QuestError) as red:
        sound_quest(churn)
    assert code in {fault.code for fault in red.value.faults}


def test_every_check_of_churn_that_is_its_own_has_a_work_to_be_doubted_by() -> None:
    quest = load_quest(CHURN)
    for stage in quest.stages:
        stopped = {work.stopped_by for work in overlays(quest, stage)}
        idle = {check.name for check in load_checks(quest, stage)} - stopped
        assert idle <= {"answers_by_contract"}, stage.slug  # which the starter runs into
