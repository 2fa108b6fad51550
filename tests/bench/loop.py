"""Section `loop`: from a click on *Hand in* to what the page shows, and to the verdict.

`loop.first_result_ms` and `loop.features_verdict_ms` are medians of the page's own event stream,
from the moment the form is sent; `loop.verdict_vs_bare` compares the model stage's whole verdict
with its train and predict commands in a bare interpreter of the same runtime, in the same run.
"""

import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from graders import datasets, works
from graders.loading import load_quest
from graders.quest import Quest
from sandbox import runtimes
from simulator.demo.learning import Learner
from simulator.environment import ROOT
from simulator.serving.private import Site, private_site

TIMES: Final = 20
PAIRS: Final = 5
SCALE: Final = "tiny"
PREDICT: Final = """
import sys
import simkit
from churn.data import load_features
from churn.model import ChurnModel
rows = load_features(simkit.now())
print(ChurnModel.load(sys.argv[1] + "/model").predict_proba(rows).sum())
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When the page heard of an attempt: seconds from the click."""

    first_result: float
    verdict: float


class Page:
    """A signed-in browser, as far as forms and event streams go."""

    def __init__(self, site: Site) -> None:
        self._http = httpx.Client(base_url=site.address, timeout=120, follow_redirects=False)
        form = {"login": "learner", "password": "learner"}
        if self._send("/accounts/login/", form).headers.get("location") != "/quests/":
            raise RuntimeError("the demo login is refused")

    def hand_in(self, quest: str, stage: str, *, seen: int) -> Seen:
        """Press the button, listen to the page's stream to its end."""
        started = time.monotonic()
        answer = self._send(f"/quests/{quest}/{stage}/hand-in", {"seen": str(seen)})
        address = answer.headers["location"]
        if not re.fullmatch(r"/attempts/[0-9a-f-]{36}/", address):
            raise RuntimeError(f"the hand-in was refused: see {address}")
        first = 0.0
        with self._http.stream("GET", f"{address}events") as stream:
            for line in stream.iter_lines():
                if line == "event: result" and not first:
                    first = time.monotonic() - started
                if line == "event: verdict":
                    return Seen(first_result=first, verdict=time.monotonic() - started)
        raise RuntimeError("the stream ended without a verdict")

    def _send(self, path: str, form: dict[str, str]) -> httpx.Response:
        if "csrftoken" not in self._http.cookies:
            self._http.get("/accounts/login/")
        token = self._http.cookies["csrftoken"]
        return self._http.post(path, data={**form, "csrfmiddlewaretoken": token})


def measure() -> dict[str, float]:
    """Serve a private site and measure it."""
    quest = load_quest(ROOT / "quests" / "churn")
    with private_site(SIM_SCALE=SCALE) as site:
        page = Page(site)
        features = _medians(site, page, quest, "features", times=TIMES)
        for stage in ("why", "baseline"):  # what the model waits for
            _put(site, quest, stage)
            page.hand_in(quest.slug, stage, seen=0)
        ratio = _against_bare(site, page, quest)
    return {
        "loop.first_result_ms": 1000 * features.first_result,
        "loop.features_verdict_ms": 1000 * features.verdict,
        **ratio,
    }


def _medians(site: Site, page: Page, quest: Quest, stage: str, *, times: int) -> Seen:
    _put(site, quest, stage)
    page.hand_in(quest.slug, stage, seen=-1)  # warms the page, the worker and the tables
    runs = [page.hand_in(quest.slug, stage, seen=number) for number in range(times)]
    return Seen(
        first_result=statistics.median(run.first_result for run in runs),
        verdict=statistics.median(run.verdict for run in runs),
    )


def _put(site: Site, quest: Quest, stage: str) -> None:
    files = works.reference(quest, quest.stage(stage)).files
    with Learner(site.address, name="learner", password="learner") as learner:
        learner.enrol(quest.slug)
        learner.put(quest.slug, files)


def _against_bare(site: Site, page: Page, quest: Quest) -> dict[str, float]:
    """Verdicts and bare runs in turn, so that noise meets both."""
    _put(site, quest, "model")
    page.hand_in(quest.slug, "model", seen=-1)
    bare, judged = [], []
    for number in range(PAIRS):
        bare.append(_bare(site, quest))
        judged.append(page.hand_in(quest.slug, "model", seen=number).verdict)
    return {
        "loop.model_verdict_s": statistics.median(judged),
        "loop.bare_s": statistics.median(bare),
        "loop.verdict_vs_bare": statistics.median(judged) / statistics.median(bare),
    }


def _bare(site: Site, quest: Quest) -> float:
    """Seconds of the train and predict commands as one would type them."""
    secret = (site.home / "secret").read_bytes()
    data = datasets.prepare(quest, scale=SCALE, secret=secret, home=site.home)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for path, body in works.reference(quest, quest.stage("model")).files.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_bytes(body)
        started = time.monotonic()
        out = str(project / "out")
        _python(project, data.public_folder, "-m", "churn.train", "--out", out)
        _python(project, data.folder("hidden"), "-c", PREDICT, out)
        return time.monotonic() - started


def _python(project: Path, tables: Path, *words: str) -> None:
    """Run the runtime's own interpreter with its own packages, outside of any room."""
    runtime = runtimes.find("python-ml", home=ROOT / ".sim")
    packages = next((runtime.tree / "runtime/lib").glob("python3*/site-packages"))
    subprocess.run(
        [next((runtime.tree / "runtime/base/bin").glob("python3*")), "-B", *words],
        cwd=project,
        env={
            "PYTHONPATH": f"{project}:{runtime.code / 'learner'}:{packages}",
            "SIM_DATA": str(tables),
            "SIM_ARTIFACTS": str(project),
            "SIM_SEED": "1",
            "HOME": str(project),
            "OMP_NUM_THREADS": "2",
        },
        check=True,
        capture_output=True,
    )
