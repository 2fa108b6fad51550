"""What is particular to rooms that are containers; what all rooms promise is tested elsewhere."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from sandbox import container_group, docker_shell, shells
from sandbox.client import RunnerSandbox
from sandbox.container_rooms import FIRST_USER, USERS, ContainerRooms, RoomWish
from sandbox.images import naming
from sandbox.interface import Limits, SandboxError
from sandbox.runtimes import Runtime
from sandbox.shell import ShellError
from tests.needs import need
from tests.sandbox.conftest import LIMITS, ROOT, Host
from tests.sandbox.containers import held_by
from tests.sandbox.relay import ENGINE, Relay

pytestmark = pytest.mark.docker

CONTAINERS = pytest.mark.parametrize("host", ["container"], indirect=True)
GENEROUS = 60.0


@pytest.fixture
def engine(host: Host) -> Iterator[docker.DockerClient]:
    assert host.kind == "container"
    with contextlib.closing(docker.DockerClient.from_env(timeout=30)) as client:
        yield client


def pid_of(container: Container) -> int:
    return int(container.attrs["State"]["Pid"])


def user_in(host: Host) -> int:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        return int(room.run("python", "-c", "import os; print(os.getuid())").stdout)


# The container's own walls


@CONTAINERS
def test_a_container_room_has_every_wall_of_its_own(
    host: Host, engine: docker.DockerClient
) -> None:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS, data="small"):
        listed = held_by(engine, host.process.pid)
        with_data = [each for each in listed if each.attrs["Mounts"]]
        assert with_data
        for container in with_data:
            (mount,) = container.attrs["Mounts"]
            assert (mount["Source"], mount["Destination"]) == (
                str(host.warehouse / "small"),
                "/data",
            )
            assert (mount["RW"], mount["Propagation"]) == (False, "rprivate")
    facts = listed[0].attrs["HostConfig"]
    added = {name.removeprefix("CAP_") for name in facts["CapAdd"]}  # engines name them both ways
    assert added == {"SETGID", "SETPCAP", "SETUID"}
    expected: dict[str, object] = {
        "CapDrop": ["ALL"],
        "NetworkMode": "none",
        "IpcMode": "none",
        "PidMode": "",
    }
    expected |= {"ReadonlyRootfs": True, "Privileged": False, "CgroupnsMode": "private"}
    assert {name: facts[name] for name in expected} == expected
    assert facts["LogConfig"]["Type"] == "none"
    assert "/proc/kcore" in facts["MaskedPaths"]
    assert "/proc/sys" in facts["ReadonlyPaths"]
    assert not [option for option in facts["SecurityOpt"] if option.startswith("apparmor")]
    assert all("nr_inodes=" in options for options in facts["Tmpfs"].values())


@CONTAINERS
def test_no_process_of_a_waiting_container_has_a_right_or_is_root(
    host: Host, engine: docker.DockerClient
) -> None:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS):
        seen = 0
        for container in held_by(engine, host.process.pid):
            for pid in _processes(container):
                status = dict(
                    line.split(":\t", 1)
                    for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                    if ":\t" in line
                )
                users = {int(word) for word in status["Uid"].split()}
                if 0 in users:
                    continue  # it has only just been started; see below
                seen += 1
                rights = {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")}
                assert rights == {0}
                assert status["NoNewPrivs"] == "1"
                (learner,) = users - {64_000, 64_001}
                assert learner in range(FIRST_USER, FIRST_USER + USERS)
        assert seen >= 4


def _processes(container: Container) -> list[int]:
    try:
        return [int(line[1]) for line in container.top()["Processes"]]
    except docker.errors.APIError:  # gone meanwhile
        return []


@CONTAINERS
def test_every_room_has_a_user_of_its_own(host: Host) -> None:
    assert len({user_in(host) for _ in range(3)}) == 3


@CONTAINERS
def test_the_containers_own_group_has_the_rooms_limits(
    host: Host, engine: docker.DockerClient
) -> None:
    limits = Limits(memory_mb=300, processes=11, scratch_mb=16, scratch_files=500)
    with host.sandbox.open(runtime="python-ml", limits=limits) as room:
        room.upload({"m.py": b"import time\ndef f(): return 1\n"})
        assert room.call("m:f").value == 1
        written = []
        for container in held_by(engine, host.process.pid):
            with contextlib.suppress(OSError):  # one of the waiting ones is just made, or ended
                folders = container_group.folders(pid_of(container))
                folder = folders.get("pids", folders.get("", Path()))
                written.append((folder / "pids.max").read_text().strip())
        assert written.count(str(11 + 3 + container_group.AGENT_PROCESSES)) == 1, written


@CONTAINERS
def test_a_container_is_used_once_and_gone_after_its_room(
    host: Host, engine: docker.DockerClient
) -> None:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        room.run("python", "-c", "open('/project/x', 'w')")
        before = {str(each.id) for each in held_by(engine, host.process.pid)}
    until = time.monotonic() + GENEROUS
    while time.monotonic() < until:
        now = {str(each.id) for each in held_by(engine, host.process.pid)}
        if before - now:
            return
        time.sleep(0.1)
    pytest.fail("no container of before is gone")


# What the engine runs them with


@pytest.fixture
def wish(tmp_path: Path) -> RoomWish:
    (tmp_path / "warehouse").mkdir()
    nowhere = tmp_path / "none"  # the image brings its own tree
    runtime = Runtime(name="python-ml", digest="", tree=nowhere, code=nowhere)
    return RoomWish(
        runtime=runtime,
        warehouse=tmp_path / "warehouse",
        data=None,
        scratch_mb=8,
        scratch_files=100,
    )


@pytest.fixture
def image() -> None:
    why_not = docker_shell.DockerShells().why_not("python-ml")
    need(f"a Docker engine with the rooms' image ({why_not})", present=why_not is None)


def test_the_runtime_that_is_asked_for_runs_the_container(image: None, wish: RoomWish) -> None:
    with contextlib.closing(docker.DockerClient.from_env()) as client:
        known = "io.containerd.runc.v2"
        need(f"the runtime {known}", present=known in client.info()["Runtimes"])
        started = ContainerRooms(why="", oci_runtime=known).start(wish)
        try:
            container = client.containers.get(str(started._container.id))
            assert container.attrs["HostConfig"]["Runtime"] == known
        finally:
            started.kill()


def test_a_runtime_that_the_engine_does_not_know_is_one_sentence(
    image: None, wish: RoomWish
) -> None:
    with pytest.raises(ShellError, match=r"^the Docker engine did not .*no-such-runtime"):
        ContainerRooms(why="", oci_runtime="no-such-runtime").start(wish)


# Choosing


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (shells.Choice(wanted="vm"), "there is no shell 'vm'"),
        (shells.Choice(rooms="cells"), "SANDBOX_ROOMS=cells"),
        (shells.Choice(wanted="bubblewrap", rooms="container"), "only Docker"),
        (shells.Choice(wanted="bubblewrap", oci_runtime="runsc"), "only Docker"),
        (shells.Choice(rooms="nested", oci_runtime="runsc"), "starts container rooms"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    choice: shells.Choice, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ShellError, match=why):
        shells.choose(choice, runtime="python-ml", warehouse=tmp_path / "warehouse")


def test_rooms_nest_where_a_trial_shows_that_they_can(image: None, tmp_path: Path) -> None:
    kind = shells.choose(
        shells.Choice(wanted="docker"), runtime="python-ml", warehouse=tmp_path / "warehouse"
    )
    assert (kind.rooms, kind.rooms_why) == (
        "nested",
        "a room was nested in a container for a trial, and it opened",
    )


def test_where_the_kernel_refuses_to_nest_rooms_are_containers_and_say_why(
    image: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filter_ = json.loads(naming.PROFILE.read_text())
    for rule in filter_["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name != "unshare"]
    (tmp_path / "seccomp.json").write_text(json.dumps(filter_))
    monkeypatch.setattr(naming, "PROFILE", tmp_path / "seccomp.json")
    kind = shells.choose(
        shells.Choice(wanted="docker"), runtime="python-ml", warehouse=tmp_path / "warehouse"
    )
    assert kind.rooms == "container"
    assert "unshare: Operation not permitted" in kind.rooms_why


def test_a_stronger_runtime_asks_for_containers(image: None, tmp_path: Path) -> None:
    choice = shells.Choice(oci_runtime="runsc")
    kind = shells.choose(choice, runtime="python-ml", warehouse=tmp_path / "warehouse")
    assert (kind.rooms, kind.rooms_why) == (
        "container",
        "SANDBOX_RUNTIME=runsc starts container rooms",
    )


# An engine that falls down


def _runner(folder: Path, engine: str, *words: str) -> subprocess.Popen[bytes]:
    (folder / "warehouse").mkdir(exist_ok=True)
    asked = [sys.executable, "-m", "sandbox.runner", "--home", str(folder), "--shell", "docker"]
    asked += ["--rooms", "container", "--socket", str(folder / "socket"), *words]
    return subprocess.Popen(
        asked,
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_no_engine_at_the_start_is_one_sentence(tmp_path: Path) -> None:
    with _runner(tmp_path, "unix:///nowhere/docker.sock", "--check") as runner:
        assert runner.stdout
        said = runner.stdout.read().decode()
    assert runner.returncode == 1
    assert said.startswith("the Docker engine did not answer: ")
    assert "Traceback" not in said


def test_rooms_fall_down_with_the_engine_and_come_back_with_it(
    image: None, tmp_path: Path
) -> None:
    need("the engine's Unix socket, and root", present=ENGINE.exists() and os.geteuid() == 0)
    path = tmp_path / "relay.sock"
    sandbox = RunnerSandbox(tmp_path / "socket")
    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(Relay(path))
        runner = stack.enter_context(_runner(tmp_path, f"unix://{path}"))
        stack.callback(runner.send_signal, signal.SIGTERM)
        _until(lambda: _works(sandbox))
        with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            assert room.run("python", "-c", "pass").ok
            relay.cut()
            with pytest.raises(SandboxError):
                room.run("python", "-c", "import time; time.sleep(30)")
        assert not _works(sandbox)
        stack.enter_context(Relay(path))
        _until(lambda: _works(sandbox))
    assert docker_shell.DockerShells().reap() >= 0


def _works(sandbox: RunnerSandbox) -> bool:
    try:
        with sandbox.open(runtime="python-ml", limits=LIMITS) as room:
            return room.run("python", "-c", "pass").ok
    except SandboxError:
        return False


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + GENEROUS
    while not true():
        assert time.monotonic() < until
        time.sleep(0.2)
