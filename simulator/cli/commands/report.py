"""Show the report of an attempt: the last one, or one by its number.

An attempt that is still graded is watched until its verdict. Ends as `sim submit` does.
"""

import webbrowser
from typing import Annotated

import typer

from simulator.cli.learning import accounts, project
from simulator.cli.learning.attempts import attempt_numbered
from simulator.cli.learning.handing import report_of, watch
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, ending, speaking
from simulator.cli.learning.telling import tell_report


def command(
    number: Annotated[
        int | None, typer.Argument(help="The attempt's number; without it, the last.")
    ] = None,
    *,
    in_browser: Annotated[
        bool, typer.Option("--open", help="Open the page of the report, too.")
    ] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        with Site(accounts.current(here.facts.site)) as site:
            attempt = attempt_numbered(site, here.facts.quest, number)
            page = site.url(f"/attempts/{attempt.id}/")
            if attempt.state == "done":
                report = report_of(site, str(attempt.id))
            else:
                report = watch(site, str(attempt.id), voice=voice)
        tell_report(voice, report, page=page, lessons=here.lessons)
        voice.give(report)
        if in_browser:
            webbrowser.open(page)
        raise ending(good=report.passed)
