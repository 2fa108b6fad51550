"""What a project may know of its surroundings: the time, the seed, where to leave files."""

import os
from datetime import UTC, datetime
from pathlib import Path

from .connecting import described


def now() -> datetime:
    """Return the moment that counts as now, with time zone UTC.

    It is the moment at which the data stop, unless a simulated one is set.
    """
    told = os.environ.get("SIM_NOW") or described().get("now")
    if not told:
        return datetime.now(UTC)
    moment = datetime.fromisoformat(told)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def artifacts() -> Path:
    """Return the folder for files that outlive training; what lies there is served later."""
    folder = Path(os.environ.get("SIM_ARTIFACTS", "artifacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def seed() -> int:
    """Return the seed to train with: two trainings with one seed must agree."""
    return int(os.environ.get("SIM_SEED", "0"))
