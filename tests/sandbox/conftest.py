"""A runner for each kind of shell; every suite of rooms runs over all of them."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox import runtimes
from sandbox.client import RunnerRoom, RunnerSandbox
from sandbox.docker_shell import DockerShells
from sandbox.interface import Limits, SandboxError
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".sim"
PLAIN_USER = 12_345
# Two container rooms are made warm first, on a machine that may be busy.
STEADY_LOOKS = 10
STARTING_SECONDS = 240
KINDS = [
    pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    pytest.param("plain user", marks=pytest.mark.bubblewrap),
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("container", marks=pytest.mark.docker),
]
IN_DOCKER = ("docker", "container")
# For tests of what one sort of rooms has: the others are not asked, so nothing is skipped.
NESTED_ONLY = pytest.mark.parametrize("host", KINDS[:-1], indirect=True)
CONTAINERS_ONLY = pytest.mark.parametrize("host", KINDS[-1:], indirect=True)
LIMITS = Limits(
    cpu_seconds=20,
    wall_seconds=30,
    memory_mb=512,
    processes=24,
    scratch_mb=16,
    scratch_files=500,
    output_kb=64,
)


# A container room costs a second of imports; its hundreds of tests are run when they are asked for.
IN_CONTAINERS_ON_REQUEST = (
    "test_hostile_rooms",
    "test_rooms",
    "test_serving",
    "test_shared_files",
)
REQUEST = "SIM_TEST_CONTAINERS"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Set the long suites over container rooms aside, unless SIM_TEST_CONTAINERS asks for them."""
    aside = [] if os.environ.get(REQUEST) else [each for each in items if _is_on_request(each)]
    if aside:
        config.hook.pytest_deselected(items=aside)
        items[:] = [each for each in items if each not in aside]


def _is_on_request(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return (
        call is not None
        and call.params.get("host") == "container"
        and item.path.stem in IN_CONTAINERS_ON_REQUEST
    )


@dataclass(frozen=True, kw_only=True)
class Host:
    """A running runner, and what a test may want to know of it."""

    kind: str
    sandbox: RunnerSandbox
    process: subprocess.Popen[bytes]
    socket: Path
    warehouse: Path
    log: Path
    idle: tuple[int, int] = (0, 0)


def traces(pid: int) -> tuple[int, int]:
    """Count a runner's processes and its rooms' control groups."""
    waiting, processes = [pid], 0
    while waiting:
        parent = waiting.pop()
        processes += 1
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # gone meanwhile
                waiting += [int(word) for word in children.read_text().split()]
    groups = 0
    for _, folders, _ in os.walk("/sys/fs/cgroup"):
        groups += sum(1 for name in folders if name.startswith(f"sim-{pid}-"))
    return processes, groups


@pytest.fixture(scope="session", params=KINDS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    kind: str = request.param
    _need_shell(kind)
    # Not pytest's own folder, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="sim-test-") as name:
        yield from _run(kind, Path(name))


def _run(kind: str, folder: Path) -> Iterator[Host]:
    warehouse = folder / "warehouse"
    _fill(warehouse)
    socket, log = folder / "socket", folder / "log"
    if kind == "plain user":
        folder.chmod(0o755)
        os.chown(folder, PLAIN_USER, PLAIN_USER)
    with log.open("wb") as out:
        process = subprocess.Popen(
            _command(kind, socket, warehouse), cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield _wait(
            Host(
                kind=kind,
                sandbox=RunnerSandbox(socket),
                process=process,
                socket=socket,
                warehouse=warehouse,
                log=log,
            )
        )
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()


@pytest.fixture
def sandbox(host: Host) -> RunnerSandbox:
    return host.sandbox


@pytest.fixture
def room(sandbox: RunnerSandbox) -> Iterator[RunnerRoom]:
    with sandbox.open(runtime="python-ml", limits=LIMITS) as opened:
        yield opened


def _need_shell(kind: str) -> None:
    if kind in IN_DOCKER:
        need(
            "a Docker engine with the rooms' image",
            present=DockerShells().why_not("python-ml") is None,
        )
        return
    need("root, to become a plain user", present=kind == "bubblewrap" or os.geteuid() == 0)
    try:
        runtimes.find("python-ml", home=HOME)
    except runtimes.RuntimeMissing as missing:
        need(str(missing), present=False)


def _command(kind: str, socket: Path, warehouse: Path) -> list[str]:
    shell = "docker" if kind in IN_DOCKER else "bubblewrap"
    rooms = "container" if kind == "container" else "nested"
    words = [sys.executable, "-m", "sandbox.runner", "--home", str(HOME), "--shell", shell]
    words += ["--rooms", rooms]
    words += ["--socket", str(socket), "--warehouse", str(warehouse)]
    if kind != "plain user":
        return words
    reached = [
        sys.base_prefix,
        sys.prefix,
        str(ROOT),
        str(runtimes.folder(HOME)),
        str(socket.parent),
    ]
    script = str(Path(__file__).with_name("as_user.py"))
    return [sys.executable, "-I", script, str(PLAIN_USER), *reached, "--", *words]


def _fill(warehouse: Path) -> None:
    for name, rows in (("small", 3), ("other", 5)):
        (warehouse / name).mkdir(parents=True)
        pq.write_table(pa.table({"id": list(range(rows))}), warehouse / name / "users.parquet")
    (warehouse.parent / "truth.txt").write_text("the labels")


def is_idle(health: dict[str, Any]) -> bool:
    """Tell whether no room is open, and those stand that are opened ahead."""
    open_now = any(shell["rooms"] for shell in health["shells"].values())
    return not open_now and bool(health["ahead"]["full"])


def _steady(pid: int) -> tuple[int, int]:
    """Count a runner's traces once they stay the same: what has just ended may still be there."""
    looks = [traces(pid)]
    while len(looks) < STEADY_LOOKS or len(set(looks[-STEADY_LOOKS:])) > 1:
        time.sleep(0.1)
        looks.append(traces(pid))
    return looks[-1]


def _wait(host: Host) -> Host:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and host.process.poll() is None:
        try:
            health = host.sandbox.health()
        except SandboxError:
            time.sleep(0.1)
            continue
        assert health["ok"], health["why"]
        while not is_idle(health):
            health = host.sandbox.health()
        return replace(host, idle=_steady(host.process.pid))
    pytest.fail(f"the runner did not come up: {host.log.read_text()}")
