"""Show a hint for the stage: the mildest first, the next ones by number."""

from typing import Annotated

import typer

from simulator.cli.learning import accounts, project
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, speaking
from simulator.cli.learning.trouble import Trouble
from simulator.cli.learning.words import said
from simulator.cli.printing import Code
from simulator.wire import HintOut


def command(
    number: Annotated[int, typer.Argument(help="Which one, from 1.", min=1)] = 1,
    *,
    stage: Annotated[str, typer.Option(help="Another stage than the one you are at.")] = "",
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        slug = stage or here.facts.stage
        path = f"/api/quests/{here.facts.quest}/stages/{slug}/hints"
        with Site(accounts.current(here.facts.site)) as site:
            hints = site.several(path, HintOut)
        if number > max(1, len(hints)):
            raise Trouble(
                f"{slug} has {len(hints)} hints, there is none numbered {number}.",
                code=Code.USAGE,
                remedy=f"The last is: sim hint {len(hints)}",
            )
        if not hints:
            raise Trouble(said("no_hints", voice.language), code=Code.USAGE, name="no_hints")
        hint = hints[number - 1]
        voice.say(hint.title, "bold")
        voice.say(hint.text)
        voice.say()
        name = "next_hint" if number < len(hints) else "last_hint"
        voice.words(name, number=number, all=len(hints), next=number + 1)
        voice.give(hint)
