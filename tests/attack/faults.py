"""Hosts whose rooms are not what they should be, and a job that waits for a good one."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, SandboxError
from simulator.environment import ROOT
from tests.attack.learning import Learner, Unanswered
from tests.attack.stand import Stand
from tests.attack.traces import descendants
from tests.sandbox.walls import leaving

UNSAFE_HOSTS: Final = {  # a wall that is not there, and the word by which the self-test tells
    "seccomp": "seccomp should be",
    "capabilities": "capabilities should be",
    "read_only_root": "root should be",
    "descriptors": "descriptors should be",
}
STARTING_SECONDS: Final = 60.0
DYING_SECONDS: Final = 5.0
LEFT_BEHIND: Final = "left-behind"
WAITING_SECONDS: Final = 1.0
NO_NAMESPACES: Final = (
    # A user namespace of our own, whose limit counts for all below it: the host keeps its own.
    *("unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "--mount"),
    *("sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"),
    # What was needed for that goes again: a plain user has none of it, and bwrap minds.
    *("setpriv", "--ambient-caps", "-all", "--inh-caps", "-all", "--"),
)
NO_BWRAP: Final = (
    "import sys; import sandbox.bubblewrap_shell as shell; shell.CARRIED = 'no_such_package'; "
    "from sandbox.runner import main; sys.exit(main())"
)


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A runner on a host that falls short."""

    lacks: str
    word: str  # of what it must say about that
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> Path:
        """Where it listens, if it does."""
        return self.folder / "socket"

    def complaints(self) -> list[str]:
        """Nothing, when it opens no room and says why. Raises Unanswered."""
        why = self._why_not()
        if not why:
            return [f"without {self.lacks}: rooms are opened"]
        if self.word.lower() not in why.lower():
            return [f"without {self.lacks}: it says {why!r}"]
        return []

    def _why_not(self) -> str:
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            try:
                RunnerSandbox(self.socket).health()
            except SandboxError:
                if ended:
                    return self._said() or "it ended"
                time.sleep(0.1)
                continue
            try:
                with RunnerSandbox(self.socket).open(runtime="python-ml", limits=Limits()):
                    return ""
            except SandboxError as error:
                return str(error)
        raise Unanswered(f"a host without {self.lacks} says nothing: {self._said()}")

    def _said(self) -> str:
        return (self.folder / "log").read_text()[-500:]


def without_walls(stack: ExitStack) -> list[Faulty]:
    """Start a runner for each way a host may fall short."""
    started = []
    for wall, word in UNSAFE_HOSTS.items():
        folder = _folder(stack)
        code = leaving.copy_without(wall, folder, checked=True)
        words = leaving.command(folder, "--socket", str(folder / "socket"))
        process = _started(stack, folder, words, cwd=code, env=leaving.environment(folder))
        started.append(Faulty(lacks=wall, word=word, folder=folder, process=process))
    return [*started, _without_namespaces(stack)]


def _without_namespaces(stack: ExitStack) -> Faulty:
    """A host that allows nobody a user namespace."""
    folder = _folder(stack)
    words = leaving.command(folder, "--socket", str(folder / "socket"))
    process = _started(stack, folder, [*NO_NAMESPACES, *words])
    lacks = "user namespaces"
    return Faulty(lacks=lacks, word=lacks, folder=folder, process=process)


def without_program(stack: ExitStack, kind: str) -> Faulty:
    """Start a runner that cannot start a shell: no bwrap, or no engine that answers."""
    folder = _folder(stack)
    words = ["--home", str(folder), "--socket", str(folder / "socket")]
    if kind == "bubblewrap":
        command = [sys.executable, "-c", NO_BWRAP, "--shell", "bubblewrap", *words]
        changed = {"PATH": str(folder)}
    else:
        command = [sys.executable, "-m", "sandbox.runner", "--shell", "docker", *words]
        changed = {"DOCKER_HOST": f"unix://{folder}/no-engine.sock"}
    process = _started(stack, folder, command, env={**os.environ, **changed})
    word = "is not installed" if kind == "bubblewrap" else "docker"
    return Faulty(lacks=f"a program for {kind}", word=word, folder=folder, process=process)


def _folder(stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-unsafe-")))
    folder.chmod(0o755)  # rooms are another user's
    return folder


def _started(
    stack: ExitStack,
    folder: Path,
    words: list[str],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] = os.environ,
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(words, cwd=cwd, env=dict(env), stdout=out, stderr=out)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return process


@contextmanager
def taking_over(stand: Stand, socket: Path) -> Iterator[None]:
    """Let the site find another runner at its socket for a while; then its own again."""
    place = stand.site.home / "runner.sock"
    aside = place.with_name("runner.aside")
    place.rename(aside)
    if socket.exists():
        place.symlink_to(socket)
    try:
        yield
    finally:
        place.unlink(missing_ok=True)
        aside.rename(place)


def waits(stand: Stand, person: Learner, attempt: str) -> Iterator[str]:
    """While no good room is to be had: nothing runs, nothing is charged, and the page says so."""
    processes = stand.watcher.look().site
    until = time.monotonic() + WAITING_SECONDS
    while time.monotonic() < until:
        found = person.state(attempt)
        if found["state"] not in {"queued", "running"} or found["charged"]:
            yield f"the attempt is {found['state']}, charged {found['charged']}"
            return
        time.sleep(0.1)
    if stand.watcher.look().site != processes:
        yield "the site started processes of its own while there were no rooms"
    if stand.health().get("ok"):
        yield "the site says that it is well without a runner"
    if b"M-INFRA" in person.fetch(f"/attempts/{attempt}/"):
        yield "a code is shown where words belong"


def kill_keeper(roots: Iterable[int]) -> list[str]:
    """Kill the keeper of the room with a child left behind; complain when that child lives on."""
    child = _await_child(roots)
    os.kill(_parent(_parent(child)), signal.SIGKILL)  # above the room's first process
    deadline = time.monotonic() + DYING_SECONDS
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if Path(f"/proc/{child}").exists():
        os.kill(child, signal.SIGKILL)
        return [f"a child lives {DYING_SECONDS:.0f} s after the keeper of its room"]
    return []


def _await_child(roots: Iterable[int]) -> int:
    """The child, once it has lost its own parent and the room's first process has taken it."""
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        for pid in descendants(roots):
            with contextlib.suppress(OSError):
                named = Path(f"/proc/{pid}/comm").read_text().strip() == LEFT_BEHIND
                if named and _status(_parent(pid), "NSpid").split()[-1] == "1":
                    return pid
        time.sleep(0.02)
    raise Unanswered("the room's child never came")


def _parent(pid: int) -> int:
    return int(_status(pid, "PPid"))


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.partition(":")[2] for line in lines if line.startswith(f"{name}:"))
