"""Every wall stops the attack that it is there for: left out, the same attack succeeds."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import runtimes
from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.interface import SandboxError
from tests.needs import need
from tests.sandbox.conftest import LIMITS
from tests.sandbox.walls import attacks, leaving, left_out

pytestmark = pytest.mark.bubblewrap

NOTICED = {  # what the self-test says
    "own_user": "user on the host should not be root",
    "pid": "shared_namespaces should be [], is ['pid']",
    "network": "shared_namespaces should be [], is ['net']",
    "ipc": "shared_namespaces should be [], is ['ipc']",
    "uts": "shared_namespaces should be [], is ['uts']",
    "old_root": "above should be nothing",
    "proc": "kernel_tables should be hidden",
    "own_files": '"files": "shared"',
    "read_only_root": "root should be read-only",
    "scratch_bytes": "the limit scratch_mb does not hold",
    "scratch_inodes": "the limit scratch_files does not hold",
    "devices": "devices should be",
    "memory": "the limit memory_mb does not hold",
    "processes": "the limit processes does not hold",
    "descriptors": "descriptors should be",
    "environment": "'SIM_CANARY'",
    "rlimits": "unlimited should be []",
    "capabilities": "capabilities should be 0",
    "parent_death": "parent_death should be 9",
    "dumpable": "pid_one should be closed",
    "landlock": "landlock should be",
    "seccomp": "seccomp should be 2",
}
# Without a /proc of its own a room ends its whole shell after a step: told before that, in a call.
CALLED = {"pid", "own_user"}
LIVED_ON = "lived_on"  # 15 letters at most
DYING_SECONDS = 10.0


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


def test_every_wall_that_can_be_left_out_has_its_attack() -> None:
    named = {*attacks.ATTACKS, *attacks.MEETINGS, "parent_death"}
    assert named == set(leaving.WALLS)


def test_with_every_wall_every_attack_is_refused(folder: Path) -> None:
    with leaving.runner_without(None, folder=folder) as socket:
        sandbox = RunnerSandbox(socket)
        for wall, attack in attacks.ATTACKS.items():
            with sandbox.open(runtime="python-ml", limits=LIMITS, data="given") as room:
                assert not succeeds(room, attack.body), wall
        for wall, meeting in attacks.MEETINGS.items():
            assert not meet(sandbox, meeting), wall
        assert not lives_on(sandbox)


@pytest.mark.parametrize("wall", sorted(attacks.ATTACKS))
def test_without_its_wall_an_attack_succeeds(wall: str, folder: Path) -> None:
    # Where the watch sees the shell's processes, it counts the template's memory as the room's.
    limits = replace(LIMITS, memory_mb=8192) if wall in CALLED else LIMITS
    with (
        leaving.runner_without(wall, folder=folder) as socket,
        RunnerSandbox(socket).open(runtime="python-ml", limits=limits, data="given") as room,
    ):
        assert succeeds(room, attacks.ATTACKS[wall].body, called=wall in CALLED)


@pytest.mark.parametrize("wall", sorted(attacks.MEETINGS))
def test_rooms_of_a_shell_meet_without_the_wall_between_them(wall: str, folder: Path) -> None:
    with leaving.runner_without(wall, folder=folder) as socket:
        assert meet(RunnerSandbox(socket), attacks.MEETINGS[wall])


def test_without_ties_to_its_warden_a_process_outlives_it(folder: Path) -> None:
    with leaving.runner_without("parent_death", folder=folder) as socket:
        assert lives_on(RunnerSandbox(socket))


def test_without_control_groups_the_watch_alone_ends_a_hog(folder: Path) -> None:
    with leaving.runner_without("control_groups", folder=folder) as socket:
        for wall in ("memory", "processes"):
            with RunnerSandbox(socket).open(runtime="python-ml", limits=LIMITS) as room:
                assert not succeeds(room, attacks.ATTACKS[wall].body), wall


@pytest.mark.parametrize("wall", ["user", "mount"])
def test_without_the_wall_that_others_stand_on_no_room_opens(wall: str, folder: Path) -> None:
    with (
        leaving.runner_without(wall, folder=folder) as socket,
        pytest.raises(SandboxError, match="not permitted"),
        RunnerSandbox(socket).open(runtime="python-ml", limits=LIMITS),
    ):
        pass


def succeeds(room: RunnerRoom, body: str, *, called: bool = False) -> bool:
    """Make an attack in a room, as a step or in a call, which ends no process."""
    room.upload({"m.py": attacks.module(body)})
    if called:
        returned = room.call("m:attempt")
        assert isinstance(returned.value, bool), returned
        return returned.value
    finished = room.run("python", "-c", "import m; print(m.attempt())")
    if finished.stopped is not None:
        return False  # the warden was faster than the wall
    assert finished.stdout in {b"True\n", b"False\n"}, finished
    return finished.stdout == b"True\n"


def meet(sandbox: RunnerSandbox, meeting: attacks.Meeting) -> bool:
    """Let one room leave something in a call, which keeps its process, and another look for it."""
    with (
        sandbox.open(runtime="python-ml", limits=LIMITS) as first,
        sandbox.open(runtime="python-ml", limits=LIMITS) as second,
    ):
        succeeds(first, meeting.leave, called=True)
        return succeeds(second, meeting.look)


def lives_on(sandbox: RunnerSandbox) -> bool:
    """Kill a room's warden with a process of the learner's in the room; see if that one lives."""
    with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        assert succeeds(room, attacks.SURVIVOR.body.format(name=LIVED_ON), called=True)
        (survivor,) = _wait_for(1)
        os.kill(_warden_of(survivor), signal.SIGKILL)
        survived = bool(_wait_for(0))
    for pid in _wait_for(0, seconds=0):
        os.kill(pid, signal.SIGKILL)
    return survived


def _wait_for(count: int, *, seconds: float = DYING_SECONDS) -> list[int]:
    """Wait until so many processes on this host bear the survivor's name; list them."""
    until = time.monotonic() + seconds
    while True:
        found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/comm") if _is(path)]
        if len(found) == count or time.monotonic() > until:
            return found
        time.sleep(0.02)


def _is(comm: Path) -> bool:
    with contextlib.suppress(OSError):  # gone meanwhile
        return comm.read_text().strip() == LIVED_ON
    return False


def _warden_of(survivor: int) -> int:
    """Find who keeps the room: the parent of the room's first process, which takes orphans in."""
    until = time.monotonic() + DYING_SECONDS
    while _number_inside(first := _parent(survivor)) != "1":
        assert time.monotonic() < until, "the room's first process has not taken the orphan in"
        time.sleep(0.02)
    return _parent(first)


def _number_inside(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.slow
@pytest.mark.parametrize("wall", leaving.WALLS)
def test_the_self_test_names_a_wall_that_is_missing(wall: str, folder: Path) -> None:
    place = leaving.copy_without(wall, folder, checked=True)
    finished = subprocess.run(
        leaving.command(folder, "--check"),
        cwd=place,
        env=leaving.environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    # Rooms whose files are those of the shell are still opened: a kernel may be too old for more.
    assert finished.returncode == (0 if wall == "own_files" else 1), finished.stdout
    report = json.loads(finished.stdout)
    assert NOTICED[wall] in report["why"] + json.dumps(report["probe"]), report["why"]


def test_a_wall_that_has_moved_is_not_left_out_in_silence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = left_out.Change("agent/walls.py", "no such line\n")
    monkeypatch.setitem(left_out.LEFT_OUT, "gone", (gone,))
    with pytest.raises(leaving.WallMoved, match="0 times"):
        leaving.copy_without("gone", folder, checked=True)
