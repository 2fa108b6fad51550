"""What every test of the repository shares."""

from pathlib import Path

import pytest
from django.conf import settings

# What a test of these sees of the whole machine (mounts, engines) must be of its own making.
ON_THE_WHOLE_MACHINE = ("test_kills", "test_leaks", "test_container_rooms", "test_docker_shell")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests share a process where several run them: those that share what is dear."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_together(item)))


def _together(item: pytest.Item) -> str:
    """Tests of a file share its fixtures; tests over one kind of rooms share their runner."""
    call = getattr(item, "callspec", None)
    host = None if call is None else call.params.get("host")
    if item.path.stem in ON_THE_WHOLE_MACHINE or host == "container":
        return "machine"
    if isinstance(host, str):
        return f"rooms: {host}"
    work = None if call is None else call.params.get("work")
    stage = getattr(work, "stage", None)  # a quest's works are the longest of all tests
    return f"{item.path}: {stage.slug}" if stage else str(item.path)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """A test database in a file: several connections may write to it, as in real life."""
    database = settings.DATABASES["default"]
    database["CONN_MAX_AGE"] = 0  # no thread keeps a connection to a database that will be gone
    if database["ENGINE"].endswith("sqlite3"):
        home: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(home / "test.sqlite3")
