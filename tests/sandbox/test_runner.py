"""The runner itself: it opens nothing unless every wall is found, and nothing outlives it."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from sandbox import probing, runtimes
from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.images import naming
from sandbox.interface import SandboxError
from tests.needs import need
from tests.sandbox.conftest import HOME, LIMITS, PLAIN_USER, ROOT, Host, traces

CLONE_NEWUSER = 0x10000000


@pytest.mark.bubblewrap
@pytest.mark.parametrize("host", ["bubblewrap"], indirect=True)
def test_a_runner_that_is_killed_leaves_nothing_running(host: Host) -> None:
    with tempfile.TemporaryDirectory(prefix="sim-test-") as folder:
        path = Path(folder) / "socket"
        with _runner("--socket", str(path), "--warehouse", folder) as process:
            sandbox = RunnerSandbox(path)
            _wait_for(path.exists)
            with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
                before = _descendants(process.pid)
                assert len(before) > 4
                process.kill()
                process.wait()
                with pytest.raises(SandboxError):
                    room.run("python", "-c", "print(1)")
            _wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))


@pytest.mark.bubblewrap
@pytest.mark.parametrize("host", ["plain user"], indirect=True)
def test_where_namespaces_are_refused_no_room_is_opened(host: Host) -> None:
    asked = [sys.executable, "-m", "sandbox.runner", "--check", "--shell", "bubblewrap"]
    finished = subprocess.run(
        [*asked, "--home", str(HOME), "--warehouse", str(host.warehouse)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_refuse_namespaces,
    )
    assert finished.returncode == 1, finished.stdout
    health = json.loads(finished.stdout)
    assert not health["ok"]
    assert "user namespaces" in health["why"]
    assert "sysctl" in health["why"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("capabilities", 1), ("seccomp", 0), ("descriptors", [0, 1, 2, 3]), ("network", "refused?")],
)
def test_a_wall_that_is_missing_is_named(
    host: Host, monkeypatch: pytest.MonkeyPatch, name: str, wanted: object
) -> None:
    monkeypatch.setitem(probing.EXPECTED, name, wanted)
    found = _probed(host)
    assert len(found.deviations) == 1
    assert found.sentence.startswith(f"the self-test failed: {name} should be {wanted}")


def test_a_limit_that_does_not_hold_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LIMITS", replace(probing.LIMITS, scratch_mb=200))
    found = _probed(host)
    assert found.deviations == ["the limit scratch_mb does not hold (ended by None)"]


def _probed(host: Host) -> probing.Found:
    rooms = "container" if host.kind == "container" else "nested"
    return probing.probe(host.sandbox, runtime="python-ml", controlled=False, rooms=rooms)


def test_a_stranger_on_the_socket_gets_nothing(host: Host) -> None:
    for question in (b"\n", b"[]\n", b"{}\n", b'{"open": {}}\n', b'{"exec": "id"}\n'):
        with pytest.raises(SandboxError):
            _ask(host, question)
    assert host.sandbox.health()["ok"]


@pytest.mark.bubblewrap
@pytest.mark.parametrize("host", ["bubblewrap"], indirect=True)
def test_another_user_gets_no_answer(host: Host) -> None:
    need("root, to become another user", present=os.geteuid() == 0)
    script = f"import socket; s = socket.socket(1); s.connect({str(host.socket)!r})"
    finished = subprocess.run(
        [
            "/usr/bin/env",
            "-i",
            "setpriv",
            "--reuid",
            str(PLAIN_USER + 1),
            "--clear-groups",
            "/usr/bin/python3",
            "-c",
            script,
        ],
        capture_output=True,
        check=False,
    )
    assert finished.returncode == 1
    assert b"PermissionError" in finished.stderr


def test_an_idle_runner_holds_only_its_shell(host: Host) -> None:
    _wait_for(lambda: traces(host.process.pid) == host.idle)


def _ask(host: Host, question: bytes) -> None:
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(host.socket))
    line.sendall(question)
    with RunnerRoom(line, LIMITS) as room:
        room.wait_until_open()


def _runner(*words: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "sandbox.runner",
        "--shell",
        "bubblewrap",
        "--home",
        str(HOME),
    ]
    return subprocess.Popen(
        [*command, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        for children in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            below = [int(word) for word in children.read_text().split()]
            found += below
            waiting += below
    return found


def _wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def _refuse_namespaces() -> None:
    """Be a plain user in a user namespace that allows no further one."""
    libc = ctypes.CDLL(None)
    user, group = os.geteuid(), os.getegid()
    assert libc.unshare(CLONE_NEWUSER) == 0
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{PLAIN_USER} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{PLAIN_USER} {group} 1")
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    signal.alarm(60)


def test_a_room_says_where_it_was_made(host: Host, room: RunnerRoom) -> None:
    health = host.sandbox.health()
    assert room.made.shell == health["shell"] == MADE_BY.get(host.kind, host.kind)
    assert room.made.rooms == health["rooms_kind"]
    assert room.made.development_only == health["development_only"]
    assert room.made.runtime == "python-ml"
    assert room.made.digest == _digest(host.kind)


MADE_BY = {"plain user": "bubblewrap", "container": "docker"}


def _digest(kind: str) -> str:
    if MADE_BY.get(kind, kind) != "docker":
        return runtimes.find("python-ml", home=HOME).digest
    with contextlib.closing(docker.DockerClient.from_env()) as engine:
        return str(engine.images.get(naming.tag("python-ml")).id)
