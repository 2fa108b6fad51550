"""Runs a runner with one wall of its rooms left out: for tests only, of a copy of the code.

Names for other suites: `WALLS`, the walls that can be left out, and `runner_without(wall, folder=)`,
which gives the socket of a ready runner; `None` leaves nothing out. The production code has no
switch for this: `copy_without` copies `sandbox/` and replaces exact lines of the copy, and
raises `WallMoved` unless it finds each of them exactly once.

Not here: no-new-privileges, which bubblewrap itself puts on everything in its shell, so that leaving
ours out changes nothing that could be seen.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import runtimes
from sandbox.client import RunnerSandbox
from sandbox.interface import SandboxError

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / ".sim"
STARTING_SECONDS = 60
PARTS = ("requirements",)  # read, never changed: linked


class WallMoved(Exception):
    """The lines that raise a wall are not where this module knows them."""


@dataclass(frozen=True)
class Change:
    """Lines of one file of `sandbox/`, and what stands there without the wall."""

    file: str
    old: str
    new: str = ""


LEFT_OUT: dict[str, tuple[Change, ...]] = {
    "network": (Change("agent/walls.py", "    | kernel.CLONE_NEWNET\n"),),
    # The system-call filter refuses System V calls, too: the pair is left out.
    "ipc": (
        Change("agent/walls.py", "    | kernel.CLONE_NEWIPC\n"),
        Change("agent/confine.py", "    seccomp.install(cage.filter)  #", "    #"),
    ),
    "proc": (
        Change("agent/walls.py", '"proc", careful, "subset=pid")', '"proc", careful, None)'),
    ),
    # Landlock lets nobody write outside the room's scratch, either: the pair is left out.
    "read_only_root": (
        Change(
            "agent/confine.py", "        landlock.restrict(cage.landlock)  #", "        pass  #"
        ),
        Change(
            "agent/walls.py",
            '    kernel.mount("none", "/", None, _same_but_read_only("/"), None)\n',
        ),
    ),
    # The warden's watch ends who passes the number of files, too: the pair is left out.
    "scratch_inodes": (
        Change("agent/walls.py", "nr_inodes={files},", "nr_inodes=1000000,"),
        Change(
            "agent/crowd.py",
            "return files - self._files_at_first > limits.scratch_files",
            "return False",
        ),
    ),
    "descriptors": (
        Change(
            "agent/process.py",
            "        confine.close_all_but(*(what.channel[1:] if what.channel else ()))\n",
        ),
    ),
    "capabilities": (Change("agent/confine.py", "    _drop_capabilities()  #", "    #"),),
    "rlimits": (Change("agent/confine.py", "    _limit(cpu_seconds=", "    dict(cpu_seconds="),),
    "seccomp": (Change("agent/confine.py", "    seccomp.install(cage.filter)  #", "    #"),),
}
WALLS: tuple[str, ...] = tuple(LEFT_OUT)
VERDICT_ASIDE = Change(
    "probing.py",
    "        _look_inside(sandbox, runtime, found)\n        _meet_limits(sandbox, runtime, found)\n",
    "        pass\n",
)


def copy_without(wall: str | None, folder: Path, *, checked: bool) -> Path:
    """Copy the code below `folder`, without a wall; unless `checked`, without self-test, too."""
    place = folder / "code"
    shutil.copytree(
        ROOT / "sandbox", place / "sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    for part in PARTS:
        (place / part).symlink_to(ROOT / part)
    changes = () if wall is None else LEFT_OUT[wall]
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
    return {**os.environ, "SIM_RUNTIMES": str(kept)}


def command(folder: Path, *words: str) -> list[str]:
    """Give the command line of a runner that makes its shells with bubblewrap."""
    warehouse = folder / "warehouse"
    warehouse.mkdir(exist_ok=True)
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
