"""What a test needs of the machine: a missing tool is a printed skip, or a failure in CI."""

import os

import pytest


def need(tool: str, *, present: bool) -> None:
    """Skip, naming the missing tool; where SIM_REQUIRE_ALL=1 says it must be there, fail."""
    if present:
        return
    if os.environ.get("SIM_REQUIRE_ALL") == "1":
        pytest.fail(f"{tool} is missing, and SIM_REQUIRE_ALL=1 asks for everything")
    pytest.skip(f"{tool} is missing on this machine")
