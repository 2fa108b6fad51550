"""Section `room`: what a room costs, beside what others do for an attempt, in the same run.

The job is a small scikit-learn fit. For a room it is open, upload, call, read the result, close;
for the others a run of the same file. All are medians of runs in turn, so that noise meets all.
Processor time is the whole machine's, less what it uses when nothing is measured: only that counts
the engine, the runner and the kernel's work for namespaces alike; it runs until the rooms that the
runner opens ahead stand again. `ready_ms` and the jobs are in so long a row that most find none
standing; `standing_ms` is a room that does. `room.*` is the embedded default
(bubblewrap), `room.docker.*` nested rooms in the Docker shell; section `containers` gives
`room.container.*`, for rooms that are containers of their own.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from sandbox.client import RunnerSandbox
from sandbox.interface import WARM_PYTEST, Finished, Limits
from tests.bench import peers, procs
from tests.bench.bounds import Bound
from tests.bench.hosts import Host, host, why_no_engine
from tests.bench.neighbours import slowdown

BOUNDS: Final = {
    f"{name}.{figure}": bound
    for name in ("room", "room.docker")  # container rooms are measured, and promise nothing
    for figure, bound in {
        "ready_ms": Bound(most=20),
        "call_ms": Bound(most=15),
        "job_vs_bare": Bound(most=0.06),
        "job_cpu_vs_bare": Bound(most=0.06),
        "job_vs_docker_run": Bound(most=0.05),
        "job_cpu_vs_docker_run": Bound(most=0.05),
        "blind10_vs_one": Bound(most=1.0),
        "extra_mb": Bound(most=20),
        "rooms_per_s": Bound(least=30),
        "neighbour_slowdown": Bound(most=2.2),
    }.items()
}
LIMITS: Final = Limits(cpu_seconds=30, wall_seconds=60, memory_mb=512, processes=32, scratch_mb=64)
AT_ONCE: Final = 4
JOB: Final = b"""\
import json

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


def job():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(rng.normal(size=(2000, 6)), columns=list("abcdef"))
    labels = (rows["a"] + rng.normal(size=2000) > 0).astype(int)
    score = float(LogisticRegression().fit(rows, labels).score(rows, labels))
    with open("result.json", "w") as file:
        json.dump({"score": score}, file)
    return score


if __name__ == "__main__":
    print(job())
"""
TRIVIAL_FILES: Final = {"trivial.py": b"def one():\n    return 1\n"}
MODULE: Final = "def top(scores, k):\n    return sorted(scores, reverse=True)[:k]\n"
SUITE: Final = b"""\
import pytest
from module import top


@pytest.mark.parametrize("k", [1, 2, 3])
def test_takes_the_largest(k):
    assert top([3, 1, 2], k) == [3, 2, 1][:k]


def test_order_is_no_matter():
    assert top([1, 2, 3], 2) == top([3, 2, 1], 2)


def test_nothing_of_nothing():
    assert top([], 3) == []
"""
PYTEST: Final = ("-m", "pytest", "-q", *WARM_PYTEST, "test_module.py")
PLAIN: Final = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_module.py")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How often things are done: as often as they are quick."""

    times: int  # openings and calls, of which the median is told
    pairs: int  # of ours and of others' in turn
    in_a_row: int  # jobs of ours in each pair: more than rooms stand ready
    idle: int  # rooms whose memory is measured
    jobs: int  # for rooms a second
    beside: int  # jobs of each round beside a neighbour


NESTED: Final = Effort(times=40, pairs=7, in_a_row=25, idle=8, jobs=120, beside=15)
CONTAINERS: Final = Effort(times=8, pairs=3, in_a_row=2, idle=3, jobs=12, beside=3)


def measure() -> dict[str, float]:
    """Both shells, one after the other; Docker only where an engine answers."""
    figures = {"room.load_before": os.getloadavg()[0]}
    why_not = why_no_engine()
    with host("bubblewrap") as embedded:
        figures |= _figures("room", embedded, NESTED, against_docker=not why_not)
    if why_not:
        print(f"room.docker.* and *_vs_docker_run are not measured: {why_not}", file=sys.stderr)
        return figures
    with host("docker") as docker:
        figures |= _figures("room.docker", docker, NESTED, against_docker=True)
    return figures


def measure_containers() -> dict[str, float]:
    """Measure rooms that are containers of their own; for hosts that forbid the others."""
    why_not = why_no_engine()
    if why_not:
        print(f"room.container.* is not measured: {why_not}", file=sys.stderr)
        return {}
    with host("container") as containers:
        return _figures("room.container", containers, CONTAINERS, against_docker=True)


def one_job(sandbox: RunnerSandbox) -> None:
    """An attempt as the judge makes it. Raises RuntimeError when it does not give its result."""
    with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
        room.upload({"job.py": JOB})
        returned = room.call("job:job")
        if not returned.ok or b"score" not in room.read("result.json", max_bytes=1000):
            raise RuntimeError(f"the job did not run: {returned}")


def _figures(name: str, where: Host, effort: Effort, *, against_docker: bool) -> dict[str, float]:
    sandbox = where.sandbox
    found = _ready_and_call(where, effort)
    found |= _job(where, effort, against_docker=against_docker)
    found["blind10_vs_one"] = _blind(where, effort)
    found["extra_mb"] = _extra(where, effort)
    found["rooms_per_s"] = _rooms_per_second(sandbox, effort)
    found["neighbour_slowdown"] = slowdown(sandbox, lambda: one_job(sandbox), times=effort.beside)
    return {f"{name}.{figure}": value for figure, value in found.items()}


def _ready_and_call(where: Host, effort: Effort) -> dict[str, float]:
    sandbox = where.sandbox
    standing, ready, first, warm = [], [], [], []
    for _ in range(effort.pairs):
        where.refill()
        started = time.perf_counter()
        with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS):
            standing.append(time.perf_counter() - started)
    for _ in range(effort.times):
        started = time.perf_counter()
        with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
            ready.append(time.perf_counter() - started)
            room.upload(TRIVIAL_FILES)
            first.append(_seconds(lambda: room.call("trivial:one")))
            warm.append(_seconds(lambda: room.call("trivial:one")))
    once = (TRIVIAL_FILES, "-c", "import trivial; trivial.one()")
    process = [_seconds(lambda: peers.bare(*once)) for _ in range(effort.pairs)]
    return {
        "standing_ms": 1000 * statistics.median(standing),
        "ready_ms": 1000 * statistics.median(ready),
        "call_ms": 1000 * statistics.median(first),
        "call_warm_ms": 1000 * statistics.median(warm),
        "process_for_each_call_ms": 1000 * statistics.median(process),
    }


def _job(where: Host, effort: Effort, *, against_docker: bool) -> dict[str, float]:
    sandbox = where.sandbox
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: one_job(sandbox),
        "bare": lambda: peers.bare({"job.py": JOB}, "job.py"),
    }
    if against_docker:
        ways["docker_run"] = lambda: peers.docker_run("job.py", JOB)
    wall: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    idle = _idle_share()
    for way in ways.values():
        way()
    for _ in range(effort.pairs):
        for name, way in ways.items():
            times = effort.in_a_row if name == "ours" else 1
            busy, started = procs.busy_seconds(), time.perf_counter()
            for _ in range(times):
                way()
            wall[name].append((time.perf_counter() - started) / times)
            where.refill()
            seconds = time.perf_counter() - started
            cpu[name].append(max(0.0, procs.busy_seconds() - busy - idle * seconds) / times)
    ours, ours_cpu = statistics.median(wall["ours"]), statistics.median(cpu["ours"])
    found = {"job_ms": 1000 * ours}
    for name in ways.keys() - {"ours"}:
        found[f"{name}_ms"] = 1000 * statistics.median(wall[name])
        found[f"job_vs_{name}"] = ours / statistics.median(wall[name])
        found[f"job_cpu_vs_{name}"] = ours_cpu / statistics.median(cpu[name])
    return found


def _blind(where: Host, effort: Effort) -> float:
    """Ten variants under a suite, as the judge runs it, against one plain run of it."""
    sandbox = where.sandbox
    variants = [
        {"module.py": f"{MODULE}# {n}\n".encode(), "test_module.py": SUITE} for n in range(10)
    ]

    def judged(files: dict[str, bytes]) -> Finished:
        with sandbox.open(runtime=peers.RUNTIME, limits=LIMITS) as room:
            room.upload(files)
            return room.run("python", *PYTEST)

    blind, one = [], []
    for _ in range(effort.pairs):
        started = time.perf_counter()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            ended = list(pool.map(judged, variants))
        blind.append(time.perf_counter() - started)
        if not all(finished.ok for finished in ended):
            raise RuntimeError(f"the suite is red: {ended[0]}")
        where.refill()  # so that it does not slow down the other
        one.append(_seconds(lambda: peers.bare(variants[0], *PLAIN)))
    return statistics.median(blind) / statistics.median(one)


def _extra(where: Host, effort: Effort) -> float:
    """Memory of one more idle room, as a share of what is shared."""
    where.settle()
    before = procs.proportional_mb(*where.roots())
    with ExitStack() as rooms:
        for _ in range(effort.idle):
            rooms.enter_context(where.sandbox.open(runtime=peers.RUNTIME, limits=LIMITS))
        where.settle()
        return (procs.proportional_mb(*where.roots()) - before) / effort.idle


def _rooms_per_second(sandbox: RunnerSandbox, effort: Effort) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: one_job(sandbox), range(effort.jobs)))
    return effort.jobs / (time.perf_counter() - started)


def _idle_share() -> float:
    """How busy the machine is while we do nothing: processors, as a number."""
    busy, started = procs.busy_seconds(), time.perf_counter()
    time.sleep(2)
    return (procs.busy_seconds() - busy) / (time.perf_counter() - started)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
