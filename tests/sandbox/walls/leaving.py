"""Runs a runner with one wall of its rooms left out: for tests only, of a copy of the code.

Names for other suites: `WALLS`, the walls that can be left out, and `runner_without(wall, folder=)`,
which gives the socket of a ready runner; `None` leaves nothing out. The production code has no
switch for this: `copy_without` copies `sandbox/` and replaces exact lines of the copy, and
raises `WallMoved` unless it finds each of them exactly once.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError
from tests.sandbox.walls.left_out import BACKED, FOUNDATIONS, LEFT_OUT, Change

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / ".sim"
STARTING_SECONDS = 60
PARTS = ("requirements",)  # read, never changed: linked


WALLS: tuple[str, ...] = tuple(LEFT_OUT)
CANARY = "SIM_CANARY"  # a variable of the runner that no room may have


class WallMoved(Exception):
    """The lines that raise a wall are not where this module knows them."""


VERDICT_ASIDE = Change("probing.py", "    found = Found()\n", "    return Found()\n")


def copy_without(wall: str | None, folder: Path, *, checked: bool) -> Path:
    """Copy the code below `folder`, without a wall; unless `checked`, without self-test, too."""
    place = folder / "code"
    shutil.copytree(
        ROOT / "sandbox", place / "sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    for part in PARTS:
        (place / part).symlink_to(ROOT / part)
    changes = () if wall is None else {**LEFT_OUT, **FOUNDATIONS, **BACKED}[wall]
    for change in changes if checked else (*changes, VERDICT_ASIDE):
        _apply(change, place / "sandbox" / change.file)
    return place


def environment(folder: Path) -> dict[str, str]:
    """Give a runner runtimes whose own code is kept apart; the big trees are linked."""
    kept = folder / "runtimes"
    kept.mkdir()
    for path in runtimes.folder(HOME).iterdir():
        if path.name != "code":
            (kept / path.name).symlink_to(path)
    return {**os.environ, "SIM_RUNTIMES": str(kept), CANARY: "a secret of the runner"}


def command(folder: Path, *words: str) -> list[str]:
    """Give the command line of a runner that makes its shells with bubblewrap."""
    warehouse = folder / "warehouse"
    for data in ("given", "other"):
        (warehouse / data).mkdir(parents=True)
        (warehouse / data / "closed").write_text("to be read by root alone")
        (warehouse / data / "closed").chmod(0o600)
    start = [sys.executable, "-m", "sandbox.runner", "--shell", "bubblewrap"]
    return [*start, "--home", str(folder), "--warehouse", str(warehouse), *words]


@contextlib.contextmanager
def runner_without(wall: str | None, *, folder: Path) -> Iterator[Path]:
    """Run a runner whose rooms lack a wall; yields its socket. `folder` is empty and open to all."""
    place = copy_without(wall, folder, checked=False)
    socket, log = folder / "socket", folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(folder, "--socket", str(socket)),
            cwd=place,
            env=environment(folder),
            stdout=out,
            stderr=out,
        )
    try:
        _wait_until_ready(process, socket, log)
        yield socket
    finally:
        process.terminate()
        process.wait(30)


def _apply(change: Change, path: Path) -> None:
    text = path.read_text()
    if text.count(change.old) != 1:
        raise WallMoved(f"{change.file} has {text.count(change.old)} times: {change.old!r}")
    path.write_text(text.replace(change.old, change.new))


def _wait_until_ready(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(SandboxError):
            if RunnerSandbox(socket).health()["ok"]:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the runner did not come up: {log.read_text()}")
