"""Section `soak`: thousands of rooms, and what is left of them afterwards. Nothing may be.

Each room ends in one of the ways that rooms end in: read and closed; with a process left running;
at a limit; with its caller gone in the middle of a step. Memory is what belongs to the runner, the
switch and the template alone, each compared with itself after a warm-up.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import Limits, Network, SandboxError, Stopped
from tests.bench import peers, procs
from tests.bench.bounds import Bound
from tests.bench.hosts import Host, host, why_no_engine

WARM_UP: Final = 200
AT_ONCE: Final = 16
BOUNDS: Final = {
    f"{name}.{figure}": bound
    for name in ("soak", "soak.docker")
    for figure, bound in {
        "leaked": Bound(most=0),
        "memory_growth_percent": Bound(least=-5, most=5),
    }.items()
}
SETTLING_SECONDS: Final = 30.0
LIMITS: Final = Limits(cpu_seconds=30, wall_seconds=60, memory_mb=256, processes=16, scratch_mb=16)
FILES: Final = {"trivial.py": b"def one():\n    return 1\n"}
LEAVES_A_CHILD: Final = "import os, time\nif os.fork() == 0:\n    time.sleep(600)\n"
SLEEPS: Final = "import time\ntime.sleep(600)\n"


def measure() -> dict[str, float]:
    """Both shells, one after the other; Docker only where an engine answers."""
    with host("bubblewrap") as embedded:
        figures = _figures("soak", embedded, in_a_row=2000, more=400)
    why_not = why_no_engine()
    if why_not:
        print(f"soak.docker.* is not measured: {why_not}", file=sys.stderr)
        return figures
    with host("docker") as docker:
        return figures | _figures("soak.docker", docker, in_a_row=200, more=100)


def one(sandbox: RunnerSandbox, number: int) -> None:
    """Open a room and end it, in the next of the ways. Raises RuntimeError if it misbehaved."""
    ways = (_closed, _with_a_child_left, _at_a_limit, _left_by_its_caller)
    ways[number % len(ways)](sandbox)


def many(sandbox: RunnerSandbox, rooms: int, *, at_once: int = 1) -> None:
    """Open so many rooms, in a row or some at once."""
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda number: one(sandbox, number), range(rooms)))


def settled(look: Callable[[], procs.Holdings], wanted: procs.Holdings) -> procs.Holdings:
    """Look until there is no more than wanted, or the time is up: the last rooms end meanwhile."""
    until = time.monotonic() + SETTLING_SECONDS
    while True:
        found = look()
        more = any(asdict(found)[name] > size for name, size in asdict(wanted).items())
        if not more or time.monotonic() > until:
            return found
        time.sleep(0.2)


def _figures(name: str, where: Host, *, in_a_row: int, more: int) -> dict[str, float]:
    """Open rooms one by one, and then more of them, `AT_ONCE` at a time."""
    many(where.sandbox, WARM_UP, at_once=AT_ONCE)
    where.settle()
    holdings = where.holdings()
    containers, memory = len(where.containers()), _memory(where)
    started = time.perf_counter()
    many(where.sandbox, in_a_row)
    many(where.sandbox, more, at_once=AT_ONCE)
    seconds = time.perf_counter() - started
    where.refill()
    left = settled(where.holdings, holdings)
    found = {"rooms": float(in_a_row + more), "seconds": seconds}
    for kind, size in asdict(left).items():
        found[f"leaked_{kind}"] = float(size - asdict(holdings)[kind])
    found["leaked_containers"] = float(len(where.containers()) - containers)
    found["leaked"] = sum(abs(size) for kind, size in found.items() if kind.startswith("leaked_"))
    grown = {role: 100 * (now / memory[role] - 1) for role, now in _memory(where).items()}
    found |= {f"{role}_growth_percent": percent for role, percent in grown.items()}
    found["memory_growth_percent"] = max(grown.values(), key=abs)
    return {f"{name}.{figure}": value for figure, value in found.items()}


def _memory(where: Host) -> dict[str, float]:
    runner, template = where.runner, where.template()
    roles = {"runner": runner, "switch": procs.parent(template), "template": template}
    return {role: procs.anonymous_mb(pid) for role, pid in roles.items()}


def _closed(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
        room.upload(FILES)
        returned = room.call("trivial:one")
        if returned.value != 1 or room.read("trivial.py", max_bytes=100) != FILES["trivial.py"]:
            raise RuntimeError(f"a room misbehaved: {returned}")


def _with_a_child_left(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
        finished = room.run("python", "-c", LEAVES_A_CHILD)
        if not finished.ok:
            raise RuntimeError(f"a room misbehaved: {finished}")


def _at_a_limit(sandbox: RunnerSandbox) -> None:
    with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
        finished = room.run("python", "-c", SLEEPS, limits=replace(LIMITS, wall_seconds=0.05))
        if finished.stopped is not Stopped.WALL:
            raise RuntimeError(f"a room misbehaved: {finished}")


def _left_by_its_caller(sandbox: RunnerSandbox) -> None:
    served = replace(LIMITS, network=Network.LOOPBACK)
    with ThreadPoolExecutor(1) as pool, sandbox.open(runtime=peers.RUNTIME, limits=served) as room:
        running = pool.submit(room.run, "python", "-c", SLEEPS)
        time.sleep(0.02)
        room.close()
        with suppress(SandboxError):
            raise RuntimeError(f"a room misbehaved: {running.result()}")
