"""Prove a quest: every work before every check, in real rooms; print the kill matrix.

The reference and the variants must pass with merit, on the hidden data of several towns; the
starter has next to nothing; each mistake is stopped by the check it is named after and by no
other blocker; cheats earn nothing; every check stops something; a second run says the same; and
no label of the hidden data reaches a room or a report. What has not changed since the last time
is not judged again.

Leaves with 0 when all of this holds, 1 when something is to mend, 2 for a wrong command, 4 when
the sandbox fell down.
"""

import fnmatch
import time
from pathlib import Path
from typing import Annotated

import typer

from graders.quest import Quest
from graders.workshop.doubting import doubt as doubt_stage
from graders.workshop.proofs import Proof, keep_proof
from graders.workshop.proving import Asked, prove, sound_quest
from graders.workshop.verifying import RUNS, Progress
from graders.workshop.workbench import SHELLS, bench, home_of
from simulator.cli.authoring import blamed, folders_of, scale_named
from simulator.cli.printing import Code, console


def command(  # noqa: PLR0913 - one parameter an option
    quest: Annotated[Path, typer.Argument(help="A quest's folder, or one of many quests.")],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Stages, works or checks by name (`*` fits anything); repeatable."),
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only works whose result is not known yet.")
    ] = False,
    doubt: Annotated[
        bool,
        typer.Option("--doubt", help="Then empty each check in turn: would anybody notice?"),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="At the scale that learners are judged on.")
    ] = False,
    scale: Annotated[
        str | None, typer.Option(help="Size of the data; without it, the smallest.")
    ] = None,
    towns: Annotated[int, typer.Option(help="Hidden data of so many towns.", min=1)] = 3,
    runs: Annotated[int, typer.Option(help="Runs that must say the same.", min=1)] = RUNS,
    jobs: Annotated[int, typer.Option(help="Works judged at the same time.", min=1)] = 2,
    shell: Annotated[str, typer.Option(help=f"Rooms of: {', '.join(SHELLS)}.")] = "auto",
    home: Annotated[
        Path | None, typer.Option(help="Where data, runtimes and results are kept.")
    ] = None,
) -> None:
    own = home_of(home).absolute()
    good = True
    for folder in folders_of(quest):
        with blamed():
            found = sound_quest(folder)
            asked = Asked(
                home=own,
                scale=scale_named(
                    found, scale or (found.grading_scale if full else _least(found))
                ),
                shell=shell,
                towns=towns,
                runs=runs,
                jobs=jobs,
                only=tuple(only or ()),
                changed=changed,
            )
            good &= _proven(found, asked)
            good &= not doubt or _doubted(found, asked)
    raise typer.Exit(Code.DONE if good else Code.TO_MEND)


def _proven(quest: Quest, asked: Asked) -> bool:
    """Prove one quest aloud; whether there is a proof and it is good."""
    out, begin, count = console(), time.monotonic(), _Count()
    with (out if out.is_terminal else console(stderr=True)).status("") as status:

        def tell(progress: Progress) -> None:
            count.add(progress)
            work = progress.row.work
            status.update(f"{work.stage.slug} {progress.done}/{progress.of} {work.name}")

        proof = prove(quest, asked, say=lambda line: out.print(line, markup=False), tell=tell)
    keep_proof(proof, asked.home)
    _conclude(proof, count, time.monotonic() - begin)
    return not proof.problems and (count.all > 0 or asked.changed)


def _doubted(quest: Quest, asked: Asked) -> bool:
    """Empty the checks aloud, one after the other; whether each was noticed."""
    out, begin, all_noticed, count = console(), time.monotonic(), True, 0

    def wanted(check: str) -> bool:
        return not asked.only or any(fnmatch.fnmatchcase(check, word) for word in asked.only)

    with bench(quest, scale=asked.scale, home=asked.home, shell=asked.shell) as place:
        for found in (one for stage in quest.stages for one in doubt_stage(place, stage, wanted)):
            count += 1
            all_noticed &= bool(found.noticed)
            said = found.noticed[0] if found.noticed else "nobody notices that it does nothing"
            mark = "✓" if found.noticed else "!"
            out.print(f"{mark} {found.stage} {found.check}: {said}", markup=False)
    out.print(f"{quest.slug}: {count} checks emptied; {time.monotonic() - begin:.1f} s")
    return all_noticed and count > 0


def _least(quest: Quest) -> str:
    """The scale with the least data."""
    return min(quest.scales, key=lambda name: sum(quest.scales[name].values()))


class _Count:
    """How many trials there were, and how many of them were judged now."""

    def __init__(self) -> None:
        self.all = 0
        self.fresh = 0

    def add(self, progress: Progress) -> None:
        self.all += 1
        self.fresh += progress.fresh


def _conclude(proof: Proof, count: _Count, seconds: float) -> None:
    out = console()
    for line in proof.problems:
        out.print(f"! {line}", markup=False)
    judged = f"{count.fresh} of {count.all} results judged now, the others known"
    out.print(
        f"{proof.quest}: {proof.works} works before {proof.checks} checks at"
        f" {proof.manner.scale}, {judged}; {seconds:.1f} s",
        markup=False,
    )
    if proof.problems:
        out.print(f"{len(proof.problems)} to mend")
    elif not count.all:
        out.print("nothing was judged: no work fits what was asked for")
    else:
        whole = proof.manner.whole
        out.print("every work does what it must" if whole else "so far every work does")
