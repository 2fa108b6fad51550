"""The author's command: run a quest's works through their checks, in real rooms.

    python -m graders quests/churn                          the reference, every stage
    python -m graders quests/churn --stage model --work mistakes/honest_split --language ru
    python -m graders quests/churn --matrix                 every work before every check
    python -m graders quests/churn --receipt receipt.json --work project/    replay a grading

Exits with 1 when a work does not do what it must or a replay ends in another verdict, with 2 when
the quest is not well formed or a receipt does not fit it.
"""

import argparse
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from graders.datasets import DatasetError
from graders.faults import QuestError, did_you_mean
from graders.loading import inspect, load_quest
from graders.quest import Quest, Stage
from graders.receipts import (
    CannotReplay,
    Receipt,
    differences,
    fit_data,
    fit_quest,
    fit_rooms,
    fit_work,
    read_receipt,
    remarks,
)
from graders.results import Event
from graders.works import Work, find_work
from graders.workshop.matrix import Row, problems, rows_of, untested
from graders.workshop.printing import event_lines, matrix_lines
from graders.workshop.workbench import SEED, SHELLS, Bench, home_of, runner
from graders.workshop.workbench import bench as bench_of
from sandbox.interface import SandboxError

__all__ = ["main", "runner"]


def main(argv: list[str] | None = None) -> int:
    """Run the command; the result is its exit code."""
    options = _options(argv)
    faults = inspect(options.quest, only=options.stage)
    if faults:
        print("\n".join(str(fault) for fault in faults))
        print(f"{len(faults)} to mend")
        return 2
    try:
        quest = load_quest(options.quest)
        if options.receipt:
            return _replay(quest, read_receipt(options.receipt), options)
        return _grade(quest, options)
    except (QuestError, DatasetError, CannotReplay) as error:
        print(error)
        return 2
    except SandboxError as error:
        print(f"no verdict, the sandbox fell down: {error}", file=sys.stderr)
        return 3


def _grade(quest: Quest, options: argparse.Namespace) -> int:
    stages = [stage for stage in quest.stages if options.stage in (None, stage.slug)]
    if not stages:
        known = did_you_mean(options.stage, [stage.slug for stage in quest.stages])
        print(f'{quest.slug} has no stage "{options.stage}"{known}')
        return 2
    with _bench(quest, options) as bench:
        if options.matrix:
            return _matrix(bench, stages, options)
        return _works(bench, stages, options)


def _aloud(
    bench: Bench,
    work: Work,
    options: argparse.Namespace,
    shown: Mapping[str, float] | None = None,
) -> Row:
    def tell(event: Event) -> None:
        lines = event_lines(bench.quest, work.stage, event, options.language)
        print("\n".join(lines), flush=True)

    row = bench.grade(work, tell=tell, language=options.language, shown=shown)
    if row.verdict is None:
        print(f"  {row.refused}")
    return row


def _works(bench: Bench, stages: list[Stage], options: argparse.Namespace) -> int:
    rows = []
    for stage in stages:
        work = find_work(bench.quest, stage, options.work)
        if work.stage.slug != stage.slug:
            continue
        print(f"{bench.quest.slug} / {stage.slug} / {work.name}")
        rows.append(_aloud(bench, work, options))
    return _concluded(problems(rows))


def _replay(quest: Quest, receipt: Receipt, options: argparse.Namespace) -> int:
    """Grade the work as the receipt says it was. Raises CannotReplay, before any grading."""
    fit_quest(receipt, quest)
    basis = receipt.basis
    work = find_work(quest, quest.stage(basis.stage), options.work)
    fit_work(receipt, work.files)
    options.scale, options.seed = basis.scale, basis.seed
    print(f"{quest.slug} / {basis.stage} / {work.name}, as in {options.receipt}")
    with _bench(quest, options) as bench:
        fit_data(receipt, bench.datasets)
        with bench.sandbox.open(runtime=basis.runtime, limits=basis.limits) as room:
            fit_rooms(receipt, room.made)
        verdict = _aloud(bench, work, options, basis.shown).verdict
    if verdict is None or verdict.basis is None:
        print("! the work was graded then and is not gradable now")
        return 1
    found = differences(receipt, verdict)
    for remark in remarks(receipt, verdict.basis) if found else ():
        print(f"  note: {remark}")
    for line in found:
        print(f"! {line}")
    print("another verdict" if found else "the same verdict")
    return 1 if found else 0


def _matrix(bench: Bench, stages: list[Stage], options: argparse.Namespace) -> int:
    rows: list[Row] = []
    for stage in stages:
        own = list(
            rows_of(
                bench.quest, [stage], lambda work: bench.grade(work, language=options.language)
            )
        )
        print("\n".join(matrix_lines(stage, own)), flush=True)
        for check in untested(own):
            print(f"  note: no work fails {check}")
        rows += own
    return _concluded(problems(rows))


def _concluded(lines: list[str]) -> int:
    for line in lines:
        print(f"! {line}")
    print(f"{len(lines)} to mend" if lines else "every work does what it must")
    return 1 if lines else 0


def _bench(quest: Quest, options: argparse.Namespace) -> AbstractContextManager[Bench]:
    return bench_of(
        quest,
        scale=options.scale or quest.grading_scale,
        home=home_of(options.home),
        shell=options.shell,
        seed=options.seed,
    )


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m graders", description=__doc__)
    parser.add_argument("quest", type=Path, help="the quest's folder")
    parser.add_argument("--stage", help="one stage; without it, every stage")
    parser.add_argument("--work", default="reference", help="reference, starter, mistakes/x, path")
    parser.add_argument("--matrix", action="store_true", help="every work before every check")
    parser.add_argument("--receipt", type=Path, help="replay this grading of the work")
    parser.add_argument("--scale", help="size of the data; without it, the grading scale")
    parser.add_argument("--language", choices=("en", "ru"), default="en")
    parser.add_argument("--shell", choices=SHELLS, default="auto")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--home", type=Path, help="where data and runtimes are kept")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
