"""A whole site to attack: its people, its canaries, its database, its processes."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pyarrow.parquet as pq

from graders import works
from graders.loading import load_module, load_quest
from graders.quest import Quest
from simulator.environment import ROOT
from simulator.serving.private import Site, private_site
from tests.attack.canaries import Canaries, planted
from tests.attack.learning import QUEST, Learner
from tests.attack.traces import Memory, Traces, Watcher

REFERENCE: Final = "@REFERENCE:"
SOURCE: Final = "@SOURCE:"
QUESTS: Final = ROOT / "tests" / "attack" / "quest"
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "bubblewrap": {"SANDBOX_SHELL": "bubblewrap"},
    "docker": {"SANDBOX_SHELL": "docker", "SANDBOX_ROOMS": "nested"},
    "container": {"SANDBOX_SHELL": "docker", "SANDBOX_ROOMS": "container"},
}
CLOSED: Final = "closed"
PATIENCE_SECONDS: Final = 600.0
CROWD: Final = tuple(f"crowd{number}" for number in range(8))
PEOPLE: Final = ("mallory", "honest", "neighbour", "prober", *CROWD)


@dataclass(kw_only=True)
class Stand:
    """One site and what belongs to it."""

    kind: str
    site: Site
    canaries: Canaries
    people: Mapping[str, Learner]
    quest: Quest
    watcher: Watcher
    settings: Mapping[str, str]
    idle: Traces | None = None
    memory: Memory | None = None
    yardstick: float = 1.0  # seconds of a task that has nothing to do with the site
    reference_seconds: dict[str, float] = field(default_factory=dict)  # by stage
    ratios: list[float] = field(default_factory=list)  # of honest runs after hostile ones
    stack: ExitStack = field(default_factory=ExitStack)  # ends what belongs to the site, before it
    shared: dict[str, Any] = field(default_factory=dict)  # what is made once and kept

    def once(self, name: str, make: Callable[["Stand"], Any]) -> Any:
        """What `make` makes, made when it is first asked for and kept with the stand."""
        if name not in self.shared:
            self.shared[name] = make(self)
        return self.shared[name]

    def reference(self) -> dict[str, bytes]:
        """An honest project, whole: good for every stage."""
        last = self.quest.stages[-1]
        return dict(self.once("reference", lambda _: works.reference(self.quest, last).files))

    def filled_in(self, text: str | bytes) -> bytes:
        """A case's text with the names of the canaries and the site in their places."""
        if isinstance(text, bytes):
            return text
        if text.startswith(REFERENCE):
            return self.reference()[text.removeprefix(REFERENCE).removesuffix("@")]
        if text.startswith(SOURCE):
            return (ROOT / text.removeprefix(SOURCE).removesuffix("@")).read_bytes()
        for place, name in self.places().items():
            text = text.replace(place, name)
        return text.encode()

    def places(self) -> dict[str, str]:
        """What a case's text may name."""
        here = {"@HOME@": str(self.site.home), "@ROOT@": str(ROOT)}
        return {**self.canaries.places(), **here}

    def tokens(self) -> dict[str, str]:
        """Every token by what holds it: the canaries', and the judge's labels and hidden notes."""
        hidden = self.once("hidden tokens", lambda _: _hidden_tokens(self.site.home))
        return {**self.canaries.tokens, **hidden}

    def decides(self) -> list[bool]:
        """Which of the hidden pairs decide and are not shown, in their order."""
        (labels,) = self.site.home.glob("truth/*/labels.parquet")
        path = self.quest.folder / "stages/01_answer/hidden_checks.py"
        checks = load_module(path, name="hidden_checks_of_the_target")
        found: list[bool] = checks.decides_by(pq.read_table(labels).to_pandas()).tolist()
        return found

    def health(self) -> Mapping[str, Any]:
        """What the site says of itself."""
        found: Mapping[str, Any] = httpx.get(f"{self.site.address}/health/", timeout=30).json()
        return found

    def rows(self, question: str, *facts: object) -> list[tuple[Any, ...]]:
        """Ask the site's database, for reading."""
        address = f"file:{self.site.home}/db.sqlite3?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as base:
            return base.execute(question, facts).fetchall()


@contextmanager
def serving(kind: str) -> Iterator[Stand]:
    """A site with rooms of a kind, until the block ends. Raises NotReady."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sim-scratch-")))
        canaries = stack.enter_context(planted())
        settings = {
            **KINDS[kind],
            "DATABASE_URL": "",  # the embedded one, which can be looked into
            "SIM_QUESTS": str(QUESTS),
            "SIM_SECRET": canaries.tokens["secret"],
            "SIM_SECRET_KEY": canaries.tokens["secret_key"],
            "SIM_ATTACK_CANARY": canaries.tokens["environment"],
            "TMPDIR": str(scratch),
        }
        site = stack.enter_context(private_site(patience=PATIENCE_SECONDS, **settings))
        people = _people(site, settings)
        for person in people.values():
            stack.callback(person.close)
        neighbour = canaries.tokens["neighbour"].encode()
        people["neighbour"].put({"notes.txt": neighbour, "app/solution.py": b"# " + neighbour})
        for data in site.home.glob("warehouse/*/"):
            _close(data / CLOSED, canaries.tokens["file"])
        stand = Stand(
            kind=kind,
            site=site,
            canaries=canaries,
            people=people,
            quest=load_quest(QUESTS / QUEST),
            watcher=Watcher(site.pid, home=site.home, scratch=scratch, kind=kind),
            settings=settings,
        )
        with stand.stack:
            yield stand


def _close(path: Path, text: str) -> None:
    """A file beside a dataset's own that root alone may read."""
    path.write_text(text)
    path.chmod(0o600)


def left(stand: Stand, *, seconds: float = 15.0) -> str:
    """What is left of what ran, in words, when the time to vanish is over; empty for nothing."""
    if stand.idle is None:
        raise RuntimeError("the stand was not prepared")
    deadline = time.monotonic() + seconds
    while (found := stand.watcher.look()).above(stand.idle) and time.monotonic() < deadline:
        time.sleep(0.02)
    above = found.above(stand.idle)
    if not above:
        stand.idle = found  # with as few mounts as there are now
    return above


def _people(site: Site, settings: Mapping[str, str]) -> dict[str, Learner]:
    """Learners of the site, each at an address of their own."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.attack.people", QUEST, *PEOPLE],
        cwd=ROOT,
        env={
            **os.environ,
            **settings,
            "SIM_HOME": str(site.home),
            "DJANGO_SETTINGS_MODULE": "simulator.settings",
        },
        check=True,
        capture_output=True,
    )
    told: dict[str, dict[str, str]] = json.loads(made.stdout)
    return {
        name: Learner(site.address, name=name, home=f"127.0.0.{number}", **keys)
        for number, (name, keys) in enumerate(told.items(), start=2)
    }


def _hidden_tokens(home: Path) -> dict[str, str]:
    tokens: dict[str, str] = {}
    for path in home.glob("truth/*/labels.parquet"):
        for number, token in enumerate(pq.read_table(path)["token"].to_pylist()):
            tokens[f"label {number}"] = token
    for index in home.glob("truth/*/_hidden.json"):
        for key in json.loads(index.read_text()).values():
            notes = pq.read_table(home / "warehouse" / key / "pairs.parquet")["note"]
            tokens |= {f"hidden row {n}": note for n, note in enumerate(notes.to_pylist())}
            tokens["name of the hidden dataset"] = key.rpartition("-")[2]
    return tokens
