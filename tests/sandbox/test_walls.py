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
    # rights regained by running a set-user-id file
    "no_new_privileges": "return libc.prctl(39, 0, 0, 0, 0) == 0",
    # more open files than the kernel's tables should hold for one room
    "rlimits": "kept = [os.dup(0) for _ in range(2000)]\n    return True",
    # new namespaces, with all of the kernel that only their owner reaches
    "seccomp": "return libc.unshare(0x10000000) == 0",
}
# Two rooms of one shell: the first leaves something, the second looks for it.
LEFT = {
    # talk through the abstract names of a shared network namespace
    "network": (
        "s = socket.socket(1); s.bind('\\0meet'); s.listen()\n    import time; print(flush=True); time.sleep(9)",
        "return 'meet' in open('/proc/self/net/unix').read()",
    ),
    # leave memory for another learner's room to find
    "ipc": ("return libc.shmget(77, 4096, 0o1666) >= 0", "return libc.shmget(77, 4096, 0) >= 0"),
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
