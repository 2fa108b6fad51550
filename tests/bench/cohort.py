"""Section `cohort`: the desk at the size of a large course.

`cohort.heatmap_ms` is the server's time for the home page of a cohort of 1,000 learners in a quest
of 40 stages with 60,000 attempts, all of it but the network: middleware, queries, table. It is
the median of several requests, after the standings were counted when the verdicts came.
`cohort.heatmap_queries` must be the same for a cohort of a tenth of the size.
`cohort.item_analysis_ms` is the analysis of every check and message over 100,000 attempts of ten
checks each, from the database to the numbers. SQLite, as the embedded default.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Final

from simulator.environment import ROOT
from tests.bench.bounds import Bound

BOUNDS: Final = {
    "cohort.heatmap_ms": Bound(most=300),
    "cohort.item_analysis_ms": Bound(most=2_000),
    "cohort.queries_grow": Bound(most=0),
}
TIMES: Final = 7


def measure() -> dict[str, float]:
    """Measure in a process of its own: Django's settings are read once, from a fresh home."""
    with tempfile.TemporaryDirectory(prefix="bench-cohort-") as home:
        finished = subprocess.run(
            [sys.executable, "-m", "tests.bench.cohort_site"],
            cwd=ROOT,
            env={
                **os.environ,
                "SIM_HOME": home,
                "DATABASE_URL": "",
                "DJANGO_SETTINGS_MODULE": "simulator.settings",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    figures = dict(line.split("=") for line in finished.stdout.splitlines() if "=" in line)
    return {name: float(value) for name, value in figures.items()}


def timed(work: Callable[[], object]) -> float:
    """The median of several runs, in milliseconds."""
    runs = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        runs.append(time.perf_counter() - started)
    return 1000 * statistics.median(runs)
