"""Run the open checks on your work, in a room on this machine.

The names, words and points are those of the site. Hidden checks are not here: the site runs them
when you hand in. Ends with 0 when nothing is to mend, 1 when something is.
"""

from contextlib import ExitStack
from typing import Annotated

import typer

from graders.basis import judge_digest
from simulator.cli.learning import accounts, project, rooms
from simulator.cli.learning.handing import pack
from simulator.cli.learning.project import Project
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, Voice, ending, speaking
from simulator.cli.learning.telling import open_checks, tell_check
from simulator.wire import CheckOut


def command(
    checks: Annotated[
        list[str] | None, typer.Argument(help="Some checks by name; without any, all.")
    ] = None,
    *,
    stage: Annotated[str, typer.Option(help="Another stage than the one you are at.")] = "",
    on_site: Annotated[
        bool, typer.Option("--site", help="In a room of the site: no room is needed here.")
    ] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        slug = stage or here.facts.stage
        run = _on_site if on_site else _at_home
        found = run(here, slug, checks or [], voice)
        left = open_checks(found)
        counted = {"passed": 0, "skipped": 0} | _count(found)
        voice.say()
        voice.words(
            "counted",
            failed=len(left),
            passed=counted["passed"],
            skipped=counted["skipped"],
        )
        voice.words("hidden_later")
        voice.give({"stage": slug, "checks": [check.model_dump(mode="json") for check in found]})
        raise ending(good=not left)


def _at_home(here: Project, slug: str, names: list[str], voice: Voice) -> list[CheckOut]:
    """The results of a room on this machine, told as they are known. Raises Trouble."""
    quest, stage = rooms.stage_at_home(here, slug)
    checks = rooms.chosen(quest, stage, names)
    if here.facts.judge != judge_digest():
        voice.aside("another_judge")
    found: list[CheckOut] = []
    elsewhere: list[str] = []
    with ExitStack() as stack:
        with voice.busy("room"):
            sandbox = stack.enter_context(rooms.room_of(quest, stage))
        for check in rooms.results(
            here, quest, stage, checks, sandbox=sandbox, language=voice.language
        ):
            if rooms.waits_for_the_site(check):
                elsewhere.append(check.id)
                continue
            found.append(check)
            tell_check(voice, check, lessons=here.lessons)
    if elsewhere:
        voice.say()
        voice.words("not_run_here", checks=", ".join(elsewhere))
    return found


def _on_site(here: Project, slug: str, names: list[str], voice: Voice) -> list[CheckOut]:
    """The results of a room of the site, for the files of this folder. Raises Trouble."""
    path = f"/api/quests/{here.facts.quest}/stages/{slug}/try-out"
    with Site(accounts.current(here.facts.site)) as site, voice.busy("running"):
        found = site.try_out(path, pack(here.files()))
    shown = [check for check in found if not names or check.id in names]
    for check in shown:
        tell_check(voice, check, lessons=here.lessons)
    return shown


def _count(found: list[CheckOut]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for check in found:
        counted[check.status] = counted.get(check.status, 0) + 1
    return counted
