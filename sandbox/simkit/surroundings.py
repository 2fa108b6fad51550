"""What a project may know of its surroundings: the time, the seed, where to leave files."""

import os
from datetime import UTC, datetime
from pathlib import Path


def now() -> datetime:
    """Return the moment that counts as now, with time zone UTC: simulated where one is set."""
    told = os.environ.get("SIM_NOW")
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
