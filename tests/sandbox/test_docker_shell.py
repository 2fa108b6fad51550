"""What is Docker's own in the Docker shell; the suites of rooms run over both shells elsewhere."""

import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.models.containers import Container

from sandbox import compatible, docker_shell
from sandbox import engine as door
from sandbox.attached import Attached
from sandbox.docker_shell import DockerShells
from sandbox.images import build, naming
from sandbox.interface import SandboxError
from sandbox.runtimes import Runtime
from sandbox.shell import ShellError, Wish
from tests.needs import need
from tests.sandbox.conftest import LIMITS, Host
from tests.sandbox.containers import held_by
from tests.sandbox.relay import ENGINE, Relay

pytestmark = pytest.mark.docker

PYTHON = ("/runtime/bin/python", "-c")
ECHO = """
import os
while data := os.read(0, 70_000):
    os.write(2, b".")
    while data:
        data = data[os.write(1, data) :]
"""
# The SDK leaves a socket that it could not connect to the garbage collector.
SDK_LEAKS = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
GONE = "the Docker engine did not answer: "


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(
                contextlib.closing(docker.DockerClient.from_env(timeout=30))
            )
            client.ping()
        except (docker.errors.DockerException, requests.RequestException):
            client = None
        need("a Docker engine", present=client is not None)
        assert client is not None
        built = client.images.list(naming.tag("python-ml"))
        need("the image of python-ml (make image)", present=bool(built))
        yield client


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    nowhere = tmp_path / "none"  # the image brings its own tree
    runtime = Runtime(name="python-ml", digest="", tree=nowhere, code=nowhere)
    (tmp_path / "warehouse").mkdir()
    return Wish(runtime=runtime, warehouse=tmp_path / "warehouse")


@pytest.fixture(autouse=True)
def a_template_that_echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the template: these tests are about what is around it."""
    monkeypatch.setattr(docker_shell, "COMMAND", (*PYTHON, ECHO))


@pytest.fixture
def shell(engine: docker.DockerClient, wish: Wish) -> Iterator[Attached]:
    shell = DockerShells().start(wish)
    yield shell
    shell.kill()


def _facts(engine: docker.DockerClient, pid: int) -> dict[str, Any]:
    for container in engine.containers.list(filters={"label": door.SHELL_LABEL}):
        if container.attrs["State"]["Pid"] == pid:
            return dict(container.attrs)
    raise AssertionError(f"no container's init has the process id {pid}")


def _names(engine: docker.DockerClient) -> set[str]:
    return {str(container.name) for container in _shells(engine)}


def _owned_by(engine: docker.DockerClient, pid: int) -> set[str]:
    return {
        str(container.name)
        for container in _shells(engine)
        if container.labels[door.OWNER_LABEL].startswith(f"{pid}:")
    }


def _shells(engine: docker.DockerClient) -> list[Container]:
    found: list[Container] = engine.containers.list(
        all=True, filters={"label": door.SHELL_LABEL}, ignore_removed=True
    )
    return found


# The walls


def test_the_container_is_started_with_every_wall(
    engine: docker.DockerClient, shell: Attached, wish: Wish
) -> None:
    facts = _facts(engine, shell.pid)
    host = facts["HostConfig"]
    expected = {
        "NetworkMode": "none",
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "PidMode": "",
        "UTSMode": "",
        "UsernsMode": "",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapAdd": None,
        "CapDrop": ["ALL"],
        "Devices": None,
        "Binds": None,
        "PidsLimit": docker_shell.PROCESSES,
        "OomScoreAdj": 500,
        "AutoRemove": False,
    }
    assert {name: host[name] for name in expected} == expected
    assert 0 < host["Memory"] == host["MemorySwap"]
    assert host["LogConfig"]["Type"] == "none"
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["Tmpfs"] == {
        "/tmp": "rw,nosuid,nodev,noexec,size=16m,nr_inodes=1k,mode=1777"  # noqa: S108
    }
    options = dict(
        option.split("=", 1) if "=" in option else option.split(":", 1)
        for option in host["SecurityOpt"]
    )
    assert options["no-new-privileges"] == "true"
    assert options["apparmor"] == docker_shell.APPARMOR
    assert json.loads(options["seccomp"])["defaultAction"] == "SCMP_ACT_ERRNO"
    assert facts["Config"]["User"] == docker_shell.USER
    assert facts["Image"].startswith("sha256:")
    (mount,) = facts["Mounts"]
    assert (mount["Source"], mount["Destination"]) == (str(wish.warehouse), "/warehouse")
    assert (mount["RW"], mount["Propagation"]) == (False, "rprivate")


def test_the_template_runs_without_rights_and_under_a_filter(shell: Attached) -> None:
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{shell.pid}/status").read_text().splitlines()
        if ":\t" in line
    )
    assert set(status["Uid"].split()) == {docker_shell.USER.split(":")[0]}
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_the_container_has_no_network_but_its_own_loopback(shell: Attached) -> None:
    devices = Path(f"/proc/{shell.pid}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_the_apparmor_profile_is_well_formed_and_has_the_name_that_is_asked_for() -> None:
    parser = shutil.which("apparmor_parser")
    need("apparmor_parser", present=parser is not None)
    profile = str(naming.IMAGES / "apparmor")
    command = [str(parser), "--skip-kernel-load", "--skip-cache", profile]
    subprocess.run(command, check=True)
    named = subprocess.run([str(parser), "--names", profile], check=True, stdout=subprocess.PIPE)
    assert named.stdout.split() == [docker_shell.APPARMOR.encode()]


def test_an_engine_that_misses_the_apparmor_profile_is_told_how_to_load_it() -> None:
    refusal = docker.errors.APIError("500", explanation="unable to apply apparmor profile")
    advice = r"apparmor_parser -r sandbox/images/apparmor$"
    with pytest.raises(ShellError, match=advice), door.asking("start a shell"):
        raise refusal


# The stream


def test_a_template_that_cannot_start_leaves_its_last_words(
    engine: docker.DockerClient, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_shell, "COMMAND", (*PYTHON, "raise SystemExit('no way')"))
    shell = DockerShells().start(wish)
    try:
        assert shell.receive(100) == b""
        assert shell.last_words() == "no way\n"
    finally:
        shell.kill()


def test_every_byte_comes_back_in_order_however_it_is_cut(shell: Attached) -> None:
    sent = os.urandom(1_000_000)
    sender = threading.Thread(target=shell.send, args=(sent,))
    sender.start()
    got = b""
    while len(got) < len(sent):
        got += shell.receive(10_001)
    sender.join()
    assert got == sent
    assert set(shell.last_words()) == {"."}


def test_a_killed_shell_is_gone_and_says_so(engine: docker.DockerClient, shell: Attached) -> None:
    pid = shell.pid
    shell.kill()
    shell.kill()
    assert not Path(f"/proc/{pid}").exists()
    assert shell.receive(1) == b""
    with pytest.raises(OSError):  # noqa: PT011 - any of them means: gone
        shell.send(b"x")


# Orphans


def test_the_shell_of_a_killed_runner_is_reaped_and_a_held_one_is_not(
    engine: docker.DockerClient, shell: Attached, wish: Wish
) -> None:
    held = _facts(engine, shell.pid)["Name"].removeprefix("/")
    die = (
        "import os, signal; from pathlib import Path\n"
        "from sandbox import docker_shell\n"
        f"docker_shell.COMMAND = {(*PYTHON, ECHO)!r}\n"
        "from sandbox.docker_shell import DockerShells\n"
        "from sandbox.runtimes import Runtime\n"
        "from sandbox.shell import Wish\n"
        "none = Path('none')\n"
        "runtime = Runtime(name='python-ml', digest='', tree=none, code=none)\n"
        f"DockerShells().start(Wish(runtime=runtime, warehouse=Path({str(wish.warehouse)!r})))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", die], cwd=naming.REPOSITORY)
    assert process.wait() == -signal.SIGKILL
    (orphan,) = _owned_by(engine, process.pid)  # others may start shells of their own meanwhile
    assert DockerShells().reap() >= 1
    assert held in _names(engine)
    assert orphan not in _names(engine)


def test_a_shell_whose_owner_cannot_be_looked_up_is_reaped_at_its_deadline(
    engine: docker.DockerClient, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "owner", lambda: "1:2:elsewhere")
    in_time = DockerShells().start(wish)
    monkeypatch.setattr(door, "LIFETIME_SECONDS", -1)
    too_late = DockerShells().start(wish)
    try:
        kept, reaped = (_facts(engine, shell.pid)["Name"][1:] for shell in (in_time, too_late))
        DockerShells().reap()
        assert kept in _names(engine)
        assert reaped not in _names(engine)
    finally:
        in_time.kill()
        too_late.kill()


# The image


def test_a_missing_image_is_one_sentence_with_the_command(
    engine: docker.DockerClient, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "digest", lambda runtime: "0" * 64)
    with pytest.raises(
        ShellError, match=r"^the image simulator-python-ml:0{12} .* run make image$"
    ):
        DockerShells().start(wish)


def test_an_image_of_another_agent_or_lock_is_refused(
    engine: docker.DockerClient, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = engine.images.get(naming.tag("python-ml"))
    stale = "f" * 12
    assert image.tag("simulator-python-ml", stale)
    try:
        monkeypatch.setattr(naming, "digest", lambda runtime: "f" * 64)
        with pytest.raises(ShellError, match="was not built from this checkout"):
            DockerShells().start(wish)
    finally:
        engine.images.remove(f"simulator-python-ml:{stale}")


def test_a_change_of_agent_or_lock_asks_for_another_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("sandbox", "requirements"):
        shutil.copytree(naming.REPOSITORY / part, tmp_path / part)
    monkeypatch.setattr(naming, "REPOSITORY", tmp_path)
    monkeypatch.setattr(naming, "IMAGES", tmp_path / "sandbox/images")
    tags = {naming.tag("python-ml")}
    for changed in ("sandbox/agent/__init__.py", "requirements/python-ml.txt"):
        with (tmp_path / changed).open("a") as file:
            file.write("# changed\n")
        tags.add(naming.tag("python-ml"))
    assert len(tags) == 3


def test_an_unknown_runtime_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'cobol'; known: python-ml"):
        build.build("cobol", base=None, home=tmp_path)


# An engine that falls down


@SDK_LEAKS
def test_no_engine_is_one_sentence(wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert _refusal(lambda: DockerShells().start(wish)).startswith(GONE)
    assert _refusal(lambda: DockerShells().reap()).startswith(GONE)


@SDK_LEAKS
def test_an_engine_that_never_answers_is_given_up_on(
    tmp_path: Path, wish: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ENGINE_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        deaf.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/deaf.sock")
        assert _refusal(lambda: DockerShells().start(wish)).startswith(GONE)


@pytest.mark.parametrize("host", ["docker"], indirect=True)
def test_when_the_container_is_killed_its_rooms_fall_down_and_the_next_one_opens(
    engine: docker.DockerClient, host: Host
) -> None:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        assert room.run("python", "-c", "pass").ok
        (container,) = held_by(engine, host.process.pid)
        container.kill()
        with pytest.raises(SandboxError):
            room.run("python", "-c", "pass")
    with ThreadPoolExecutor(4) as callers:  # all of them find it dead, and one replaces it
        assert all(callers.map(lambda _: _works(host), range(4)))
    assert container.name not in _names(engine)
    assert len(held_by(engine, host.process.pid)) == 1


def _works(host: Host) -> bool:
    with host.sandbox.open(runtime="python-ml", limits=LIMITS) as room:
        return room.run("python", "-c", "pass").ok


def _refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ShellError as error:
        sentence = str(error)
    else:
        pytest.fail("it was not refused")
    gc.collect()
    return sentence


@SDK_LEAKS
def test_when_the_engine_dies_the_shell_can_still_be_killed(
    engine: docker.DockerClient,
    wish: Wish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    need("the engine's Unix socket, and root", present=ENGINE.exists() and os.geteuid() == 0)
    with Relay(tmp_path / "relay.sock") as relay:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
        shell = DockerShells().start(wish)
        name = _facts(engine, shell.pid)["Name"].removeprefix("/")
        relay.cut()
        while shell.receive(1 << 16):
            pass
        shell.kill()
    assert f"killing {name} without the engine" in caplog.text
    gc.collect()
    _wait_for_the_end_of(shell.pid)
    monkeypatch.delenv("DOCKER_HOST")
    while engine.containers.get(name).status == "running":
        time.sleep(0.05)
    assert DockerShells().reap() >= 1
    assert name not in _names(engine)


@pytest.mark.parametrize("word", [b"/create", b"/attach", b"/start", b"/json"])
def test_an_engine_that_falls_silent_in_a_start_is_given_up_on(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    need("the engine's Unix socket, and root", present=ENGINE.exists() and os.geteuid() == 0)
    monkeypatch.setattr(door, "ENGINE_SECONDS", 2)
    with Relay(tmp_path / "relay.sock") as relay:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
        relay.mute(word)
        said = _refusal(lambda: DockerShells().start(wish))
    assert said.startswith("the Docker engine did not "), said
    assert "timed out" in said.lower() or "timeout" in said.lower(), said


def test_an_engine_that_falls_silent_in_a_removal_is_given_up_on_and_the_shell_killed(
    engine: docker.DockerClient,
    wish: Wish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("the engine's Unix socket, and root", present=ENGINE.exists() and os.geteuid() == 0)
    monkeypatch.setattr(door, "ENGINE_SECONDS", 2)
    with Relay(tmp_path / "relay.sock") as relay:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
        shell = DockerShells().start(wish)
        relay.mute(b"DELETE ")
        shell.kill()
    _wait_for_the_end_of(shell.pid)
    monkeypatch.delenv("DOCKER_HOST")
    assert DockerShells().reap() >= 1


# What runs containers


@pytest.mark.parametrize(
    ("runc", "warned"),
    [
        ("1.1.5+ds1", ["CVE-2024-21626", "November 2025"]),
        ("1.1.12", ["November 2025"]),
        ("1.2.7", ["November 2025"]),
        ("1.2.8", []),
        ("1.3.3-rc.1", []),
        ("1.4.0", []),
        ("2.0.0", []),
        ("", ["not known"]),
    ],
)
def test_an_old_runc_is_warned_of(runc: str, warned: list[str]) -> None:
    warnings = list(door._warnings(runc))
    assert len(warnings) == len(warned)
    assert all(word in told for word, told in zip(warned, warnings, strict=True))


def test_the_versions_of_this_engine_are_told(engine: docker.DockerClient) -> None:
    found = door.versions(engine)
    assert found.engine == engine.version()["Version"]
    assert found.runc


# Looking into an image


def test_an_image_that_carries_something_else_is_named_and_not_used(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compatible, "_good", set())
    image = door.find_image(engine, "python-ml")
    compatible.check(engine, image, "python-ml")
    monkeypatch.setattr(compatible, "_good", set())
    monkeypatch.setattr(naming, "agent_digest", lambda: "0" * 64)
    monkeypatch.setattr(compatible, "PYTHON", (3, 14))
    with pytest.raises(ShellError, match="another python and another agent than this checkout"):
        compatible.check(engine, image, "python-ml")


def _wait_for_the_end_of(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        with contextlib.closing(os.fdopen(descriptor)), selectors.PollSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            assert selector.select(timeout=30), f"process {pid} lives on"
