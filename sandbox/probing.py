"""The self-test: opens a room and looks at every wall, from inside and from outside."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.client import RunnerSandbox
from sandbox.interface import Finished, Limits, SandboxError, Stopped

SCRIPT = (Path(__file__).with_name("agent") / "probe.py").read_text()
LIMITS = Limits(
    cpu_seconds=10, wall_seconds=15, memory_mb=256, processes=16, scratch_mb=8, output_kb=64
)
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
}

IN_CONTAINERS: dict[str, object] = {
    "processes": 5,  # four of the agent's are in sight, and belong to someone else
}


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
    try:
        _look_inside(sandbox, runtime, found)
        _compare(found, EXPECTED | (IN_CONTAINERS if rooms == "container" else {}))
        _meet_limits(sandbox, runtime, found)
    except SandboxError as error:
        found.deviations.append(str(error))
    found.seen["controlled"] = controlled
    return found


def _look_inside(sandbox: RunnerSandbox, runtime: str, found: Found) -> None:
    with sandbox.open(runtime=runtime, limits=LIMITS):
        pass  # the first room waits for the template; what follows is timed
    started = time.monotonic()
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        found.timings["ready_ms"] = round(1000 * (time.monotonic() - started), 1)
        room.upload({"probe.py": SCRIPT.encode()})
        finished = room.run("python", "probe.py")
        try:
            found.seen = dict(json.loads(finished.stdout))
        except ValueError:
            said = (finished.stderr or finished.stdout)[-300:].decode(errors="replace")
            found.deviations.append(f"the probe could not look: {said}")
            return
        started = time.monotonic()
        room.run("python", "-c", "import sklearn.linear_model")
        found.timings["run_ms"] = round(1000 * (time.monotonic() - started), 1)


def _compare(found: Found, expected: dict[str, object]) -> None:
    if found.deviations:
        return
    for name, wanted in expected.items():
        if found.seen.get(name) != wanted:
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
    with sandbox.open(runtime=runtime, limits=LIMITS) as room:
        fill = "open('/tmp/full', 'wb').write(bytes(10**8))"
        _expect(found, Stopped.DISK, room.run("python", "-c", fill))


def _short() -> Limits:
    return Limits(wall_seconds=0.3, cpu_seconds=1, memory_mb=256, processes=16, scratch_mb=8)


def _expect(found: Found, wanted: Stopped, finished: Finished) -> None:
    if finished.stopped is not wanted:
        found.deviations.append(f"the limit {wanted} does not hold (ended by {finished.stopped})")
