"""Reads what a caller asks for: nothing but a known form, inside the operator's limits."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.interface import Limits, Made, Network
from sandbox.shell import ENVIRONMENT

DATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}")
MOST = Limits(
    cpu_seconds=3600.0,
    wall_seconds=3600.0,
    memory_mb=16_384,
    processes=512,
    scratch_mb=4096,
    scratch_files=200_000,
    output_kb=16_384,
)


# What libraries would else try in vain, at length: git, the network, a new interpreter.
OF_RUNTIME = {
    "python-service": {
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1",
    }
}


class Refusal(Exception):
    """A room is not opened; the message says why, to the caller."""


def read(asked: Mapping[str, Any], *, warehouse: Path) -> tuple[Limits, dict[str, object]]:
    """Check a question; give the limits and the order for a template. Raises Refusal."""
    try:
        limits = Limits(**{**asked["limits"], "network": Network(asked["limits"]["network"])})
        outside = [name for name, most in _numbers(MOST) if not 0 < getattr(limits, name) <= most]
        data, seed, now = asked["data"], int(asked["seed"]), asked["now"]
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"not a question for a room: {error}") from None
    if outside:
        raise Refusal(f"limits outside the operator's: {', '.join(outside)}")
    if data is not None and not _has(warehouse, data):
        raise Refusal(f"there is no dataset {data!r} in the warehouse")
    environment = {**ENVIRONMENT, "SIM_DATA": "/data", "SIM_ARTIFACTS": "/artifacts"}
    environment |= OF_RUNTIME.get(str(asked["runtime"]), {})
    environment["SIM_SEED"] = str(seed)
    if now is not None:
        environment["SIM_NOW"] = str(now)
    return limits, {"limits": asdict(limits), "data": data, "environment": environment}


def trial(limits: Limits) -> dict[str, object]:
    """Give the order for a room that is only to be opened."""
    made = asdict(Made(shell="", rooms="nested", development_only=True, runtime="", digest=""))
    return {
        "limits": asdict(limits),
        "data": None,
        "environment": {},
        "made": made,
    }


def _numbers(limits: Limits) -> list[tuple[str, float]]:
    return [(name, value) for name, value in asdict(limits).items() if name != "network"]


def _has(warehouse: Path, data: object) -> bool:
    named = isinstance(data, str) and DATA_NAME.fullmatch(data)
    return bool(named) and (warehouse / str(data)).is_dir()
