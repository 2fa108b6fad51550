"""Section `judge`: whole verdicts, from files to the last result, as a worker makes them.

`judge.static_ms` is the verdict of a stage with every check of production-readiness (all but the
second training of `reproducible`, which is a training) and of the Dockerfile, on the reference of
churn: 600 lines of package, and its tests. `judge.blind10_vs_one` is the verdict of a stage that
judges the tests of churn's money blind, by ten planted bugs and the reference twice, against one
plain pytest run of the same file, in turn. Both in rooms of the embedded default, warm.
`judge.pace_*` are the seconds of `graders.service.calibration`'s reference service, the best of
several: on a quiet machine with two processors they are what its `QUIET_*` are set to.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graders import works
from graders.datasets import Datasets
from graders.grading import grade
from graders.loading import load_quest
from graders.quest import Quest
from graders.results import CheckResult, Outcome, Verdict
from graders.rooms import Rooms
from graders.service import calibration
from graders.workshop.workbench import runner
from sandbox.client import RunnerSandbox
from simulator.environment import ROOT
from tests.bench import peers
from tests.bench.bounds import Bound
from tests.graders.small_quest import QUEST_YAML, small_datasets, write_quest

BOUNDS: Final = {
    "judge.static_ms": Bound(most=5_000),
    "judge.blind10_vs_one": Bound(most=1.0),
}
TIMES: Final = 7
DOCKERFILE: Final = b"""\
FROM python:3.11-slim
WORKDIR /srv
RUN useradd --create-home app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY churn ./churn
USER app
HEALTHCHECK CMD ["python", "-c", "import churn"]
CMD ["python", "-m", "churn.train"]
"""
README: Final = b"""\
```
pip install -r requirements.txt
python -m churn.train --out artifacts
pytest tests
```
"""
STATIC: Final = '''\
"""Every check of production-readiness."""

from graders import dockerfile, production

placed = production.package_layout(points=1)
imported = production.imports(points=1)
tidy = production.lint(points=1)
shaped = production.formatted(points=1)
told = production.documented(points=1)
typed = production.annotated(points=1)
true_types = production.types(points=1)
fixed = production.pinned(points=1)
secret = production.no_secrets(points=1)
outside = production.configured(points=1)
anywhere = production.no_absolute_paths(points=1)
bound = production.binds_sql(points=1)
logged = production.logs(points=1)
explained = production.readme(points=1, says=["install", "run", "test"])
linted = dockerfile.linted(points=1)
base = dockerfile.base(points=1)
user = dockerfile.not_root(points=1)
packages = dockerfile.packages(points=1)
nothing_secret = dockerfile.no_secrets(points=1)
small = dockerfile.small_context(points=1)
health = dockerfile.healthcheck(points=1)
'''
BUGS: Final = (
    ("econ.months * price", "econ.months / price"),
    (") * value - (1.0", ") / value - (1.0"),
    ("(1.0 - with_letter)", "(1.0 + with_letter)"),
    ("discount - econ.contact_cost", "discount + econ.contact_cost"),
    ("stayed * value", "stayed / value"),
    ("== 1.0", "!= 1.0"),
    ("(True, False)", "()"),
    ("chosen == side", "chosen != side"),
    ("if not witnesses.any()", "if witnesses.any()"),
    ("(numbers <= 0.0)", "(numbers < 0.0)"),
)
BLIND: Final = '''\
"""A learner's tests, blind."""

from graders import own_tests

valid = own_tests.valid(points=1)
catches = own_tests.catches(points=1)
'''


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What grades, as a worker has it."""

    sandbox: RunnerSandbox
    datasets: Datasets

    def seconds(self, quest: Quest, files: Mapping[str, bytes]) -> float:
        """Grade files at the quest's one stage. Raises RuntimeError unless every check passes."""
        started = time.perf_counter()
        events = list(
            grade(quest, quest.stages[0], files, sandbox=self.sandbox, datasets=self.datasets)
        )
        seconds = time.perf_counter() - started
        results = [event for event in events if isinstance(event, CheckResult)]
        bad = [one for one in results if one.outcome is not Outcome.PASSED]
        if bad or not results or not isinstance(events[-1], Verdict):
            raise RuntimeError(f"the work to be measured does not pass: {bad}")
        return seconds


def measure() -> dict[str, float]:
    """Measure both verdicts."""
    with tempfile.TemporaryDirectory(prefix="bench-judge-") as folder, _judge(folder) as judge:
        root = Path(folder)
        found = _static(judge, root / "static") | _blind(judge, root / "blind")
        return found | _pace(judge)


def _static(judge: Judge, folder: Path) -> dict[str, float]:
    churn = load_quest(ROOT / "quests" / "churn")
    quest = _quest(folder, checks=STATIC, package="churn")
    files = {
        **works.reference(churn, churn.stage("model")).files,
        "README.md": README,
        "Dockerfile": DOCKERFILE,
    }
    judge.seconds(quest, files)
    runs = [judge.seconds(quest, files) for _ in range(TIMES)]
    package = [body for path, body in files.items() if path.endswith(".py")]
    return {
        "judge.static_ms": 1000 * statistics.median(runs),
        "judge.static_lines": sum(body.count(b"\n") for body in package),
    }


def _blind(judge: Judge, folder: Path) -> dict[str, float]:
    """A file of tests as a learner of churn writes it, and ten bugs in what it tests."""
    churn = load_quest(ROOT / "quests" / "churn")
    whole = works.reference(churn, churn.stage("baseline")).files
    tested, suite = "churn/metrics.py", "tests/test_metrics.py"
    files = {
        path: whole[path] for path in ("churn/__init__.py", "churn/economics.py", tested, suite)
    }
    quest = _quest(folder, checks=BLIND, package="churn")
    for path, body in files.items():
        _write(quest.folder / "reference" / path, body.decode())
    for number, (was, becomes) in enumerate(BUGS):
        place = quest.folder / "bugs" / f"{number}_exact"
        _write(place / "work.yaml", "stage: model\nwhy: to be found\n")
        _write(place / tested, files[tested].decode().replace(was, becomes, 1))
    judge.seconds(quest, files)
    plain = ("-m", "pytest", "-q", "-p", "no:cacheprovider", suite)
    blind, one = [], []
    for _ in range(TIMES):
        blind.append(judge.seconds(quest, files))
        started = time.perf_counter()
        peers.bare(files, *plain)
        one.append(time.perf_counter() - started)
    return {
        "judge.blind10_ms": 1000 * statistics.median(blind),
        "judge.pytest_ms": 1000 * statistics.median(one),
        "judge.blind10_vs_one": statistics.median(blind) / statistics.median(one),
    }


def _pace(judge: Judge) -> dict[str, float]:
    """What the reference service takes here: noise only ever slows, so the best counts."""
    rooms = Rooms(
        sandbox=judge.sandbox,
        runtime="python-ml",
        limits=calibration.LIMITS,
        datasets=judge.datasets,
    )
    runs = [calibration.measured(rooms) for _ in range(TIMES)]
    return {
        "judge.pace_p50_ms": 1000 * min(run.p50 for run in runs),
        "judge.pace_p95_ms": 1000 * min(run.p95 for run in runs),
        "judge.pace_start_ms": 1000 * min(run.start for run in runs),
    }


def _quest(folder: Path, *, checks: str, package: str) -> Quest:
    folder.mkdir()
    text = QUEST_YAML.replace("package: app", f"package: {package}")
    text = text.replace('["app/**"]', f'["{package}/**"]').partition("gates:")[0]
    hidden = '"""Nothing is hidden."""\n'
    return load_quest(
        write_quest(folder, quest=text, checks=checks, hidden=hidden, messages="{}\n")
    )


@contextmanager
def _judge(folder: str) -> Iterator[Judge]:
    os.environ.setdefault("SIM_RUNTIMES", str(ROOT / ".sim" / "runtimes"))
    home = Path(folder) / "home"
    home.mkdir()
    datasets = small_datasets(home)
    with runner(home, kind="bubblewrap") as socket:
        yield Judge(sandbox=RunnerSandbox(socket), datasets=datasets)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
