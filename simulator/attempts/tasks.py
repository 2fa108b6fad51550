"""What the workers do: a task is a door, and only numbers cross it."""

import logging
from collections.abc import Iterator
from pathlib import Path

from celery import signals
from django.conf import settings

from graders.datasets import prepare
from graders.faults import QuestError
from graders.grading import grade as grade_files
from graders.grading import grade_parsed
from graders.loading import load_checks
from graders.results import Event
from sandbox.client import RunnerSandbox
from sandbox.interface import Sandbox
from simulator.attempts import charting, drawing, events, health, ringing
from simulator.attempts.claiming import claim_next
from simulator.attempts.delivering import Work, deliver
from simulator.attempts.models import Verdict
from simulator.catalog import quests
from simulator.celery import app

logger = logging.getLogger(__name__)


@app.task(name=ringing.GRADE)
def grade(grading_id: int) -> None:
    """Someone rang: grade whose turn it is. Safe to receive twice, because a claim is."""
    claim = claim_next(grading_id)
    if claim is not None and deliver(
        claim, judge=judge, sandbox=RunnerSandbox(Path(settings.SIM_RUNNER_SOCKET))
    ):
        draw(claim.grading_id)


@app.task(name=charting.DRAW)
def draw(grading_id: int) -> None:
    """Draw what a report shows of a rollout; what is drawn already is not drawn again."""
    body = Verdict.objects.filter(pk=grading_id).values_list("body", flat=True).first()
    if body is None:
        return
    for result in events.read_verdict(body).results:
        if result.readout is not None:
            drawing.draw(result.readout)


def judge(work: Work, sandbox: Sandbox) -> Iterator[Event]:
    """The judge of the site: the quest's checks, on this installation's data."""
    datasets = prepare(
        work.quest, scale=work.scale, secret=settings.SIM_SECRET, home=settings.SIM_HOME
    )
    graded = grade_parsed if work.parsed else grade_files
    yield from graded(
        work.quest,
        work.stage,
        work.files,
        sandbox=sandbox,
        datasets=datasets,
        seed=work.seed,
        shown=work.shown,
    )


@signals.worker_init.connect
def read_the_quests(**_: object) -> None:
    """Read quests and checks before the pool forks: no learner waits for that."""
    for quest in quests.all_quests():
        quests.keep(quest)
        copy = quests.kept(quest.slug, digest=quest.digest)
        for stage in copy.stages:
            try:
                load_checks(copy, stage)
            except QuestError:
                logger.exception("%s/%s cannot be graded", quest.slug, stage.slug)


@signals.worker_ready.connect
def say_that_it_lives(**_: object) -> None:
    """A worker is up: from now on the health page hears of it."""
    health.beat_forever()
