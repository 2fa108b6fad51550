"""What judging by hand needs: a quest's data at a scale, and a runner of our own for rooms.

No database and no site: the author's commands stand on this.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.datasets import Datasets, prepare
from graders.grading import grade
from graders.intake import NotGradable
from graders.quest import Language, Quest
from graders.results import Event, Verdict
from graders.works import Work
from graders.workshop.matrix import Row
from graders.workshop.watching import Watch, watched
from sandbox.client import RunnerSandbox
from sandbox.interface import Sandbox, SandboxError

SEED = 20_240_501
SHELLS = ("auto", "bubblewrap", "docker")
_PATIENCE = 180.0  # seconds for a runner to come up; the first time it builds its runtime
_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A quest, its data at a scale, and a sandbox to judge works in."""

    quest: Quest
    datasets: Datasets
    sandbox: Sandbox
    seed: int = SEED

    def grade(
        self,
        work: Work,
        *,
        tell: Callable[[Event], None] | None = None,
        language: Language = "en",
        watch: Watch | None = None,
        shown: Mapping[str, float] | None = None,
    ) -> Row:
        """Judge one work. `tell` hears every event; `watch` looks for leaks. Raises SandboxError.

        `shown` is what was shown of hidden metrics before (`graders.grading.grade`). A
        work that is refused before grading is a row with the sentence that refuses it.
        """
        sandbox = watched(self.sandbox, watch) if watch else self.sandbox
        try:
            return Row(work=work, verdict=self._judged(work, sandbox, tell, shown))
        except NotGradable as refusal:
            return Row(work=work, verdict=None, refused=refusal.problem.sentence(language))

    def _judged(
        self,
        work: Work,
        sandbox: Sandbox,
        tell: Callable[[Event], None] | None,
        shown: Mapping[str, float] | None,
    ) -> Verdict | None:
        verdict = None
        for event in grade(
            self.quest,
            work.stage,
            work.files,
            sandbox=sandbox,
            datasets=self.datasets,
            seed=self.seed,
            shown=shown,
        ):
            verdict = event if isinstance(event, Verdict) else verdict
            if tell:
                tell(event)
        return verdict


@contextlib.contextmanager
def bench(
    quest: Quest,
    *,
    scale: str,
    home: Path,
    shell: str = "auto",
    seed: int = SEED,
) -> Iterator[Bench]:
    """A bench with data of the installation's secret and a runner that ends with the block.

    Raises SandboxError, DatasetError.
    """
    home.mkdir(parents=True, exist_ok=True)
    datasets = prepare(quest, scale=scale, secret=secret_of(home), home=home)
    with sandbox_for(quest, home=home, shell=shell) as sandbox:
        yield Bench(quest=quest, datasets=datasets, sandbox=sandbox, seed=seed)


@contextlib.contextmanager
def sandbox_for(
    quest: Quest, *, home: Path, shell: str = "auto", log: Path | None = None
) -> Iterator[Sandbox]:
    """Rooms of every runtime that the quest names. Raises SandboxError."""
    for runtime in runtimes_of(quest):
        build_runtime(runtime, home)
    with runner(home, kind=shell, log=log) as socket:
        yield RunnerSandbox(socket)


def runtimes_of(quest: Quest) -> list[str]:
    """The runtimes that a quest's stages name."""
    return sorted({stage.runtime or quest.runtime for stage in quest.stages})


@contextlib.contextmanager
def runner(
    home: Path, *, kind: str, rooms: str = "auto", log: Path | None = None
) -> Iterator[Path]:
    """A runner of our own on a private socket; it ends with us. Raises SandboxError.

    What it says of itself goes to our own standard error, or to a log.
    """
    with tempfile.TemporaryDirectory(prefix="graders-") as folder:
        socket = Path(folder) / "runner.sock"
        command = [sys.executable, "-m", "sandbox.runner", "--home", str(home)]
        command += ["--socket", str(socket), "--shell", kind]
        command += [] if rooms == "auto" else ["--rooms", rooms]  # else SANDBOX_ROOMS says it
        with contextlib.ExitStack() as stack:
            words = None if log is None else stack.enter_context(log.open("wb"))
            process = subprocess.Popen(command, stdout=words, stderr=words)  # noqa: S603 - our own
            try:
                _await(socket, process)
                yield socket
            finally:
                process.terminate()
                process.wait(timeout=30)


def secret_of(home: Path) -> bytes:
    """The installation's secret, as the site reads it; hidden data follow from it.

    Raises SandboxError for a SIM_SECRET that is not one.
    """
    given = os.environ.get("SIM_SECRET")
    if given:
        try:
            return bytes.fromhex(given)
        except ValueError:
            raise SandboxError("SIM_SECRET: expected hexadecimal digits") from None
    path = home / "secret"
    if not path.is_file():
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
    return path.read_bytes()


def secret_of_town(secret: bytes, town: int) -> bytes:
    """Another installation's secret, so to say: other hidden data, the same on every run."""
    if town == 0:
        return secret
    return hmac.new(secret, f"town {town}".encode(), hashlib.sha256).digest()


def home_of(given: Path | None) -> Path:
    """Where data and runtimes are kept: what was asked for, SIM_HOME, or ``.sim``."""
    return given or Path(os.environ.get("SIM_HOME") or ".sim")


def build_runtime(runtime: str, home: Path) -> None:
    """Build a runtime unless it is there. Raises SandboxError."""
    command = [sys.executable, "-m", "sandbox.runtimes", runtime, "--home", str(home)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    if done.returncode:
        said = done.stdout + done.stderr
        raise SandboxError(f"the runtime {runtime} could not be built\n{said}".rstrip())


def _await(socket: Path, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SandboxError(f"the runner ended with code {process.returncode}")
        if socket.exists():
            return
        time.sleep(0.05)
    raise SandboxError(f"the runner did not come up within {_PATIENCE:.0f} s")
