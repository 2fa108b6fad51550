"""The self-test: opens a room and looks at every wall, from inside and from outside."""

import contextlib
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.client import RunnerSandbox
from sandbox.interface import Finished, Limits, SandboxError, Stopped

SCRIPT = (Path(__file__).with_name("agent") / "probe.py").read_text()
LIMITS = Limits(
    cpu_seconds=10,
    wall_seconds=15,
    memory_mb=256,
    processes=16,
    scratch_mb=8,
    scratch_files=500,
    output_kb=64,
)
FORKS = """
import os, time
for _ in range(40):
    if os.fork() == 0: time.sleep(2); os._exit(0)
time.sleep(1)
"""
DEVICES = [
    *("fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"),
]
EXPECTED: dict[str, object] = {
    "capabilities": 0,
    "no_new_privileges": 1,
    "seccomp": 2,
    "descriptors": [0, 1, 2],
    "user": "learner",
    "processes": 2,
    "network": "refused",
    "namespaces": "refused",
    "root": "read-only",
    "pid_one": "closed",
    "environment": [],
    "shared_namespaces": [],
    "kernel_tables": "hidden",
    "above": "nothing",
    "interfaces": ["lo"],
    "unlimited": [],
    "scratch": "within the limits",
    "parent_death": 9,
    "landlock": ("on", "not in this kernel"),
    "devices": DEVICES,
}

IN_CONTAINERS: dict[str, object] = {
    "processes": 6,  # five of the agent's are in sight, and belong to someone else
    "shared_namespaces": ["user"],  # another user than ours, but in the engine's namespace
}
# What a container has of its engine: its own devices and an overlay; its tables are masked there.
NOT_IN_CONTAINERS = ("kernel_tables", "scratch", "devices")
OURS = 1024 * 1024  # bytes, and
OUR_FILES = 64  # files, that a scratch is larger than its limit, at most


@dataclass
class Found:
    """What the self-test saw."""

    deviations: list[str] = field(default_factory=list)
    seen: dict[str, object] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Say it in one sentence."""
        if not self.deviations:
            return "every wall is in its place"
        return f"the self-test failed: {'; '.join(self.deviations)}"


def probe(
    sandbox: RunnerSandbox, *, runtime: str, controlled: bool, rooms: str = "nested"
) -> Found:
    """Look at a room; what deviates is listed."""
    found = Found()
    expected = _expected(rooms)
    shared = {"shared_namespaces": expected.pop("shared_namespaces")}
    try:
        _look_outside(sandbox, runtime, found)
        found.seen["shared_namespaces"] = _shared_with_a_neighbour(sandbox, runtime)
        _compare(found, shared)
        _look_inside(sandbox, runtime, found)
        _compare(found, expected)
        _meet_limits(sandbox, runtime, found)
    except SandboxError as error:
        found.deviations.append(str(error))
    found.seen["controlled"] = controlled
    return found


def _expected(rooms: str) -> dict[str, object]:
    if rooms != "container":
        return dict(EXPECTED)
    names = [name for name in EXPECTED if name not in NOT_IN_CONTAINERS]
    return {name: {**EXPECTED, **IN_CONTAINERS}[name] for name in names}


def _look_outside(sandbox: RunnerSandbox, runtime: str, found: Found) -> None:
    """See, on the host, whose process the template is: a room is nobody else's."""
    shell = sandbox.health()["shells"].get(runtime) or {}
    if not shell.get("template"):
        return  # it is not on this host, or not up: then no room opens, which is told
    try:
        user = Path(f"/proc/{shell['template']}").stat().st_uid
    except FileNotFoundError:
        return  # it died: the first room waits for its successor
    if user == 0:
        found.deviations.append("the shell's user on the host should not be root")


def _shared_with_a_neighbour(sandbox: RunnerSandbox, runtime: str) -> list[str]:
    """List the namespaces that two rooms, open at the same time, have in common.

    Asked for in calls, which end no process, and with memory to spare: a room that counts, and
    ends, the processes of others could not answer.
    """
    spaces, limits = [], replace(LIMITS, memory_mb=1024)
    with contextlib.ExitStack() as rooms:
        for _ in range(2):  # the first waits for the template; no room after it is timed with that
            room = rooms.enter_context(sandbox.open(runtime=runtime, limits=limits))
            room.upload({"probe.py": SCRIPT.encode()})
            spaces.append(room.call("probe:spaces").value)
    here, there = spaces
    if not isinstance(here, dict) or not isinstance(there, dict):
        return ["unknown"]
    return [name for name, number in here.items() if there.get(name) == number]


def _look_inside(sandbox: RunnerSandbox, runtime: str, found: Found) -> None:
    started = time.monotonic()
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        found.timings["ready_ms"] = round(1000 * (time.monotonic() - started), 1)
        room.upload({"probe.py": SCRIPT.encode()})
        finished = room.run("python", "probe.py")
        try:
            found.seen |= dict(json.loads(finished.stdout))
        except ValueError:
            said = (finished.stderr or finished.stdout)[-300:].decode(errors="replace")
            raise SandboxError(f"the probe could not look: {said}") from None
        found.seen["scratch"] = _size(found.seen.get("scratch"))
        started = time.monotonic()
        room.run("python", "-c", "import sklearn.linear_model")
        found.timings["run_ms"] = round(1000 * (time.monotonic() - started), 1)


def _size(scratch: object) -> str:
    match scratch:
        case [int(size), int(files)] if (
            size <= LIMITS.scratch_mb * 1024 * 1024 + OURS
            and files <= LIMITS.scratch_files + OUR_FILES
        ):
            return "within the limits"
    return f"{scratch} (bytes, files)"


def _compare(found: Found, expected: dict[str, object]) -> None:
    for name, wanted in expected.items():
        is_one = found.seen.get(name) in wanted if isinstance(wanted, tuple) else None
        if not is_one and found.seen.get(name) != wanted:
            found.deviations.append(f"{name} should be {wanted}, is {found.seen.get(name)}")


def _meet_limits(sandbox: RunnerSandbox, runtime: str, found: Found) -> None:
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        _expect(
            found,
            Stopped.WALL,
            room.run("python", "-c", "import time; time.sleep(9)", limits=_short()),
        )
        _expect(
            found,
            Stopped.MEMORY,
            room.run("python", "-c", "x = bytearray(10**9); x[::4096] = b'1' * len(x[::4096])"),
        )
        _expect(found, Stopped.PROCESSES, room.run("python", "-c", FORKS))
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        fill = "open('/tmp/full', 'wb').write(bytes(10**8))"
        _expect(found, Stopped.DISK, room.run("python", "-c", fill))
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        fill = "for n in range(5000): open(f'/tmp/{n}', 'w').close()"
        _expect(found, Stopped.FILES, room.run("python", "-c", fill))


def _short() -> Limits:
    return Limits(wall_seconds=0.3, cpu_seconds=1, memory_mb=256, processes=16, scratch_mb=8)


def _expect(found: Found, wanted: Stopped, finished: Finished) -> None:
    if finished.stopped is not wanted:
        found.deviations.append(f"the limit {wanted} does not hold (ended by {finished.stopped})")
