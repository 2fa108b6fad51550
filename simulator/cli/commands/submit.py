"""Hand in your work for a stage: once, whatever the connection does.

The same command goes on where a lost connection stopped it. What was handed in is committed.
With `--watch` results come as they are known. Ends with 0 when the stage is passed, 1 when it
stays open, 3 when the work was refused and no attempt is used up, 5 when the site is away.
"""

from typing import Annotated

import typer

from simulator.cli.learning import accounts, project
from simulator.cli.learning.handing import hand_in, report_of, watch
from simulator.cli.learning.history import Git
from simulator.cli.learning.project import Project, Sent
from simulator.cli.learning.pulling import furnish
from simulator.cli.learning.site import Site
from simulator.cli.learning.speaking import AsJson, Plain, Voice, ending, speaking
from simulator.cli.learning.telling import tell_report
from simulator.wire import AttemptOut, QuestOut, ReportOut


def command(
    *,
    stage: Annotated[str, typer.Option(help="Another stage than the one you are at.")] = "",
    watching: Annotated[
        bool, typer.Option("--watch", help="Show the results as they are known.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also when the work is the same as last time.")
    ] = False,
    as_json: AsJson = False,
    plain: Plain = False,
) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        here = project.find()
        with Site(accounts.current(here.facts.site)) as site:
            slug = stage or here.facts.stage
            sent, known = hand_in(site, here, slug, again=again)
            _say_what_happened(voice, here, sent, known=known)
            if not known:
                here = _committed(here, sent)
            if not (watching or sent.ended):
                attempt = site.get(f"/api/attempts/{sent.attempt}", AttemptOut)
                voice.words("report_at", url=site.url(f"/attempts/{sent.attempt}/"))
                voice.give(attempt)
                return
            report = _watched(site, here, sent, voice)
        raise ending(good=report.passed)


def _say_what_happened(voice: Voice, here: Project, sent: Sent, *, known: bool) -> None:
    if known and sent.ended:
        voice.aside("same_work", number=sent.number)
        return
    voice.words("handed_in", quest=here.facts.quest, stage=sent.stage, number=sent.number)
    if known:
        voice.aside("goes_on")


def _committed(here: Project, sent: Sent) -> Project:
    """The project once the history knows the attempt."""
    git = Git(here.root)
    if not git.there:
        return here
    git.keep(f"Attempt {sent.number} at {sent.stage}")
    return here.remember(attempts=sent.number)


def _watched(site: Site, here: Project, sent: Sent, voice: Voice) -> ReportOut:
    if sent.ended:
        report = report_of(site, sent.attempt)
    else:
        try:
            report = watch(site, sent.attempt, voice=voice)
        except KeyboardInterrupt:
            voice.aside("close_and_come_back")
            raise
        here.remember_sent(sent.model_copy(update={"ended": True}))
    voice.say()
    page = site.url(f"/attempts/{sent.attempt}/")
    tell_report(voice, report, page=page, lessons=here.lessons)
    voice.give(report)
    if report.passed:
        _go_on(site, here, voice)
    return report


def _go_on(site: Site, here: Project, voice: Voice) -> None:
    """Stand at the stage that is open now, with its brief."""
    quests = site.several("/api/quests", QuestOut)
    stages = next((quest.stages for quest in quests if quest.slug == here.facts.quest), [])
    following = next((stage.slug for stage in stages if stage.state == "here"), None)
    if following and following != here.facts.stage:
        furnish(here.remember(stage=following), voice.language)
        voice.words("next_stage", stage=following)
