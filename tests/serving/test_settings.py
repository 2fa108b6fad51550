"""What the processes of `make run` are told."""

from pathlib import Path

from simulator import environment
from simulator.serving.__main__ import _settings


def test_the_runner_is_told_which_rooms_to_make(tmp_path: Path) -> None:
    given = environment.read(
        {
            "SIM_HOME": str(tmp_path),
            "SANDBOX_ROOMS": "container",
            "SANDBOX_RUNTIME": "runsc",
            "SANDBOX_DRAIN_SECONDS": "7.5",
        }
    )
    told = _settings(given)
    assert told["SANDBOX_ROOMS"] == "container"
    assert told["SANDBOX_RUNTIME"] == "runsc"
    assert told["SANDBOX_DRAIN_SECONDS"] == "7.5"
    assert told["SIM_HOME"] == str(tmp_path)
