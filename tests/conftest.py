"""What every test of the repository shares."""

from pathlib import Path

import pytest
from django.conf import settings


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
