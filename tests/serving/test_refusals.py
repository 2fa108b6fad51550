"""What is in the way of serving is one sentence with what to do, and exit code 2."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def _serve(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulator.serving"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_taken_port_is_named_with_a_way_out(taken_port: int, tmp_path: Path) -> None:
    finished = _serve(SIM_HOME=str(tmp_path), PORT=str(taken_port))
    assert finished.returncode == 2
    assert f"Port {taken_port} cannot be used" in finished.stderr
    assert f"make run PORT={taken_port + 1}" in finished.stderr


def test_a_wrong_setting_stops_before_anything_starts(tmp_path: Path) -> None:
    finished = _serve(SIM_HOME=str(tmp_path), PORT="http")
    assert finished.returncode == 2
    assert finished.stderr.startswith("PORT='http': expected a port")


def test_a_home_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    finished = _serve(SIM_HOME=str(home), PORT="0" + "8123")
    assert finished.returncode == 2
    assert "too long for a Unix socket" in finished.stderr
    assert "SIM_HOME" in finished.stderr
