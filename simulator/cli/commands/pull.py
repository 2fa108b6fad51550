"""Bring a quest into a folder, or bring the folder up to date.

The folder is a Git repository: every attempt is a commit, on the web or from here. Beside your
work stand the brief (`BRIEF.md`), the open checks, lessons, `simkit` and the public tables.
None of these is handed in.
"""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.learning import accounts, project
from simulator.cli.learning.pulling import pull
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, speaking


def command(
    quest: Annotated[
        str, typer.Argument(help="The quest's name; without it, that of this folder.")
    ] = "",
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; without it, a folder named as the quest.")
    ] = None,
    *,
    data: Annotated[bool, typer.Option(help="Bring the public tables, too.")] = True,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = None if quest else project.find()
        slug = quest if here is None else here.facts.quest
        place = (folder or (here.root if here else Path(slug))).absolute()
        account = accounts.current(here.facts.site if here else "")
        with Site(account) as site:
            pulled = pull(site, slug, place, voice=voice, data=data)
        slugs = [stage.slug for stage in pulled.quest.stages]
        facts = pulled.project.facts
        voice.words(
            "pulled",
            quest=facts.quest,
            version=facts.version,
            folder=place,
            number=slugs.index(facts.stage) + 1,
            all=len(slugs),
            stage=facts.stage,
        )
        voice.words("what_next", folder=place.name)
        if not pulled.has_git:
            voice.aside("no_git")
        voice.give(facts.model_dump(mode="json") | {"folder": str(place)})
