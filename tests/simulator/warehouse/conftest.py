"""A small quest with data, and a ClickHouse server of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from graders.quest import Quest
from tests.graders.test_datasets import write
from tests.warehouse_server import served

SECRET = b"w" * 32


@pytest.fixture
def small(tmp_path: Path, settings: Settings) -> Quest:
    """The one quest of this installation."""
    settings.QUESTS_DIR = tmp_path / "small_quests"
    settings.SIM_HOME = tmp_path / "home"
    settings.SIM_SECRET = SECRET
    settings.SIM_SCALE = ""
    settings.CLICKHOUSE_URL = ""
    return write(settings.QUESTS_DIR)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a ClickHouse server."""
    with served() as url:
        yield url
