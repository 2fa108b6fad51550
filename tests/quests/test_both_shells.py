"""The same attempt gets the same verdict, whichever shell its rooms are in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.datasets import Datasets, prepare
from graders.grading import grade
from graders.loading import load_quest
from graders.results import Verdict
from graders.works import Work, find_work, reference, starter
from graders.workshop import workbench
from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.docker_shell import DockerShells
from tests.needs import need

QUEST = load_quest(Path(__file__).resolve().parents[2] / "quests" / "churn")
OVERLAYS = {
    "features": ("mistakes/sees_no_tomorrow", "cheats/hash_of_the_customer"),
    "baseline": ("mistakes/rule_earns", "cheats/leaves_early"),
    "rollout": ("mistakes/earns_by_its_own_skill", "cheats/looks_for_the_world"),
}
WORKS = [
    pytest.param(work, id=f"{work.stage.slug}-{work.name}")
    for stage in QUEST.stages
    # Rooms with tables, with training, with a world. `make demo` sends reference and starter of
    # every stage through a whole site over each shell.
    if stage.slug in OVERLAYS
    for work in (
        reference(QUEST, stage),
        starter(QUEST, stage),
        *(find_work(QUEST, stage, name) for name in OVERLAYS[stage.slug]),
    )
]

pytestmark = [pytest.mark.docker, pytest.mark.bubblewrap, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for runtime in ("python-ml", "python-service"):
        why_not = DockerShells().why_not(runtime)
        need(f"a Docker engine with the image of {runtime}", present=why_not is None)
        try:
            runtimes.find(runtime, home=folder)
        except runtimes.RuntimeMissing as missing:
            need(str(missing), present=False)
    return folder


@pytest.fixture(scope="module")
def datasets(home: Path) -> Datasets:
    return prepare(QUEST, scale="tiny", secret=b"the secret of both shells", home=home)


@pytest.fixture(scope="module")
def both(home: Path) -> Iterator[tuple[RunnerSandbox, RunnerSandbox]]:
    with (
        workbench.runner(home, kind="bubblewrap") as one,
        workbench.runner(home, kind="docker") as other,
    ):
        yield RunnerSandbox(one), RunnerSandbox(other)


@pytest.mark.parametrize("work", WORKS)
def test_both_shells_give_the_same_verdict(
    work: Work, both: tuple[RunnerSandbox, RunnerSandbox], datasets: Datasets
) -> None:
    one, other = (_judged(work, sandbox, datasets) for sandbox in both)
    assert _said(one) == _said(other)
    assert (one.score, one.readiness, one.blame) == (other.score, other.readiness, other.blame)


def _judged(work: Work, sandbox: RunnerSandbox, datasets: Datasets) -> Verdict:
    events = grade(QUEST, work.stage, work.files, sandbox=sandbox, datasets=datasets, seed=1)
    return next(event for event in events if isinstance(event, Verdict))


def _said(verdict: Verdict) -> list[tuple[object, ...]]:
    """What a learner reads of each check, without how long it took."""
    return [
        (result.check, result.outcome, result.reason, result.points, result.locations)
        for result in verdict.results
    ]
