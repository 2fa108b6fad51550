"""Every wall stops the attack that it is there for: left out, the same attack succeeds."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import runtimes
from sandbox.client import RunnerRoom, RunnerSandbox
from tests.needs import need
from tests.sandbox.conftest import LIMITS
from tests.sandbox.walls import leaving

pytestmark = pytest.mark.bubblewrap

# Each ends with a word: what it attacked is "open", or the attack was "refused".
TRY = """
import ctypes, os, socket, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def attack():
{body}
try:
    print("open" if attack() else "refused")
except OSError:
    print("refused")
"""
ATTACKS = {
    # facts of the host's kernel, beyond the room's own processes
    "proc": "return len(open('/proc/meminfo').read()) > 0",
    # writing where the next process of the room would read
    "read_only_root": "return open('/planted', 'w').write('x') == 1",
    # filling up the host's memory with empty files
    "scratch_inodes": "[open(f'/tmp/{n}', 'w').close() for n in range(5000)]\n    return True",
    # the descriptors that the warden holds, such as the shell's /proc
    "descriptors": "return any(n > 3 for n in map(int, os.listdir('/proc/self/fd')))",
    # rights over the room's own namespaces
    "capabilities": "return any(int(line.split()[1], 16) for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapBnd')))",
    # more open files than the kernel's tables should hold for one room
    "rlimits": "kept = [os.dup(0) for _ in range(2000)]\n    return True",
    # new namespaces, with all of the kernel that only their owner reaches
    "seccomp": "return libc.unshare(0x10000000) == 0",
}
# Two rooms of one shell: the first leaves something, the second looks for it.
SHARED = {
    # see, and through abstract names talk to, another learner's room
    "network": (
        "s = socket.socket(1); kept.append(s); s.bind(chr(0) + 'meet'); return s.listen() is None",
        "return 'meet' in open('/proc/self/net/unix').read()",
    ),
    # leave memory for another learner's room to find
    "ipc": ("return libc.shmget(77, 4096, 0o1666) >= 0", "return libc.shmget(77, 4096, 0) >= 0"),
}
LEAVING = """
import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
kept = []
def leave():
    try:
        {body}
    except OSError:
        return False
"""
NOTICED = {  # what the self-test says
    "capabilities": "capabilities should be 0",
    "descriptors": "descriptors should be",
    "read_only_root": "root should be read-only",
    "seccomp": "seccomp should be 2",
}
LOCAL = pytest.mark.parametrize("wall", sorted(ATTACKS))


@pytest.fixture(autouse=True)
def able() -> None:
    need("root, as a runner of a server", present=os.geteuid() == 0)
    try:
        runtimes.find("python-ml", home=leaving.HOME)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sim-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def attack(room: RunnerRoom, body: str) -> str:
    finished = room.run("python", "-c", TRY.format(body="    " + body))
    if finished.stopped is not None:
        return "refused"  # the warden was faster than the wall
    said = finished.stdout.decode().strip()
    assert said in {"open", "refused"}, finished
    return said


def test_with_every_wall_every_attack_is_refused(folder: Path) -> None:
    with leaving.runner_without(None, folder=folder) as socket:
        for wall, body in ATTACKS.items():
            with RunnerSandbox(socket).open(runtime="python-ml", limits=LIMITS) as room:
                assert attack(room, body) == "refused", wall


@LOCAL
def test_without_its_wall_an_attack_succeeds(wall: str, folder: Path) -> None:
    with (
        leaving.runner_without(wall, folder=folder) as socket,
        RunnerSandbox(socket).open(runtime="python-ml", limits=LIMITS) as room,
    ):
        assert attack(room, ATTACKS[wall]) == "open"


@pytest.mark.parametrize("wall", [None, *sorted(SHARED)])
def test_rooms_of_a_shell_meet_only_without_the_wall_between_them(
    wall: str | None, folder: Path
) -> None:
    with leaving.runner_without(wall, folder=folder) as socket:
        for met in [wall] if wall else sorted(SHARED):
            assert _meet(RunnerSandbox(socket), met) == ("open" if wall else "refused")


def _meet(sandbox: RunnerSandbox, wall: str) -> str:
    """Let one room leave something in a call, which keeps its process, and another look for it."""
    leave, look = SHARED[wall]
    with (
        sandbox.open(runtime="python-ml", limits=LIMITS) as first,
        sandbox.open(runtime="python-ml", limits=LIMITS) as second,
    ):
        first.upload({"m.py": LEAVING.format(body=leave).encode()})
        first.call("m:leave")
        return attack(second, look)


@pytest.mark.parametrize("wall", ["capabilities", "descriptors", "read_only_root", "seccomp"])
def test_the_self_test_notices_a_wall_that_is_missing(wall: str, folder: Path) -> None:
    place = leaving.copy_without(wall, folder, checked=True)
    finished = subprocess.run(
        leaving.command(folder, "--check"),
        cwd=place,
        env=leaving.environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1, finished.stdout
    assert NOTICED[wall] in json.loads(finished.stdout)["why"]


def test_a_wall_that_has_moved_is_not_left_out_in_silence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = leaving.Change("agent/walls.py", "no such line\n")
    monkeypatch.setitem(leaving.LEFT_OUT, "gone", (gone,))
    with pytest.raises(leaving.WallMoved, match="0 times"):
        leaving.copy_without("gone", folder, checked=True)
