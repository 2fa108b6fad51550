"""What an image is built from, and the name that follows from it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "sandbox" / "images"
DIGEST_LABEL = "sim.digest"
PROFILE = IMAGES / "seccomp.json"  # of a container in which rooms nest
CARRIED = ("__init__.py", "runtimes.py", "agent", "simkit")  # of `sandbox`, in every image


def digest(runtime: str) -> str:
    """One number for everything of ours that an image of this runtime carries.

    An image with another digest holds another agent or other packages than this checkout,
    so the two could not speak to each other. Raises ValueError for an unknown runtime.
    """
    total = hashlib.sha256()
    for path in _sources(runtime):
        total.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def tag(runtime: str) -> str:
    """Name the image of this runtime that fits this checkout."""
    return f"simulator-{runtime}:{digest(runtime)[:12]}"


def agent_digest() -> str:
    """One number for the code that runs in a container, as it lies there."""
    total = hashlib.sha256()
    agent = REPOSITORY / "sandbox/agent"
    for path in sorted(agent.glob("*.py")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def lock(runtime: str) -> Path:
    """Find the list of a runtime's exact packages."""
    return REPOSITORY / "requirements" / f"{runtime}.txt"


def preloads(runtime: str) -> Path:
    """Find the list of what a runtime's template imports."""
    return REPOSITORY / "requirements" / f"{runtime}.preloads"


def carried() -> list[Path]:
    """List our own files that every image is built with."""
    places = [REPOSITORY / "sandbox" / name for name in CARRIED]
    files = [place for place in places if place.is_file()]
    return files + [path for place in places for path in sorted(place.rglob("*.py"))]


def _sources(runtime: str) -> Iterator[Path]:
    if not preloads(runtime).is_file():
        known = ", ".join(sorted(path.stem for path in preloads("*").parent.glob("*.preloads")))
        raise ValueError(f"no image is described for the runtime {runtime!r}; known: {known}")
    yield IMAGES / "Dockerfile"
    yield lock(runtime)
    yield preloads(runtime)
    yield from carried()
