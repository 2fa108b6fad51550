"""Hosts whose rooms are not what they should be, and a job that waits for a good one."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, SandboxError
from simulator.environment import ROOT
from tests.attack.learning import Learner, Unanswered
from tests.attack.stand import Stand
from tests.sandbox.walls import leaving

UNSAFE_HOSTS: Final = ("seccomp", "capabilities", "read_only_root", "descriptors")
STARTING_SECONDS: Final = 60.0
WAITING_SECONDS: Final = 1.0
NO_NAMESPACES: Final = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
NO_BWRAP: Final = (
    "import sys; import sandbox.bubblewrap_shell as shell; shell.CARRIED = 'no_such_package'; "
    "from sandbox.runner import main; sys.exit(main())"
)


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A runner on a host that falls short."""

    lacks: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> Path:
        """Where it listens, if it does."""
        return self.folder / "socket"

    def why_not(self) -> str:
        """Why it opens no rooms; empty when it does. Raises Unanswered."""
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
    for wall in UNSAFE_HOSTS:
        folder = _folder(stack)
        code = leaving.copy_without(wall, folder, checked=True)
        words = leaving.command(folder, "--socket", str(folder / "socket"))
        env = leaving.environment(folder)
        started.append(_started(stack, wall, folder, words, cwd=code, env=env))
    return [*started, _without_namespaces(stack)]


def _without_namespaces(stack: ExitStack) -> Faulty:
    """A host that allows nobody a user namespace: made of one in which that is so."""
    folder = _folder(stack)
    words = leaving.command(folder, "--socket", str(folder / "socket"))
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", NO_NAMESPACES, "sh"]
    return _started(stack, "user namespaces", folder, [*inside, *words])


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
    env = {**os.environ, **changed}
    return _started(stack, f"a program for {kind}", folder, command, env=env)


def _folder(stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-unsafe-")))
    folder.chmod(0o755)  # rooms are another user's
    return folder


def _started(
    stack: ExitStack,
    lacks: str,
    folder: Path,
    words: list[str],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] = os.environ,
) -> Faulty:
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(words, cwd=cwd, env=dict(env), stdout=out, stderr=out)
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return Faulty(lacks=lacks, folder=folder, process=process)


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
