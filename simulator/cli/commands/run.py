"""Judge one work at its stages and show what the learner would read.

A work is `reference`, `starter`, a name like `mistakes/rule_earns`, or any folder with a project.

Leaves with 0 when the work does what it must (the reference passes with merit, a mistake is
stopped by its check …; a folder may do as it likes), 1 when it does not.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from graders.quest import Language, Quest, Stage
from graders.results import Event
from graders.works import ABOUT, find_work, overlay
from graders.workshop.matrix import Row, problems
from graders.workshop.printing import event_lines, focus_lines
from graders.workshop.proving import sound_quest
from graders.workshop.reporting import report_of
from graders.workshop.workbench import SHELLS, Bench, bench, home_of
from simulator.cli.authoring import Tongue, blamed, folder_of, scale_named, stage_named
from simulator.cli.printing import Code, console


def command(  # noqa: PLR0913 - one parameter an option
    quest: Annotated[Path, typer.Argument(help="The quest's folder.")],
    work: Annotated[str, typer.Argument(help="A work of the quest, or a folder.")] = "reference",
    *,
    stage: Annotated[str | None, typer.Option(help="One stage; without it, all.")] = None,
    language: Annotated[Tongue, typer.Option(help="The language of the messages.")] = Tongue.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result documents.")] = False,
    scale: Annotated[
        str | None, typer.Option(help="Size of the data; without it, as learners are judged.")
    ] = None,
    shell: Annotated[str, typer.Option(help=f"Rooms of: {', '.join(SHELLS)}.")] = "auto",
    home: Annotated[Path | None, typer.Option(help="Where data and runtimes are kept.")] = None,
) -> None:
    with blamed():
        found = sound_quest(folder_of(quest))
        name = scale_named(found, scale or found.grading_scale)
        stages = _stages(found, work, stage)
        with bench(found, scale=name, home=home_of(home).absolute(), shell=shell) as place:
            show = _Showing(console(), language.language, as_json=as_json)
            rows = [show.judged(place, one, work) for one in stages]
    show.done()
    raise typer.Exit(Code.TO_MEND if problems(rows) else Code.DONE)


def _stages(quest: Quest, work: str, stage: str | None) -> list[Stage]:
    """The stages to judge a work at: a mistake or cheat has one of its own."""
    own = quest.folder / work
    if (own / ABOUT).is_file():
        return [overlay(quest, own).stage]
    return [stage_named(quest, stage)] if stage else list(quest.stages)


class _Showing:
    """Prints gradings as they happen, or collects their documents."""

    def __init__(self, out: Console, language: Language, *, as_json: bool) -> None:
        self._out, self._language, self._as_json = out, language, as_json
        self._documents: list[object] = []

    def judged(self, place: Bench, stage: Stage, name: str) -> Row:
        """Judge a work at a stage, aloud."""
        work = find_work(place.quest, stage, name)

        def tell(event: Event) -> None:
            self._say(event_lines(place.quest, stage, event, self._language))

        self._say([f"{place.quest.slug} / {stage.slug} / {work.name}"])
        row = place.grade(work, tell=tell, language=self._language)
        if row.verdict is None:
            self._documents.append({"stage": stage.slug, "work": name, "refused": row.refused})
            self._say([f"  {row.refused}"])
            return row
        report = report_of(place.quest, stage, work.name, row.verdict, self._language)
        self._documents.append(report)
        self._say(focus_lines(place.quest, stage, row.verdict, self._language))
        self._say([f"! {line}" for line in problems([row])])
        return row

    def done(self) -> None:
        """Print what was collected."""
        if self._as_json:
            many = self._documents
            shown = many[0] if len(many) == 1 else many
            self._out.print(json.dumps(shown, indent=1, ensure_ascii=False), markup=False)

    def _say(self, lines: Iterable[str]) -> None:
        for line in () if self._as_json else lines:
            self._out.print(line, markup=False)
