"""Experiments in real rooms: a sound function passes, a sloppy or hostile one is told why."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from graders import __main__ as command
from graders import experiment
from graders.checking import Check
from graders.datasets import Datasets
from graders.experiment import Law, analysis
from graders.experiment.worlds import simulate
from graders.failures import Ended
from graders.loading import load_quest
from graders.results import Phase
from graders.rooms import Rooms
from graders.workspace import Workspace
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import Limits
from tests.graders.documents.conftest import CHURN, verdict
from tests.graders.small_quest import small_datasets
from tests.needs import need

pytestmark = pytest.mark.bubblewrap

HANDED_IN = ("kit.py", "splits.py")
UNEQUAL = Law(units=150, larger=3, spread=2.5, effect=26.0)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Datasets:
    return small_datasets(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, datasets: Datasets) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("home")
    (home / "warehouse" / datasets.public).mkdir(parents=True)
    try:
        runtimes.find("python-ml", home=home)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)
    with command.runner(home, kind="bubblewrap") as socket:
        rooms = Rooms(
            sandbox=RunnerSandbox(socket),
            runtime="python-ml",
            limits=Limits(),
            datasets=datasets,
            seed=7,
        )
        rooms.enter(Phase.PUBLIC)
        quest = load_quest(CHURN)
        files = {name: Path(__file__).with_name(name).read_bytes() for name in HANDED_IN}
        yield Workspace(quest=quest, stage=quest.stages[0], files=files, rooms=rooms)
        rooms.close()


@pytest.fixture(autouse=True, scope="module")
def _drawn_once() -> Iterator[None]:
    """The simulations of a law are drawn once for all functions that are tested on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "simulate", functools.lru_cache(maxsize=8)(simulate))
        yield


def told(check: Check, work: Workspace) -> str:
    try:
        return verdict(check, work)[0]
    except Ended as ended:
        return ended.reason


@pytest.mark.parametrize(
    ("name", "fair", "steady", "anew"),
    [
        ("by_hash", "passed", "passed", "passed"),
        ("by_words", "passed", "passed", "passed"),
        ("tilted", "share_off", "passed", "passed"),
        ("by_parity", "parity_off", "passed", "salt_ignored"),
        ("by_python", "passed", "process_changes", "salts_related"),
        ("by_coin", "passed", "order_changes", "passed"),
        ("added_salt", "passed", "passed", "salt_ignored"),
        ("half_related", "passed", "passed", "salts_related"),
        ("nothing", "not_an_arm", "not_an_arm", "not_an_arm"),
        ("absent", "not_found", "not_found", "not_found"),
    ],
)
def test_a_split_is_fair_steady_and_dealt_anew(
    work: Workspace, name: str, fair: str, steady: str, anew: str
) -> None:
    target = f"splits:{name}"
    assert told(experiment.split_is_fair(target=target, points=1), work) == fair
    assert told(experiment.split_is_steady(target=target, points=1), work) == steady
    assert told(experiment.split_reshuffles(target=target, points=1), work) == anew


def test_whole_numbers_may_be_the_units(work: Workspace) -> None:
    target = "splits:by_hash"
    for make in (
        experiment.split_is_fair,
        experiment.split_is_steady,
        experiment.split_reshuffles,
    ):
        assert told(make(target=target, points=1, whole_numbers=True), work) == "passed"


@pytest.mark.parametrize(
    ("name", "alarms", "power", "intervals"),
    [
        ("welch", "passed", "passed", "passed"),
        ("as_object", "passed", "passed", "passed"),
        ("scipys", "passed", "passed", "no_interval"),
        ("one_sided", "false_alarms_many", "passed", "passed"),
        ("careful", "false_alarms_few", "power_low", "passed"),
        ("medians", "passed", "passed", "biased"),
        ("narrow", "passed", "passed", "coverage_low"),
        ("a_guess", "passed", "power_low", "no_interval"),
        ("a_fixed_line", "false_alarms_many", None, None),
        ("not_a_number", "no_answer", "no_answer", "no_interval"),
        ("raises", "raised", None, None),
        ("leaves", "crashed", None, None),
        ("takes_over", "rejected", None, None),
    ],
)
def test_an_analysis_keeps_its_level_finds_effects_and_has_honest_intervals(
    work: Workspace, name: str, alarms: str, power: str | None, intervals: str | None
) -> None:
    target = f"kit:{name}"
    assert told(experiment.false_alarms(target=target, points=1), work) == alarms
    if power is not None:
        assert told(experiment.finds_effects(target=target, points=1), work) == power
    if intervals is not None:
        assert told(experiment.honest_intervals(target=target, points=1), work) == intervals


def test_unequal_arms_of_unequal_spread_tell_pooled_variance(work: Workspace) -> None:
    sound = experiment.false_alarms(target="kit:welch", points=1, law=UNEQUAL)
    pooled = experiment.false_alarms(target="kit:pooled", points=1, law=UNEQUAL)
    assert (told(sound, work), told(pooled, work)) == ("passed", "false_alarms_many")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("delta", "ratio", "passed"),
        ("by_views", "ratio", "rows_for_units"),
        ("by_cluster", "clustered", "passed"),
        ("by_row", "clustered", "rows_for_units"),
    ],
)
def test_the_unit_of_analysis_is_the_unit_of_the_split(
    work: Workspace, name: str, kind: Literal["ratio", "clustered"], reason: str
) -> None:
    check = experiment.unit_of_analysis(target=f"kit:{name}", points=1, kind=kind)
    assert told(check, work) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [("cuped", "passed"), ("forgets_the_past", "variance_kept"), ("centred_by_arm", "biased")],
)
def test_a_pre_period_is_used_and_takes_nothing(work: Workspace, name: str, reason: str) -> None:
    check = experiment.variance_reduction(target=f"kit:{name}", points=1)
    assert told(check, work) == reason


@pytest.mark.parametrize(
    ("name", "reason"), [("sequential", "passed"), ("waits", "passed"), ("daily", "peeking")]
)
def test_early_looks_keep_the_level(work: Workspace, name: str, reason: str) -> None:
    check = experiment.early_looks(target=f"kit:{name}", points=1, looks=5)
    assert told(check, work) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("size", "passed"),
        ("size_one_side", "size_one_sided"),
        ("size_both", "size_of_both_arms"),
        ("size_of_power_80", "size_differs"),
        ("size_of_text", "size_no_number"),
        ("raises", "raised"),
    ],
)
def test_a_sample_size_follows_the_formula(work: Workspace, name: str, reason: str) -> None:
    check = experiment.sample_size_by_hand(target=f"kit:{name}", points=1)
    assert told(check, work) == reason


def test_an_authors_slip_is_said_when_the_checks_are_loaded() -> None:
    with pytest.raises(ValueError, match="ratio and clustered"):
        experiment.unit_of_analysis(target="a:b", points=1, kind="mean")
    with pytest.raises(ValueError, match="names are those"):
        experiment.sample_size_by_hand(target="a:b", points=1, names=("sd",))
