"""The one quest of a preview: where it lies, when it was saved, what is wrong with it."""

import functools
from pathlib import Path

from django.conf import settings

from graders.faults import Fault, Level
from graders.inspecting import inspect_quest
from graders.loading import find_quests


def folder() -> Path:
    """The quest's folder. Raises LookupError when there is none."""
    found = find_quests(Path(settings.QUESTS_DIR))
    if not found:
        raise LookupError(f"{settings.QUESTS_DIR} holds no quest")
    return found[0].resolve()


def saved_at() -> float:
    """When a file of the quest was last saved, added or taken away."""
    paths = [path for path in folder().rglob("*") if "__pycache__" not in path.parts]
    return max(path.stat().st_mtime for path in paths if path.exists())


def faults() -> tuple[Fault, ...]:
    """What stops the quest as it is now."""
    return _faults(folder(), saved_at())


@functools.lru_cache(maxsize=4)
def _faults(place: Path, stamp: float) -> tuple[Fault, ...]:
    del stamp  # a part of the key: what has changed is looked at again
    return tuple(fault for fault in inspect_quest(place) if fault.level is Level.ERROR)
