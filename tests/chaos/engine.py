"""A Docker engine of one's own, with its own socket and folder, that may be killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.images import naming
from tests.chaos.parts import Part, wait_for

STARTING_SECONDS: Final = 300.0
LOADING_SECONDS: Final = 600.0
RUNTIME: Final = "python-ml"


@dataclass(kw_only=True)
class Engine:
    """A running engine."""

    socket: Path
    part: Part

    @property
    def address(self) -> str:
        """What DOCKER_HOST says."""
        return f"unix://{self.socket}"

    def restart(self) -> str:
        """Kill it, and have it start again: every container of it ends."""
        for pid in reversed(self.part.family()):  # itself last, or it would be a tidy stop
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.part.process is not None:
            self.part.process.wait()
        time.sleep(1)
        self.come_up()
        return "the engine and its containers"

    def come_up(self) -> None:
        """Start it, again and again: on a busy machine it gives up on its own parts."""
        self.part.start()
        wait_for("the engine", self._answers_or_starts, seconds=STARTING_SECONDS)

    def _answers_or_starts(self) -> bool:
        self.part.tend()
        return self.answers()

    def answers(self) -> bool:
        """Whether it answers."""
        words = ["docker", "--host", self.address, "version"]
        try:
            done = subprocess.run(words, check=False, capture_output=True, timeout=20)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def why_not() -> str | None:
    """Why no engine of one's own can be had here; None when it can."""
    if os.geteuid() != 0:
        return "an engine of one's own needs root"
    if not (shutil.which("dockerd") and shutil.which("docker")):
        return "dockerd is not installed"
    if not image():
        return f"no image of {RUNTIME} is here to be loaded: make image"
    return None


@contextmanager
def engine() -> Iterator[Engine]:
    """Start one, load the image into it, end it and forget its folder."""
    with tempfile.TemporaryDirectory(prefix="sim-engine-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        words = [
            "dockerd", "--host", f"unix://{home}/docker.sock", "--data-root", f"{home}/data",
            "--exec-root", f"{home}/exec", "--pidfile", f"{home}/docker.pid",
            "--bridge", "none", "--iptables=false", "--ip6tables=false", "--log-driver", "none",
            "--userland-proxy=false",
        ]  # fmt: skip
        part = Part("dockerd", words, dict(os.environ), home / "dockerd.log")
        part.before = lambda: _forget(home / "docker.pid")
        ours = Engine(socket=home / "docker.sock", part=part)
        try:
            ours.come_up()
            _load(ours)
            yield ours
        finally:
            part.kill(signal.SIGTERM)
            part.stop()


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def image() -> str:
    """The image that fits this checkout, if the engine that is here has it."""
    name = naming.tag(RUNTIME)
    words = ["docker", "image", "inspect", name]
    known = subprocess.run(words, check=False, capture_output=True).returncode == 0
    return name if known else ""


def _load(ours: Engine) -> None:
    with subprocess.Popen(["docker", "save", image()], stdout=subprocess.PIPE) as saving:
        subprocess.run(
            ["docker", "--host", ours.address, "load"],
            stdin=saving.stdout,
            check=True,
            capture_output=True,
            timeout=LOADING_SECONDS,
        )
