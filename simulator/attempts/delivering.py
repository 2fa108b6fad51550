"""Carry out a claim: let the judge judge, store what it says, end the grading one way."""

import errno
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import DatabaseError

from graders.datasets import DatasetError
from graders.faults import QuestError
from graders.intake import NotGradable
from graders.quest import Quest, Stage
from graders.results import Blame, CheckResult, Event, PhaseStarted, Verdict
from sandbox.interface import Sandbox, SandboxError
from simulator.attempts import claiming, runner_state
from simulator.attempts.announcing import announce
from simulator.attempts.beating import Heart
from simulator.attempts.claiming import BEAT_SECONDS, Claim
from simulator.attempts.models import Attempt, Grading, Snapshot
from simulator.attempts.recording import Lost, record
from simulator.attempts.rooms import ClosableSandbox
from simulator.attempts.shown import shown_to
from simulator.attempts.steadfast import steadfast
from simulator.catalog import quests

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the judge is given."""

    quest: Quest
    stage: Stage
    scale: str
    files: dict[str, bytes]
    seed: int
    parsed: bool  # a room has parsed the files when they were handed in
    shown: dict[str, float]  # of hidden metrics, by check, before this attempt


Judge = Callable[[Work, Sandbox], Iterator[Event]]
"""Yields phases and results as they are known, the verdict last."""


def deliver(
    claim: Claim, *, judge: Judge, sandbox: Sandbox, beat_seconds: float = BEAT_SECONDS
) -> bool:
    """Grade under a claim; True when the verdict is stored.

    Whatever happens, the grading ends, is queued again, or was taken away by someone else.
    """
    announce(claim.grading_id)  # the page's clock changes from queued to starting
    rooms = ClosableSandbox(sandbox)
    try:
        with Heart(claim, on_lost=rooms.close, every=beat_seconds):
            verdict = _judge(claim, judge=judge, sandbox=rooms)
    except Exception as error:  # noqa: BLE001, every kind of it ends the grading one way
        return _end_without_verdict(claim, error)
    except BaseException:
        claiming.hand_over(claim)  # this worker is told to stop
        raise
    if verdict.blame is Blame.PLATFORM_ERROR:
        steadfast(claiming.give_back)(claim, trouble="checks could not be judged")
        return False
    stored = steadfast(claiming.finish)(claim, verdict)
    logger.info("verdict %s", "stored" if stored else "discarded: the claim was lost")
    return stored


def load(claim: Claim) -> Work:
    """What is to be judged under a claim, in the versions pinned when it was queued."""
    grading = Grading.objects.select_related("attempt__enrolment").get(pk=claim.grading_id)
    attempt = grading.attempt
    quest = quests.kept(attempt.enrolment.quest, digest=grading.quest_digest)
    return Work(
        quest=quest,
        stage=quest.stage(attempt.stage),
        scale=grading.scale,
        files=files_of(attempt),
        parsed=_is_parsed(attempt),
        shown=shown_to(attempt, version=grading.quest_version),
        # The same for every attempt: nobody gets another seed by handing in again.
        seed=int(quest.digest[:7], 16),
    )


def files_of(attempt: Attempt) -> dict[str, bytes]:
    """The files of an attempt, as they were handed in."""
    manifest: dict[str, str] = attempt.manifest
    contents = {
        digest: bytes(content)
        for digest, content in Snapshot.objects.filter(
            digest__in=set(manifest.values())
        ).values_list("digest", "content")
    }
    return {path: contents[digest] for path, digest in manifest.items()}


def _is_parsed(attempt: Attempt) -> bool:
    python = {digest for path, digest in attempt.manifest.items() if path.endswith(".py")}
    return not Snapshot.objects.filter(digest__in=python, parsed=False).exists()


def _end_without_verdict(claim: Claim, error: Exception) -> Literal[False]:
    match error:
        case Lost():
            logger.warning("the claim is lost, what it found is thrown away")
        case NotGradable(problem=problem):
            steadfast(claiming.refuse)(claim, problem)
        case QuestError() | DatasetError():
            # Trying again would end the same way: the author is told, a person will look.
            logger.error("the quest is not well formed", exc_info=error)
            steadfast(claiming.give_up)(claim, trouble="the quest is not well formed")
        case SandboxError():
            logger.warning("the sandbox fell down: %s", error)
            _sandbox_fell(claim, str(error))
        case DatabaseError() | OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EIO):
            # What everything stands on is away: no other grading would have fared better.
            logger.error("database or disk is away", exc_info=error)
            steadfast(claiming.lose)(claim.held(), trouble=type(error).__name__)
        case _:
            # Ours until proven otherwise: nobody is charged, the log says what happened.
            logger.error("the grading fell down", exc_info=error)
            steadfast(claiming.give_back)(claim, trouble=type(error).__name__)
    return False


def _sandbox_fell(claim: Claim, why: str) -> None:
    """A room that fell by itself counts as a try; one that fell with its runner as a loss."""
    if runner_state.opens_rooms():
        steadfast(claiming.give_back)(claim, trouble=f"a room fell down: {why}")
    else:
        steadfast(claiming.lose)(claim.held(), trouble=f"the runner fell down: {why}"[:200])


def _judge(claim: Claim, *, judge: Judge, sandbox: Sandbox) -> Verdict:
    for position, event in enumerate(judge(steadfast(load)(claim), sandbox)):
        match event:
            case PhaseStarted() | CheckResult():
                steadfast(record)(claim, event, position=position)
            case Verdict():
                return event
    raise RuntimeError("the judge came to no verdict")
