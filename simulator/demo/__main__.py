"""`make demo`: hand in starter and reference of every stage, print what came of them."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from graders import works
from graders.loading import find_quests, load_quest
from graders.quest import Quest
from simulator.demo.learning import Learner, Unanswered
from simulator.environment import ROOT
from simulator.serving.private import NotReady, private_site

SCALE: Final = "tiny"
ONLY_FOR_DEVELOPMENT: Final = (
    "development only: this machine cannot count a room's memory in the kernel, so limits were "
    "watched every 20 ms (docs/sandbox.md)"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one work."""

    quest: str
    stage: str
    work: str
    score: float
    readiness: str
    passed: bool
    seconds: float
    development_only: bool

    @property
    def as_it_should(self) -> bool:
        """A reference passes and a starter does not."""
        return self.passed == (self.work == "reference")


def main() -> int:
    """Return 1 when a reference fails or a starter passes, 2 when the site does not answer."""
    try:
        with (
            private_site(SIM_SCALE=SCALE) as site,
            Learner(site.address, name="learner", password="learner") as learner,  # noqa: S106, the demo login
        ):
            rows = list(_rows(learner))
    except (NotReady, Unanswered) as error:
        print(error, file=sys.stderr)
        return 2
    _show(rows)
    return 0 if rows and all(row.as_it_should for row in rows) else 1


def _rows(learner: Learner) -> Iterator[Row]:
    for folder in find_quests(ROOT / "quests"):
        quest = load_quest(folder)
        learner.enrol(quest.slug)
        for stage in quest.stages:
            for work in (works.starter(quest, stage), works.reference(quest, stage)):
                yield _hand_in(learner, quest, work)


def _hand_in(learner: Learner, quest: Quest, work: works.Work) -> Row:
    started = time.monotonic()
    report = learner.report(learner.hand_in(quest.slug, work.stage.slug, work.files))
    return Row(
        quest=quest.slug,
        stage=work.stage.slug,
        work=work.name,
        score=report["score"],
        readiness=report["readiness"],
        passed=report["passed"],
        seconds=time.monotonic() - started,
        development_only=report["development_only"],
    )


def _show(rows: list[Row]) -> None:
    table = Table("stage", "what", "score", "readiness", "passed", "seconds", "")
    for row in rows:
        table.add_row(
            f"{row.quest}/{row.stage}",
            row.work,
            f"{row.score:.0f}",
            row.readiness,
            "yes" if row.passed else "no",
            f"{row.seconds:.1f}",
            "✓" if row.as_it_should else "✗ not as it should be",
        )
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(table)
    watched = sum(row.development_only for row in rows)
    if watched:
        console.print(f"{watched} of {len(rows)} {ONLY_FOR_DEVELOPMENT}")


if __name__ == "__main__":
    sys.exit(main())
