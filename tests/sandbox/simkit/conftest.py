"""simkit over a small dataset, as a room would see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.simkit import asking
from tests.sandbox.simkit.small_data import write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The dataset that `simkit` sees; its connection is closed afterwards."""
    place = write(tmp_path / "data")
    monkeypatch.setenv("SIM_DATA", str(place))
    for name in ("CLICKHOUSE_URL", "SIM_NOW", "SIM_SEED", "SIM_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)
    yield place
    forget()


def forget() -> None:
    """Close the connection that this process keeps."""
    if asking.client.cache_info().currsize:
        asking.client().close()
    asking.client.cache_clear()
