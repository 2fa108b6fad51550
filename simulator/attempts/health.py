"""Can an attempt be graded now? Each part answers for itself, in a sentence."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from simulator.attempts import announcing, runner_state
from simulator.attempts.models import Grading
from simulator.attempts.runner_state import RunnerState

WORKERS: Final = "sim:workers"
RECONCILER: Final = "sim:reconciler"
BEAT_SECONDS: Final = 5.0
GONE_AFTER_SECONDS: Final = {WORKERS: 20.0, RECONCILER: 60.0}
FINE: Final = "ok"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What waits and what runs."""

    waiting: int
    running: int
    oldest: datetime | None  # when the first that waits was handed in


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part, and what to do when it is not fine."""

    name: str
    said: str
    remedy: str

    @property
    def fine(self) -> bool:
        return self.said == FINE


@dataclass(frozen=True, kw_only=True)
class Health:
    """Everything that the health page shows."""

    parts: tuple[Part, ...]
    runner: RunnerState
    queue: Queue | None  # None when the database does not answer

    @property
    def able(self) -> bool:
        """Whether an attempt could be graded now."""
        return all(part.fine for part in self.parts)


def look() -> Health:
    """Ask every part."""
    runner = runner_state.read()
    said = {
        "database": _database(),
        "redis": _redis(),
        "worker": _worker(),
        "runner": _runner(runner),
    }
    remedies = dict(_remedies(runner))
    return Health(
        parts=tuple(
            Part(name=name, said=text, remedy="" if text == FINE else remedies[name])
            for name, text in said.items()
        ),
        runner=runner,
        queue=_queue() if said["database"] == FINE else None,
    )


def check() -> dict[str, str]:
    """What each part answers: "ok", or what is the matter."""
    return {part.name: part.said for part in look().parts}


def _remedies(runner: RunnerState) -> Iterator[tuple[str, str]]:
    yield "database", _("Check that the database runs and that DATABASE_URL names it.")
    yield "redis", _("Start Redis, or check REDIS_URL; `make run` starts one of its own.")
    yield (
        "worker",
        _("Start a worker; `make run` starts one. Its log says why the last one ended."),
    )
    if not runner.answers:
        yield (
            "runner",
            _(
                "Start `python -m sandbox.runner` on this host; `make run` starts it. Its log "
                "says why the last one ended."
            ),
        )
    else:
        yield (
            "runner",
            _(
                "No room is opened until the self-test finds every wall in its place; it looks "
                "again every 10 seconds. `docs/sandbox.md` says what each finding means."
            ),
        )


def _queue() -> Queue:
    waiting = Q(state=Grading.State.QUEUED)
    found = Grading.objects.aggregate(
        waiting=Count("pk", filter=waiting),
        running=Count("pk", filter=Q(state=Grading.State.RUNNING)),
        oldest=Min("created_at", filter=waiting),
    )
    return Queue(waiting=found["waiting"], running=found["running"], oldest=found["oldest"])


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"does not answer: {type(error).__name__}"
    return FINE


def _redis() -> str:
    try:
        announcing.connection(settings.SIM_REDIS_URL).ping()
    except redis.RedisError as error:
        return f"does not answer: {type(error).__name__}"
    return FINE


def _worker() -> str:
    return _heard_of(WORKERS)


def _heard_of(who: str) -> str:
    try:
        alive = announcing.connection(settings.SIM_REDIS_URL).exists(who)
    except redis.RedisError:
        return "unknown, because Redis does not answer"
    return FINE if alive else f"none was heard of for {GONE_AFTER_SECONDS[who]:.0f} s"


def _runner(state: RunnerState) -> str:
    if not state.answers:
        return state.why
    return FINE if state.ok else f"opens no rooms: {state.why}"


def beat(who: str = WORKERS) -> None:
    """Tell Redis that one of these lives."""
    try:
        announcing.connection(settings.SIM_REDIS_URL).set(
            who, "alive", px=int(GONE_AFTER_SECONDS[who] * 1000)
        )
    except redis.RedisError as error:
        logger.warning("Redis does not hear that %s live: %s", who, error)


def reconciler() -> str:
    """Whether the reconciler was heard of lately."""
    return _heard_of(RECONCILER)
