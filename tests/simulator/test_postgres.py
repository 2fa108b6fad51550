"""Delivery keeps its promises on PostgreSQL, too: the same tests once more, on a real server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
SERVER = "SIM_TEST_POSTGRES"


@pytest.mark.postgres
@pytest.mark.slow
def test_delivery_holds_on_postgresql() -> None:
    address = os.environ.get(SERVER, "")
    need(f"a PostgreSQL server (its address in {SERVER})", present=bool(address))
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/simulator/attempts",
        ],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
    assert " passed" in finished.stdout
