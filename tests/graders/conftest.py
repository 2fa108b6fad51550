"""What the tests of the judge share."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graders.datasets import Datasets
from graders.grading import grade
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import Event
from tests.fakes import FakeSandbox
from tests.graders.small_quest import small_datasets, write_quest

Grade = Callable[..., list[Event]]


@pytest.fixture
def datasets(tmp_path: Path) -> Datasets:
    return small_datasets(tmp_path / "home")


@pytest.fixture
def quest(tmp_path: Path) -> Quest:
    return load_quest(write_quest(tmp_path))


@pytest.fixture
def graded(tmp_path: Path, datasets: Datasets) -> Grade:
    """Grade files on the small quest, with some of its files replaced."""

    def run(
        files: Mapping[str, str],
        *,
        sandbox: FakeSandbox | None = None,
        shown: Mapping[str, float] | None = None,
        **changed: str,
    ) -> list[Event]:
        small = load_quest(write_quest(tmp_path / f"q{len(list(tmp_path.iterdir()))}", **changed))
        return list(
            grade(
                small,
                small.stages[0],
                {path: body.encode() for path, body in files.items()},
                sandbox=sandbox or FakeSandbox(),
                datasets=datasets,
                shown=shown,
            )
        )

    return run
