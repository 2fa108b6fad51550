"""The runner is killed at random moments of work: nothing of any room lives on.

This process takes in the orphans of what it starts, so whatever outlives a runner is found as a
descendant of ours, whenever it was forked.
"""

import contextlib
import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from sandbox import docker_shell
from sandbox.client import RunnerSandbox
from sandbox.engine import OWNER_LABEL, SHELL_LABEL
from sandbox.interface import Network, SandboxError, ServiceDown
from tests.sandbox.conftest import HOME, LIMITS, ROOT, _need_shell

PR_SET_CHILD_SUBREAPER = 36
LEFT_SECONDS = {"bubblewrap": 5.0, "docker": 60.0}
STARTING_SECONDS = 60.0
SEED = int(os.environ.get("SIM_SEED") or random.SystemRandom().randrange(10**6))
BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
SERVER = "import http.server as h; h.HTTPServer(('127.0.0.1', 8000), h.SimpleHTTPRequestHandler).serve_forever()"
LOUD = replace(LIMITS, network=Network.LOOPBACK)
CASES = [
    pytest.param("bubblewrap", 10, marks=pytest.mark.bubblewrap),
    pytest.param("docker", 2, marks=pytest.mark.docker),
]


@pytest.fixture
def orphans() -> Iterator[None]:
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("orphans")
@pytest.mark.parametrize(("kind", "times"), CASES)
def test_nothing_of_a_room_outlives_a_killed_runner(kind: str, times: int, tmp_path: Path) -> None:
    _need_shell(kind)
    print(f"SIM_SEED={SEED} repeats these moments")  # noqa: T201 - shown when it fails
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    before, mounts = descendants(), _mounts()
    process, sandbox = _start(kind, tmp_path)
    for number in range(times):
        workers = [_at_work(work, sandbox) for work in (_open, _call, _serve, _bomb)]
        time.sleep(moments.uniform(0.0, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = time.monotonic()
        while left := [*(descendants() - before), *_held(kind, process.pid)]:
            assert time.monotonic() < killed + LEFT_SECONDS[kind], f"kill {number}: {left}"
            time.sleep(0.05)
        for worker in workers:
            worker.join(STARTING_SECONDS)
            assert not worker.is_alive()
        assert not _members(process.pid)
        assert _mounts() == mounts
        dead = process.pid
        process, sandbox = _start(kind, tmp_path)
        assert not _groups(dead)  # the next runner has removed what was left
    process.terminate()
    assert process.wait(STARTING_SECONDS) == 0


def _start(kind: str, folder: Path) -> tuple[subprocess.Popen[bytes], RunnerSandbox]:
    path = folder / "socket"
    path.unlink(missing_ok=True)
    words = [
        "--home",
        str(HOME),
        "--shell",
        kind,
        "--socket",
        str(path),
        "--warehouse",
        str(folder),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.runner", *words], cwd=ROOT, stdout=log, stderr=log
        )
    until = time.monotonic() + STARTING_SECONDS
    while not path.exists():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until
        time.sleep(0.02)
    return process, RunnerSandbox(path)


def _at_work(work: Callable[[RunnerSandbox], None], sandbox: RunnerSandbox) -> threading.Thread:
    """Do one kind of work again and again, until the sandbox falls down."""

    def keep_on() -> None:
        with contextlib.suppress(SandboxError):
            while True:
                work(sandbox)

    thread = threading.Thread(target=keep_on)
    thread.start()
    return thread


def _open(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime="python-ml", limits=LIMITS):
        pass


def _call(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        room.call("math:factorial", 20_000)
        room.run("python", "-c", "import time; time.sleep(0.2)")


def _serve(sandbox: RunnerSandbox) -> None:
    with (
        sandbox.open(runtime="python-ml", limits=LOUD) as room,
        contextlib.suppress(ServiceDown),
        room.serve("python", "-c", SERVER, port=8000) as service,
    ):
        service.request("GET", "/")


def _bomb(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        room.run("python", "-c", BOMB)


def descendants() -> set[int]:
    """List every process below this one, once the dead among its children are buried."""
    found, waiting = set(), [os.getpid()]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for pid in map(int, children.read_text().split()):
                    if not _buried(pid):
                        found.add(pid)
                        waiting.append(pid)
    return found


def _buried(pid: int) -> bool:
    """Whether a process is dead; an orphan that fell to us is waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state != "Z":
            return False
        os.waitpid(pid, os.WNOHANG)
    except (FileNotFoundError, ProcessLookupError, ChildProcessError):
        return True
    return True


def _groups(runner: int) -> list[Path]:
    return [
        Path(root, name)
        for root, folders, _ in os.walk("/sys/fs/cgroup")
        for name in folders
        if name.startswith(f"sim-{runner}-")
    ]


def _members(runner: int) -> list[str]:
    found: list[str] = []
    for group in _groups(runner):
        with contextlib.suppress(OSError):  # a group that went away has no members
            found += (group / "cgroup.procs").read_text().split()
    return found


def _held(kind: str, runner: int) -> list[str]:
    """List the containers of a runner that still run."""
    if kind != "docker":
        return []
    with contextlib.closing(docker.DockerClient.from_env()) as engine:
        docker_shell.DockerShells().reap()  # as every runner does every few seconds
        ours = engine.containers.list(
            all=True, filters={"label": SHELL_LABEL}, ignore_removed=True
        )
        owner = f"{runner}:"
        return [str(each.name) for each in ours if each.labels[OWNER_LABEL].startswith(owner)]


def _mounts() -> list[str]:
    """List the host's mounts; those of the engine's own come and go."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "docker" not in line]
