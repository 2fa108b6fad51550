"""Build the image of a runtime: `python -m sandbox.images.build python-ml`.

The packages are downloaded here, by pip, against the lock; the build itself has no network.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.images import naming

PYTHON = "3.11"  # of the base image, which may differ from this interpreter


class BuildError(Exception):
    """An image could not be built; the message says which step and why."""


def build(runtime: str, *, base: str | None, home: Path) -> str:
    """Build the image unless it exists, and return its tag. Raises BuildError."""
    tag = naming.tag(runtime)
    if _exists(tag):
        return tag
    wheels = _download(naming.lock(runtime), home / "images" / runtime / "wheels")
    with tempfile.TemporaryDirectory(prefix="simulator-image-") as folder:
        context = _context(Path(folder), runtime=runtime, wheels=wheels)
        _run(
            "build the image",
            ["docker", "build", "--quiet", "--network", "none", "--tag", tag]
            + ["--label", f"{naming.DIGEST_LABEL}={naming.digest(runtime)}"]
            + ["--build-arg", f"RUNTIME={runtime}"]
            + (["--build-arg", f"BASE={base}"] if base else [])
            + [str(context)],
        )
    return tag


def _exists(tag: str) -> bool:
    listed = _run("ask the Docker engine", ["docker", "image", "ls", "--quiet", tag])
    return bool(listed.strip())


def _download(lock: Path, wheels: Path) -> Path:
    """Bring the locked packages; pip compares every hash, and skips what is there."""
    wheels.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--python-version", PYTHON]
    command += ["--dest", str(wheels), "--requirement", str(lock)]
    for present in sorted(wheels.parent.parent.glob("*/wheels")):  # runtimes share most packages
        command += ["--find-links", str(present)]
    _run("download the runtime's packages", command)
    return wheels


def _context(folder: Path, *, runtime: str, wheels: Path) -> Path:
    shutil.copy(naming.IMAGES / "Dockerfile", folder / "Dockerfile")
    shutil.copy(naming.lock(runtime), folder / "requirements.txt")
    shutil.copy(naming.preloads(runtime), folder)
    shutil.copytree(wheels, folder / "wheels")
    for path in naming.carried():
        target = folder / path.relative_to(naming.REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


def _run(what: str, command: list[str]) -> str:
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    except FileNotFoundError as error:
        raise BuildError(f"cannot {what}: {command[0]} is not installed") from error
    if finished.returncode:
        raise BuildError(f"cannot {what}: {' '.join(finished.stderr.split())[-2000:]}")
    return finished.stdout


def main() -> int:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.images.build", description=__doc__)
    parser.add_argument("runtimes", nargs="+", help="runtimes to build, such as python-ml")
    parser.add_argument("--base", help="base image with Python 3.11; default: the Dockerfile's")
    parser.add_argument("--home", type=Path, default=Path(".sim"), help="where downloads are kept")
    words = parser.parse_args()
    try:
        for runtime in words.runtimes:
            tag = build(runtime, base=words.base, home=words.home)
            print(f"image {tag} is ready", flush=True)  # noqa: T201 - a command
    except (BuildError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
