"""The dry run, a step at a time: each step tries one attempt, then sends for the next.

So a regrade takes one worker at most, whatever its size, and a step that finds learners waiting
lets them go first. What a step lost is picked up again when its lease runs out.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from graders.datasets import DatasetError
from graders.faults import QuestError
from graders.intake import NotGradable
from graders.results import Blame, Verdict
from sandbox.interface import Sandbox, SandboxError
from simulator.attempts import events
from simulator.attempts.delivering import Judge, Work, files_of
from simulator.attempts.models import Grading
from simulator.attempts.shown import shown_to
from simulator.catalog import quests
from simulator.celery import app
from simulator.regrading.models import Regrade, Trial
from simulator.regrading.rescoring import rescore

STEP: Final = "regrading.step"
LEASE: Final = timedelta(minutes=20)
SILENCE: Final = timedelta(minutes=1)
MOST_TRIES: Final = 3
WAIT_SECONDS: Final = 1.0  # when learners wait
RESCORED_A_STEP: Final = 200

logger = logging.getLogger(__name__)


class Fell(Exception):
    """The trial could not be judged; the message says why."""


def send(regrade_id: int, *, wait: float = 0.0) -> None:
    """Send for the next step, once the current transaction holds."""
    transaction.on_commit(partial(_send, regrade_id, wait=wait))


def step(regrade_id: int, *, judge: Judge, sandbox: Sandbox) -> None:
    """Try the next attempt. Safe to run twice: a claim is a conditional update."""
    regrade = Regrade.objects.filter(pk=regrade_id, state=Regrade.State.TRYING).first()
    if regrade is None:
        return
    Regrade.objects.filter(pk=regrade_id).update(stepped_at=timezone.now())
    rescored = _rescore_some(regrade)
    if not rescored:
        if _learners_wait():
            send(regrade_id, wait=WAIT_SECONDS)
            return
        trial = _claim(regrade)
        if trial is None:
            _end(regrade)
            return
        _try(trial, regrade, judge=judge, sandbox=sandbox)
    send(regrade_id)


def send_forgotten() -> int:
    """Send for regrades whose next step got lost."""
    now = timezone.now()
    lost = 0
    silent = Regrade.objects.filter(state=Regrade.State.TRYING, stepped_at__lt=now - SILENCE)
    for regrade in silent:
        running = regrade.trials.filter(state=Trial.State.RUNNING, lease_until__gt=now)
        if not running.exists():
            send(regrade.pk)
            lost += 1
    return lost


def _send(regrade_id: int, *, wait: float) -> None:
    try:
        app.send_task(STEP, args=[regrade_id], queue="batch", countdown=wait or None, retry=False)
    except OperationalError as error:
        logger.warning("the next step of regrade %s is not sent: %s", regrade_id, error)


def _rescore_some(regrade: Regrade) -> int:
    """Re-score a batch from kept results: no room is needed."""
    waiting = regrade.trials.filter(method=Trial.Method.RESCORE, state=Trial.State.WAITING)
    trials = [*waiting.select_related("before__verdict")[:RESCORED_A_STEP]]
    quest = quests.kept(regrade.quest, digest=regrade.digest)
    for trial in trials:
        judged = events.read_verdict(trial.before.verdict.body)
        trial.body = events.write(rescore(judged, quest, quest.stage(regrade.stage)))
        trial.state = Trial.State.DONE
    Trial.objects.bulk_update(trials, ["body", "state"])
    return len(trials)


def _learners_wait() -> bool:
    """Whether a learner's own attempt waits for a worker."""
    return Grading.objects.filter(
        Q(not_before=None) | Q(not_before__lte=timezone.now()),
        state=Grading.State.QUEUED,
        lane=Grading.Lane.INTERACTIVE,
    ).exists()


def _claim(regrade: Regrade) -> Trial | None:
    now = timezone.now()
    free = Q(state=Trial.State.WAITING) | Q(state=Trial.State.RUNNING, lease_until__lte=now)
    for trial in regrade.trials.filter(free).select_related("attempt__enrolment", "before")[:8]:
        won = Trial.objects.filter(free, pk=trial.pk, tries=trial.tries).update(
            state=Trial.State.RUNNING, tries=F("tries") + 1, lease_until=now + LEASE
        )
        if won:
            trial.tries += 1
            return trial
    return None


def _try(trial: Trial, regrade: Regrade, *, judge: Judge, sandbox: Sandbox) -> None:
    try:
        verdict = _verdict(_work(trial, regrade), judge, sandbox)
    except (Fell, NotGradable, QuestError, DatasetError, quests.NoSuchQuest) as error:
        _note(trial, state=Trial.State.FAILED, failure=str(error)[:400])
    except SandboxError as error:
        logger.warning("no room for trial %s: %s", trial.pk, error)
        again = trial.tries < MOST_TRIES
        state = Trial.State.WAITING if again else Trial.State.FAILED
        _note(trial, state=state, failure="" if again else str(error)[:400])
    else:
        _note(trial, state=Trial.State.DONE, body=events.write(verdict))


def _work(trial: Trial, regrade: Regrade) -> Work:
    quest = quests.kept(regrade.quest, digest=regrade.digest)
    return Work(
        quest=quest,
        stage=quest.stage(regrade.stage),
        scale=settings.SIM_SCALE or trial.before.scale,
        files=files_of(trial.attempt),
        seed=int(quest.digest[:7], 16),
        parsed=True,  # it was graded before
        shown=shown_to(trial.attempt, version=quest.version),
    )


def _verdict(work: Work, judge: Judge, sandbox: Sandbox) -> Verdict:
    found: Iterator[Verdict] = (
        event for event in judge(work, sandbox) if isinstance(event, Verdict)
    )
    verdict = next(found, None)
    if verdict is None:
        raise Fell("the judge came to no verdict")
    if verdict.blame is Blame.PLATFORM_ERROR:
        raise Fell("our machines failed")
    return verdict


def _note(trial: Trial, **facts: object) -> None:
    Trial.objects.filter(pk=trial.pk, tries=trial.tries).update(lease_until=None, **facts)


def _end(regrade: Regrade) -> None:
    """Every attempt is tried: the difference can be read."""
    if not regrade.trials.exclude(state__in=[Trial.State.DONE, Trial.State.FAILED]).exists():
        Regrade.objects.filter(pk=regrade.pk, state=Regrade.State.TRYING).update(
            state=Regrade.State.READY
        )
