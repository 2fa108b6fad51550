"""Section `site`: pages for 50 learners at once, with ten thousand attempts in the database.

`site.catalogue_p95_ms`, `site.quest_p95_ms` and `site.report_p95_ms` are measured by the reader:
from the request to the end of the answer, over loopback, so they are server time and a little
more. Every learner reads a page, thinks for a moment, and reads the next. `site.*_queries` are
counted at a tenth of the attempts and at all of them; `site.queries_grown` must stay zero.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx

from graders import works
from graders.loading import load_quest
from simulator.demo.learning import Learner
from simulator.environment import ROOT
from simulator.serving.private import Site, private_site
from tests.bench.bounds import Bound

ATTEMPTS: Final = 10_000
FEWER: Final = 1_000
READERS: Final = 50
ROUNDS: Final = 8  # of the three pages, each reader
THINKS: Final = (2.0, 4.0)  # seconds between two pages
PAGES: Final = ("catalogue", "quest", "report")
FILL: Final = """
import django
django.setup()
from tests.bench.crowd import tell
tell({attempts})
"""
BOUNDS: Final = {f"site.{page}_p95_ms": Bound(most=60) for page in PAGES} | {
    "site.queries_grown": Bound(most=0)
}


def measure() -> dict[str, float]:
    """Serve a private site, fill it, and let the learners read."""
    quest = load_quest(ROOT / "quests" / "churn")
    with private_site(SIM_SCALE="tiny") as site:
        with Learner(site.address, name="learner", password="learner") as learner:
            learner.enrol(quest.slug)
            files = works.reference(quest, quest.stages[0]).files
            learner.report(learner.hand_in(quest.slug, quest.stages[0].slug, files))
        few = _crowd(site, FEWER)
        many = _crowd(site, ATTEMPTS)
        times = _read(site, quest.slug, many)
    counted = {f"site.{page}_queries": float(n) for page, n in many["queries"].items()}
    grown = sum(many["queries"][page] != few["queries"][page] for page in many["queries"])
    return {
        **{f"site.{page}_p95_ms": _p95(times[page]) for page in PAGES},
        **{f"site.{page}_median_ms": 1000 * statistics.median(times[page]) for page in PAGES},
        **counted,
        "site.queries_grown": float(grown),
    }


def _crowd(site: Site, attempts: int) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-c", FILL.format(attempts=attempts)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "simulator.settings",
            "SIM_HOME": str(site.home),
            "SIM_SCALE": "tiny",
        },
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def _read(site: Site, quest: str, crowd: dict[str, Any]) -> dict[str, list[float]]:
    """Every reader in a thread of their own; seconds by page."""
    addresses = {"catalogue": "/quests/", "quest": f"/quests/{quest}/"}

    def reader(number: int) -> list[tuple[str, float]]:
        dice = random.Random(number)  # noqa: S311, when to click
        mine = addresses | {"report": crowd["reports"][number]}
        cookies = {"sessionid": crowd["sessions"][number]}
        seen = []
        with httpx.Client(base_url=site.address, cookies=cookies, timeout=60) as http:
            time.sleep(dice.uniform(0, THINKS[1]))
            for place in range(ROUNDS * len(PAGES)):
                page = PAGES[place % len(PAGES)]
                started = time.perf_counter()
                http.get(mine[page]).raise_for_status()
                seen.append((page, time.perf_counter() - started))
                time.sleep(dice.uniform(*THINKS))
        return seen[len(PAGES) :]  # the first round warms the templates

    times: dict[str, list[float]] = {page: [] for page in PAGES}
    with ThreadPoolExecutor(READERS) as pool:
        for seen in pool.map(reader, range(READERS)):
            for page, seconds in seen:
                times[page].append(seconds)
    return times


def _p95(times: list[float]) -> float:
    return 1000 * statistics.quantiles(times, n=20)[-1]
